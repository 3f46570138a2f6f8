/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replies: one writev() to the device fd that the request came from. The
 * session itself reads that to FUSE_INIT, which says how large the requests
 * will be; and under an ACL that nobody else enforces, those of no_open.h.
 */
#include "reply.h"
#include "fuse_abi.h"
#include "handoff.h"
#include "no_open.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PROTOCOL_MAJOR	   7	/* the only one there has ever been */
#define MINOR_OF_MAX_WRITE 5	/* before it, replies had no such field … */
#define IMPLIED_MAX_WRITE  4096 /* … and the kernel took this, its least */

struct init_reply {
	struct fuse_out_header header;
	struct fuse_init_out init;
};

size_t fusefd_gather_reply(void *into, size_t size, const struct iovec *iov,
			   int count)
{
	size_t filled = 0;

	for (int i = 0; i < count && filled < size; i++) {
		size_t left = size - filled;
		size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

		if (part)
			memcpy((char *)into + filled, iov[i].iov_base, part);
		filled += part;
	}
	return filled;
}

static bool is_acceptance(const struct init_reply *reply, size_t length)
{
	return reply->header.error == 0 &&
	       length >= sizeof(reply->header) + FUSEFD_INIT_OUT_LEAST &&
	       reply->init.major == PROTOCOL_MAJOR;
}

/* The buffer that the kernel will ask for at each read, 0 where none can be
 * so large (the worker's mmap() then fails). */
static size_t buffer_for(const struct fuse_init_out *init)
{
	size_t max_write = init->max_write;
	size_t size;

	if (init->minor < MINOR_OF_MAX_WRITE || max_write < IMPLIED_MAX_WRITE)
		max_write = IMPLIED_MAX_WRITE;
	if (__builtin_add_overflow(max_write, FUSEFD_REQUEST_HEADROOM, &size))
		return 0;
	return size > FUSEFD_LEAST_BUFFER ? size : FUSEFD_LEAST_BUFFER;
}

/* What the filesystem accepts and the session cannot have.
 *
 * FUSE_ALLOW_IDMAP: the kernel would leave the uid out of most requests, and
 * every ACL but FUSEFD_ACL_ALL would refuse them all. FUSE_CACHE_SYMLINKS: it
 * would answer readlink(2) for everybody once somebody had asked. */
static void take_flags_away(const struct fusefd_handoff *handoff,
			    struct fuse_init_out *init)
{
	if (handoff->acl != FUSEFD_ACL_ALL)
		init->flags2 &= ~FUSEFD_ALLOW_IDMAP_2;
	if (handoff->refuses_alone)
		init->flags &= ~(uint32_t)FUSE_CACHE_SYMLINKS;
}

static void note_init_reply(struct fusefd_session *session,
			    const struct init_reply *reply, size_t length,
			    int error)
{
	if (error || !is_acceptance(reply, length)) {
		atomic_store(&session->init, FUSEFD_INIT_REFUSED);
		return;
	}
	atomic_store(&session->buffer_size, buffer_for(&reply->init));
	atomic_store(&session->init, FUSEFD_INIT_ACCEPTED);
}

/* A notification may come before FUSE_INIT is answered. */
FUSEFD_RARE
static int reply_before_init(struct fusefd_handoff *handoff, size_t index,
			     const struct iovec *iov, int count)
{
	struct fusefd_session *session = &handoff->session;
	struct init_reply reply = {0};
	struct iovec changed = {.iov_base = &reply};
	int error;

	changed.iov_len =
		fusefd_gather_reply(&reply, sizeof(reply), iov, count);
	if (atomic_load(&session->init) == FUSEFD_INIT_AWAITED ||
	    reply.header.unique != atomic_load(&session->init_unique))
		return fusefd_write_reply(handoff, index, iov, count);
	/* The kernel refuses a longer one; that is not ours to hide. */
	if (reply.header.len == changed.iov_len) {
		take_flags_away(handoff, &reply.init);
		error = fusefd_write_reply(handoff, index, &changed, 1);
	} else {
		error = fusefd_write_reply(handoff, index, iov, count);
	}
	note_init_reply(session, &reply, changed.iov_len, error);
	return error;
}

int fusefd_write_reply(const struct fusefd_handoff *handoff, size_t index,
		       const struct iovec *iov, int count)
{
	return writev(handoff->fds[index], iov, count) < 0 ? -errno : 0;
}

int fusefd_reply(struct fusefd_handoff *handoff, size_t index,
		 const struct iovec *iov, int count)
{
	if (!handoff || index >= handoff->count)
		return -EINVAL;
	if (atomic_load_explicit(&handoff->session.init,
				 memory_order_relaxed) != FUSEFD_INIT_ACCEPTED)
		return reply_before_init(handoff, index, iov, count);
	if (handoff->refuses_alone && atomic_load(&handoff->no_open.count))
		return fusefd_no_open_reply(handoff, index, iov, count);
	return fusefd_write_reply(handoff, index, iov, count);
}
