/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mount: made detached, where nobody sees it. Until it is attached it dies
 * with the last process that holds its fd.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_H
#define FUSEFD_LAUNCH_MOUNT_H

#include "launch/mount/mount_options.h"
#include "launch/mount/mountpoint.h"
#include "launch/privilege/privileges.h"

struct new_mount {
	const struct mount_options *options;
	int device; /* the primary */
	const struct owner *owner;
	const struct mountpoint *mountpoint; /* what it is to be mounted on */
	const char
		*name; /* the filesystem's, if there is no fsname or subtype */
};

/* Returns the fd of the mount, close-on-exec, or dies. */
int mount_create(const struct new_mount *request,
		 const struct privileges *privileges);

/* A look into the filesystem, for a process that waits until it answers: an
 * O_PATH fd of its root, in a second mount of the same superblock (Linux 5.15)
 * that is dissolved already and so can never be attached. -1 if the kernel makes
 * none. */
int mount_create_look(const struct new_mount *request,
		      const struct privileges *privileges);

#endif
