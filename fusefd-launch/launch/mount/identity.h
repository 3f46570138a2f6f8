/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One mount, and no other: how it is known again, and taken away.
 */
#ifndef FUSEFD_LAUNCH_IDENTITY_H
#define FUSEFD_LAUNCH_IDENTITY_H

#include <stdint.h>
#include <sys/types.h>

#include "launch/mount/mountinfo.h"
#include "launch/privilege/privileges.h"

/* The unique id would be enough. Kernels before Linux 6.8 have none: there it
 * is the id in mountinfo, which another mount gets when this one is gone, so
 * that the others have to be right, too. */
struct identity {
	uint64_t id;
	uint64_t unique; /* 0: none */
	unsigned int device_major, device_minor;
	uid_t owner;
};

/* What it is mounted on, or its own root: an O_PATH fd, and which mount that is
 * on. An fd of its own root keeps it busy, so that only MNT_DETACH goes with
 * that. */
struct place {
	int fd;
	uint64_t mount_id;
	uint64_t mount_unique; /* 0: none */
};

/* As the user: of an fd in a FUSE filesystem, nobody else is told. */
void place_read(struct place *place, int fd);

/* fd: of the mount. false, with errno, if it cannot be told. Asks nothing of the
 * filesystem. */
bool identity_read(struct identity *identity, int fd, uid_t owner);

/* Where is it? 0, or an errno: ENOENT, it is gone; EBUSY, another mount hides
 * it; EINVAL, it is not there. info: an open reader, for
 * kernels without unique ids. */
int identity_look(const struct identity *identity, const struct place *place,
		  struct mountinfo *info);

/* Unmount it, with umount2(2)'s flags: 0, or an errno as above, or umount2's own.
 * privileges: raised around the look and the act; NULL: CAP_SYS_ADMIN is
 * effective.
 *
 * The kernel takes no fd for an unmount, but a path, from which it goes up
 * through all mounts that lie there. So the mount is marked first, and what is
 * mounted on it after the last look is not taken for it. But if this one is in use
 * and MNT_DETACH is asked for, or if there are no unique ids, there is no mark:
 * what is mounted between the look and the act is unmounted in its place. */
int identity_unmount(const struct identity *identity, const struct place *place,
		     int flags, struct mountinfo *info,
		     const struct privileges *privileges);

#endif
