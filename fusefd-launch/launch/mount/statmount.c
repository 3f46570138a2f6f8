/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/statmount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/stat.h and linux/mount.h, which are newer than those of Debian
 * 12. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#ifndef STATMOUNT_SB_BASIC
#define STATMOUNT_SB_BASIC  0x1U
#define STATMOUNT_MNT_BASIC 0x2U
#define STATMOUNT_MNT_POINT 0x10U
#endif

/* struct mnt_id_req, as first released. */
struct request {
	__u32 size;
	__u32 spare;
	__u64 unique;
	__u64 param; /* statmount: a mask; listmount: the last id so far */
};

/* The beginning of struct statmount, and its strings. */
struct reply {
	__u32 size, options;
	__u64 mask;
	__u32 device_major, device_minor;
	__u64 magic;
	__u32 superblock_flags, type;
	__u64 unique, parent;
	__u32 old_id, old_parent;
	__u64 attributes, propagation, peer_group, master, propagate_from;
	__u32 root, mountpoint; /* where in the strings */
	__u64 spare[50];
	char strings[PATH_MAX + 1];
};
_Static_assert(offsetof(struct reply, strings) == 512, "as linux/mount.h");

uint64_t statmount_unique_id(int fd)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_MNT_ID_UNIQUE, &status) ||
	    !(status.stx_mask & STATX_MNT_ID_UNIQUE))
		return 0;
	return status.stx_mnt_id;
}

static int ask(uint64_t unique, uint64_t mask, void *reply, size_t size)
{
	const struct request request = {
		.size = sizeof(request),
		.unique = unique,
		.param = mask,
	};

	if (!unique)
		return ENOSYS;
	return syscall(SYS_statmount, &request, reply, size, 0) ? errno : 0;
}

int statmount_ask(uint64_t unique, struct statmount_answer *answer)
{
	static const uint64_t mask =
		STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC | STATMOUNT_MNT_POINT;
	struct reply reply;
	const int error = ask(unique, mask, &reply, sizeof(reply));

	if (error)
		return error;
	if ((reply.mask & mask) != mask ||
	    reply.mountpoint >= sizeof(reply.strings))
		return EPROTO;
	answer->parent = reply.parent;
	answer->device_major = reply.device_major;
	answer->device_minor = reply.device_minor;
	answer->magic = reply.magic;
	reply.strings[PATH_MAX] = '\0';
	strncpy(answer->mountpoint, reply.strings + reply.mountpoint,
		PATH_MAX - 1);
	answer->mountpoint[PATH_MAX - 1] = '\0';
	return 0;
}

/* It is asked for nothing of the mount, but whether it is there. */
bool statmount_is_gone(uint64_t unique)
{
	struct reply reply;

	return unique && ask(unique, 0, &reply, sizeof(reply)) == ENOENT;
}

static int is_cover(uint64_t child, uint64_t unique, const char *mountpoint)
{
	struct statmount_answer answer;
	const int error = statmount_ask(child, &answer);

	if (error)
		return error == ENOENT ? 0 : error;
	return answer.parent == unique &&
			       strcmp(answer.mountpoint, mountpoint) == 0
		       ? EBUSY
		       : 0;
}

/* listmount(2) lists what lies below a mount, a number of them at a time. */
int statmount_find_cover(uint64_t unique)
{
	struct request request = {.size = sizeof(request), .unique = unique};
	struct statmount_answer answer;
	uint64_t children[64];
	long count;
	int error = statmount_ask(unique, &answer);

	if (error)
		return error;
	do {
		count = syscall(SYS_listmount, &request, children, 64, 0);
		if (count < 0)
			return errno;
		for (long i = 0; i < count && !error; i++)
			error = is_cover(children[i], unique,
					 answer.mountpoint);
		if (count)
			request.param = children[count - 1];
	} while (count == 64 && !error);
	return error;
}
