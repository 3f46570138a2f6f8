/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount_unique.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/stat.h, linux/mount.h and the kernel's table of system calls,
 * which are newer than the headers of Debian 12; the number is the same on all
 * architectures but alpha. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#ifndef STATMOUNT_MNT_BASIC
#define STATMOUNT_MNT_BASIC 0x2U
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#endif

/* struct mnt_id_req, as first released. */
struct request {
	__u32 size;
	__u32 spare;
	__u64 unique;
	__u64 mask;
};

uint64_t mount_unique_id(int fd)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_MNT_ID_UNIQUE, &status) ||
	    !(status.stx_mask & STATX_MNT_ID_UNIQUE))
		return 0;
	return status.stx_mnt_id;
}

/* The beginning of struct statmount (Linux 6.8), which the kernel writes as
 * much of as there is room for. */
struct answer {
	__u32 size, options;
	__u64 mask;
	__u32 device_major, device_minor;
	__u64 magic;
	__u32 superblock_flags, type;
	__u64 unique, parent_unique;
	__u32 id, parent;
};

static bool ask(uint64_t unique, uint64_t mask, struct answer *answer)
{
	const struct request request = {
		.size = sizeof(request),
		.unique = unique,
		.mask = mask,
	};

	return syscall(SYS_statmount, &request, answer, sizeof(*answer), 0) ==
	       0;
}

/* It is asked for nothing of the mount, but whether it is there. */
bool mount_unique_is_gone(uint64_t unique)
{
	struct answer answer;

	return unique && !ask(unique, 0, &answer) && errno == ENOENT;
}

uint64_t mount_unique_parent(uint64_t unique)
{
	struct answer answer;

	return unique && ask(unique, STATMOUNT_MNT_BASIC, &answer) &&
			       answer.mask & STATMOUNT_MNT_BASIC
		       ? answer.parent
		       : 0;
}
