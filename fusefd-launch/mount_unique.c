/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount_unique.h"

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

/* It is asked for nothing of the mount, but whether it is there. A newer kernel
 * writes as much of its struct statmount as there is room for. */
bool mount_unique_is_gone(uint64_t unique)
{
	const struct request request = {
		.size = sizeof(request),
		.unique = unique,
	};
	__u64 answer[64];

	return unique &&
	       syscall(SYS_statmount, &request, answer, sizeof(answer), 0) &&
	       errno == ENOENT;
}
