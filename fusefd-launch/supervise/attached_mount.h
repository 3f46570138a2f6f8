/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mount while COMMAND serves it under a supervisor: known by its id, and
 * by an fd of what it is mounted on. An fd of the mount itself would keep it
 * busy, and umount(8) would fail.
 */
#ifndef FUSEFD_LAUNCH_MOUNTED_H
#define FUSEFD_LAUNCH_MOUNTED_H

#include <stdbool.h>
#include <stdint.h>

#include "launch/launch.h"

struct mounted {
	const struct launch *launch;
	uint64_t id;
	uint64_t unique;	 /* see mount_unique.h */
	int at;			 /* -1 where it has been let go */
	unsigned int connection; /* its number */
};

/* Attach the launch's mount, and let go of its fd. NULL, or the reason why it
 * is not attached. */
const char *mounted_attach(struct mounted *mounted, struct launch *launch);

/* A detached mount of the same filesystem, for who has to be in it longer: the
 * mount that an fd is on would be busy. -1, with errno, where there is none. */
int mounted_copy(const struct launch *launch, int fd);

/* Has somebody unmounted it? */
bool mounted_is_gone(const struct mounted *mounted);

/* Where it is gone: close the fd too, which keeps the filesystem busy that it
 * was mounted in. */
void mounted_let_go(struct mounted *mounted);

/* Does somebody still use it, although it is gone? That is so after a lazy
 * unmount; false where the kernel does not show it. */
bool mounted_is_used(const struct mounted *mounted);

/* Unmount it, and no other; nothing where it is gone. NULL, or the reason why
 * it stays. */
const char *mounted_unmount(const struct mounted *mounted);

#endif
