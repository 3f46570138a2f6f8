/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mountpoint, held by an O_PATH fd: what was judged is what is mounted
 * on, whatever its name means a moment later.
 */
#ifndef FUSEFD_LAUNCH_MOUNTPOINT_H
#define FUSEFD_LAUNCH_MOUNTPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch/mount/identity.h"

struct mountpoint {
	struct place at;
	const char *path; /* absolute, without symbolic links */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	long filesystem; /* f_type, as statfs(2) has it; 0 where unasked */
	int write_error; /* errno of a write to it, 0 where permitted */
};

/* How much the path's owner is trusted. */
enum mountpoint_trust {
	/* The caller resolves it with rights of its own: any path will do,
	 * but its last component is no symbolic link. */
	RESOLVE_AS_USER,
	/* root resolves it for itself. */
	RESOLVE_AS_ROOT,
	/* root resolves it, and somebody else will own the mount: a symbolic
	 * link that is not root's would let a user choose where root
	 * mounts. */
	RESOLVE_ROOTS_LINKS,
};

/* Dies where there is no such directory or file. */
void mountpoint_pin(struct mountpoint *mountpoint, const char *path,
		    enum mountpoint_trust trust);

/* What policy asks about: the filesystem and the right to write, with the
 * process's effective rights. */
void mountpoint_inspect(struct mountpoint *mountpoint);

/* Has it still the owner, the group and the mode that were judged, and may the
 * user still write to it? Time may have passed. */
bool mountpoint_is_unchanged(const struct mountpoint *mountpoint);

/* Is another mount on it, as far as its name tells? What is attached would land
 * on that one, which nobody has judged. */
bool mountpoint_is_covered(const struct mountpoint *mountpoint);

#endif
