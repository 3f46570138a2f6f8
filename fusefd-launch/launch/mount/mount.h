/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mount: made detached, where nobody sees it. Until it is attached it dies
 * with the process.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_H
#define FUSEFD_LAUNCH_MOUNT_H

#include <stdint.h>

#include "launch/mount/mount_options.h"
#include "launch/mount/mountpoint.h"
#include "launch/privilege/privileges.h"

/* A detached mount of the device fd, on a mountpoint of that type. Returns
 * the fd of the mount. name: of the filesystem, where the options give no
 * fsname or subtype. */
int mount_create(const struct mount_options *options, int device,
		 const struct owner *owner, const struct mountpoint *mountpoint,
		 const char *name);

/* Its id, as in mountinfo; 0, with errno, where it cannot be had. Asks nothing
 * of the filesystem, which does not run. */
uint64_t mount_id(int mount);

/* The number of its connection, by which /sys/fs/fuse/connections lists it; 0
 * where it cannot be had. Asks nothing of the filesystem. */
unsigned int mount_connection(int mount);

/* Take it away again: that mount and no other, by its fd. */
void mount_detach(int mount);

#endif
