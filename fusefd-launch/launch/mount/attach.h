/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From detached to attached: the same for a launcher that becomes COMMAND and
 * for a keeper.
 */
#ifndef FUSEFD_LAUNCH_ATTACH_H
#define FUSEFD_LAUNCH_ATTACH_H

#include <stdbool.h>

#include "launch/mount/identity.h"
#include "launch/mount/mountinfo.h"
#include "launch/mount/mountpoint.h"
#include "launch/privilege/privileges.h"

struct attachment {
	int mount;	     /* detached */
	int look;	     /* see mount_create_look(); -1: none */
	uint64_t attributes; /* MOUNT_ATTR_*, that it was made with */
	struct identity identity;
	const struct mountpoint *mountpoint;
	struct privileges *privileges;
	bool judged;	     /* it is a user's, and the next two hold */
	bool limited;	     /* the user may have so many FUSE mounts: */
	unsigned long limit; /* this one among them */
	struct mountinfo info;
};

/* From the mount's fd, so that it is known again later; or death. */
void attach_know_mount(struct attachment *attachment, uid_t owner);

/* Look, attach, and look again; if something came between, ours is taken away.
 * 0, or an errno: ENOENT, the mountpoint was removed; ESTALE, its owner, its mode
 * or the right to it was changed; EBUSY, something else was mounted there;
 * EDQUOT, the user has too many mounts; any other, the kernel's own. The process
 * is to be shielded (shield.h) meanwhile. */
int attach(struct attachment *attachment);

/* As the end of a sentence. */
const char *attach_reason(int error);

#endif
