/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A mount's id in mountinfo is used again as soon as the mount is gone, for the
 * next that is made anywhere. Its unique id (Linux 6.8) is not.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_UNIQUE_H
#define FUSEFD_LAUNCH_MOUNT_UNIQUE_H

#include <stdbool.h>
#include <stdint.h>

/* Of the mount that an fd is on, with no request to its filesystem, for those
 * who may use it; 0 where the kernel tells none. */
uint64_t mount_unique_id(int fd);

/* Is it known that no mount with that unique id is in this namespace? False of
 * 0, and where the kernel does not tell. */
bool mount_unique_is_gone(uint64_t unique);

/* The id, as mountinfo has it, of the mount that it is attached to; 0 where
 * the kernel does not tell. */
uint64_t mount_unique_parent(uint64_t unique);

#endif
