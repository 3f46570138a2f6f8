/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mounts that there are (proc_pid_mountinfo(5)).
 */
#ifndef FUSEFD_LAUNCH_MOUNTINFO_H
#define FUSEFD_LAUNCH_MOUNTINFO_H

#include <stdbool.h>
#include <sys/types.h>

/* FUSE mounts of that owner in this mount namespace. Dies where they cannot
 * be counted. */
unsigned long mountinfo_count_fuse_of(uid_t owner);

/* The same where one may not die: false, with errno, where they cannot be. */
bool mountinfo_try_count_fuse_of(uid_t owner, unsigned long *count);

/* Is the mount that this line tells of a FUSE mount of that owner? The line
 * is cut up. */
bool mountinfo_is_fuse_of(char *line, uid_t owner);

#endif
