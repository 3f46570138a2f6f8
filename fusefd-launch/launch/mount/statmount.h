/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A mount by its unique id (Linux 6.8), which no other mount ever gets: its id
 * in mountinfo is used again as soon as it is gone, for the next mount that is
 * made anywhere. What is asked here asks nothing of a filesystem.
 */
#ifndef FUSEFD_LAUNCH_STATMOUNT_H
#define FUSEFD_LAUNCH_STATMOUNT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

/* From the kernel's table, which is newer than the headers of Debian 12; the
 * same on all architectures but alpha. */
#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif

/* The id of the mount that an fd is on; 0 if the kernel tells none. On a FUSE
 * mount it tells nobody but its user, all three of whose uids are the mount's. */
uint64_t statmount_unique_id(int fd);

struct statmount_answer {
	uint64_t parent; /* the unique id of the mount that it is attached to */
	unsigned int device_major, device_minor; /* of its superblock */
	uint64_t magic;				 /* its f_type */
	char mountpoint[PATH_MAX]; /* as mountinfo has it, unescaped */
};

/* 0, or an errno: ENOENT, no such mount is in this mount namespace; EPERM, it
 * is, and this process cannot see it from its root directory; any other, the
 * kernel does not tell (ENOSYS: before Linux 6.8). */
int statmount_ask(uint64_t unique, struct statmount_answer *answer);

/* Is it known that no mount with that unique id is in this mount namespace?
 * False of 0, and if the kernel does not tell. */
bool statmount_is_gone(uint64_t unique);

/* Is another mount on the root of that one, which it hides? 0, EBUSY, or an
 * errno if the kernel does not tell. */
int statmount_find_cover(uint64_t unique);

#endif
