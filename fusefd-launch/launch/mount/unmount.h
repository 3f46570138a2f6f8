/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Unmounting: one mount, known by its id, and no other.
 */
#ifndef FUSEFD_LAUNCH_UNMOUNT_H
#define FUSEFD_LAUNCH_UNMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "launch/options.h"
#include "launch/privilege/privileges.h"

/* Unmount the mount with that id, with umount2(2)'s flags. at: an O_PATH fd of
 * its root, or of what it is mounted on; the former keeps it busy, so that only
 * MNT_DETACH goes with it. 0, or an errno: EINVAL where there is no such mount
 * (any more) in this namespace, or it is not there; EBUSY where another mount
 * covers it. CAP_SYS_ADMIN must be effective.
 *
 * The kernel takes no fd for an unmount, but a path, from which it goes up
 * through all mounts that lie there. What is mounted on this one between the
 * look and the call is unmounted in its place. */
int unmount_exactly(uint64_t id, int at, int flags);

/* --unmount: all of them, one after the other; the exit status. */
int unmount_all(const struct options *options, const struct caller *caller);

#endif
