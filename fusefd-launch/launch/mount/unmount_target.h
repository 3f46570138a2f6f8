/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --unmount is pointed at: a mountpoint by its name, and what is mounted
 * there. Nothing is asked of the filesystem behind it, which may hang.
 */
#ifndef FUSEFD_LAUNCH_UNMOUNT_TARGET_H
#define FUSEFD_LAUNCH_UNMOUNT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "launch/mount/mount_table.h"

/* The directory that has the mountpoint's name is held, so that nothing that
 * happens to the path above it leads elsewhere. */
struct unmount_target {
	const char *path; /* as it was given */
	char *copy;
	const char *name; /* the last of the path */
	int dir;
};

/* The topmost mount there. While the fd is open the mount is not freed, and no
 * other one can get its id; but it is in use. */
struct unmount_found {
	int fd;
	uint64_t unique; /* its id that no other one gets; 0: not known */
	struct mount_table table;
	const struct mount_entry *mount;
};

/* With the process's effective rights. false where that cannot be, which has
 * been said; there is nothing to let go of then. */
bool unmount_target_pin(struct unmount_target *target, const char *path);
void unmount_target_unpin(struct unmount_target *target);

/* The same: what is mounted there; and, when that is held, what it is. */
bool unmount_target_find(const struct unmount_target *target,
			 struct unmount_found *found);
bool unmount_target_look(const struct unmount_target *target,
			 struct unmount_found *found);
void unmount_target_forget(struct unmount_found *found);

/* The fd alone, so that the mount is in use no longer. */
void unmount_target_release(struct unmount_found *found);

/* Is that mount still the topmost there, at this moment? */
bool unmount_target_leads_to(const struct unmount_target *target,
			     const struct unmount_found *found);

#endif
