/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mounts that there are (proc_pid_mountinfo(5)).
 */
#ifndef FUSEFD_LAUNCH_MOUNTINFO_H
#define FUSEFD_LAUNCH_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MOUNTINFO_PATH "/proc/self/mountinfo"

struct mountinfo {
	unsigned long count; /* FUSE mounts of the owner asked for */
	uint64_t parent;     /* of the mount asked for; 0: it is not there */
};

/* Read it once, for both. false, with errno, where it cannot be read. */
bool mountinfo_read(struct mountinfo *info, uid_t owner, uint64_t mount);

/* FUSE mounts of that owner in this mount namespace. Dies where they cannot
 * be counted. */
unsigned long mountinfo_count_fuse_of(uid_t owner);

/* Is the mount that this line tells of a FUSE mount of that owner? The line
 * is cut up. */
bool mountinfo_is_fuse_of(char *line, uid_t owner);

/* What a line tells of one mount. The names are as they are, not escaped. */
struct mount_entry {
	char *line; /* which the others point into */
	uint64_t id;
	uint64_t parent;
	const char *device; /* of its superblock, "MAJOR:MINOR" */
	const char *root;   /* what is shown of the filesystem: "/" is all */
	const char *mountpoint;
	const char *type;
	bool fuse;
	bool owned; /* it is FUSE, and there is no doubt about the owner */
	uid_t owner;
};

/* false where it is no line of mountinfo. The line is cut up. */
bool mountinfo_parse(struct mount_entry *entry, char *line);

#endif
