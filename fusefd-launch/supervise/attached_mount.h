/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mount from the attach on. The keeper attaches and unmounts it; whether it
 * is still there can be seen without the keeper, and without an fd of it, which
 * would keep it busy.
 */
#ifndef FUSEFD_LAUNCH_ATTACHED_MOUNT_H
#define FUSEFD_LAUNCH_ATTACHED_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "supervise/keeper_client.h"

struct attached_mount {
	const char *mountpoint;
	uint64_t id;	    /* as in mountinfo */
	uint64_t unique_id; /* 0 if the kernel has none */
	unsigned int connection;
	bool gone; /* for good */
};

/* The number of the connection of the mount that an fd is on, by which
 * /sys/fs/fuse/connections lists it; 0 if it cannot be had. Asks nothing of the
 * filesystem. */
unsigned int attached_mount_connection(int fd);

/* Have the keeper attach it. NULL, or the reason why it is not attached. */
const char *attached_mount_attach(struct attached_mount *mount,
				  struct keeper *keeper);

/* Has somebody unmounted it? One system call (Linux 6.8), or a look at all
 * mounts. */
bool attached_mount_is_gone(struct attached_mount *mount);

/* Does somebody still use it, although it is gone? That is so after a lazy
 * unmount. False if the kernel does not show it. */
bool attached_mount_is_used(const struct attached_mount *mount);

/* Have the keeper unmount it, and no other. NULL, also if it is gone already, or
 * the reason why it stays. */
const char *attached_mount_unmount(struct attached_mount *mount,
				   struct keeper *keeper);

/* An fd of the same filesystem's root in a mount that is attached nowhere, for
 * those who look into it for long. -1, with errno, if there can be none. */
int attached_mount_copy(const struct attached_mount *mount,
			struct keeper *keeper);

#endif
