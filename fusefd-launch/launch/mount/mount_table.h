/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All mounts that this process can reach, and how they lie to each other.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_TABLE_H
#define FUSEFD_LAUNCH_MOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launch/mount/mountinfo.h"

/* In mountinfo's order. The kernel writes it in pieces, so that two entries
 * may tell of two moments. */
struct mount_table {
	struct mount_entry *entries;
	size_t count;
};

/* false, with errno, where it cannot be read; there is nothing to free then. */
bool mount_table_read(struct mount_table *table);
void mount_table_free(struct mount_table *table);

/* The mount with that id; NULL where it is not there. */
const struct mount_entry *mount_table_find(const struct mount_table *table,
					   uint64_t id);

/* Of the mounts that go with that one, since they lie in it or in one that
 * does, the next behind "last", which is NULL at first; NULL: no more. */
const struct mount_entry *
mount_table_find_inner(const struct mount_table *table,
		       const struct mount_entry *mount,
		       const struct mount_entry *last);

/* The mount that this one shows once more in another place, by a bind mount;
 * NULL where there is none, or none any more. The copies that shared mounts
 * send each other do not count: they are the same place, seen twice. */
const struct mount_entry *
mount_table_find_original(const struct mount_table *table,
			  const struct mount_entry *mount);

#endif
