/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel knows two kinds of mount: the owner's, which nobody else can
 * enter, and allow_other, which everybody can. "The owner and root" is an
 * allow_other mount whose session refuses the rest.
 *
 * As the kernel does on an owner's mount, we guard the ways in, and not what
 * is already open: `sudo tool <file` hands an open file to another uid. That
 * the kernel goes on asking at these ways is no_open.c's part.
 */
#include "acl.h"
#include "fuse_abi.h"
#include <stdint.h>

static bool is_permitted(enum fusefd_acl acl, uid_t owner, uid_t uid)
{
	switch (acl) {
	case FUSEFD_ACL_ALL:
		return true;
	case FUSEFD_ACL_OWNER_AND_ROOT:
		return uid == owner || uid == 0;
	case FUSEFD_ACL_OWNER:
		return uid == owner;
	}
	return false;
}

/* Requests that the kernel sends on its own, with whatever uid is at hand
 * (FORGET and RELEASE come with 0, or with that of the process which made
 * the kernel reclaim memory), and requests on an open handle. */
static bool is_no_way_in(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_INIT:
	case FUSE_DESTROY:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
	case FUSE_NOTIFY_REPLY:
	case FUSE_READ:
	case FUSE_WRITE:
	case FUSE_READDIR:
	case FUSE_READDIRPLUS:
	case FUSE_FLUSH:
	case FUSE_FSYNC:
	case FUSE_FSYNCDIR:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FALLOCATE:
	case FUSE_LSEEK:
	case FUSE_COPY_FILE_RANGE:
	case FUSEFD_OP_COPY_FILE_RANGE_64:
	case FUSE_GETLK:
	case FUSE_SETLK:
	case FUSE_SETLKW:
	case FUSE_POLL:
		return true;
	default:
		return false;
	}
}

/* A reader of an open file makes the kernel refresh its size first, with the
 * reader's uid. */
static bool is_getattr_of_handle(const struct fuse_in_header *request,
				 size_t length)
{
	const struct fuse_getattr_in *in = (const void *)(request + 1);

	return request->opcode == FUSE_GETATTR &&
	       length >= sizeof(*request) + sizeof(*in) &&
	       (in->getattr_flags & FUSE_GETATTR_FH);
}

/* With the writeback cache a kernel thread, uid 0, sends the times of the
 * files that it wrote (fuse_flush_times()): these two, and nothing else. */
static bool is_flush_of_times(const struct fuse_in_header *request,
			      size_t length)
{
	const struct fuse_setattr_in *in = (const void *)(request + 1);
	const uint32_t times = FATTR_MTIME | FATTR_CTIME;

	return request->opcode == FUSE_SETATTR &&
	       length >= sizeof(*request) + sizeof(*in) &&
	       (in->valid & FATTR_FH) && !(in->valid & ~(times | FATTR_FH));
}

bool fusefd_acl_allows(enum fusefd_acl acl, uid_t owner,
		       const struct fuse_in_header *request, size_t length)
{
	return is_permitted(acl, owner, request->uid) ||
	       is_no_way_in(request->opcode) ||
	       is_getattr_of_handle(request, length) ||
	       is_flush_of_times(request, length);
}
