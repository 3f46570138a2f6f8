/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

/* What is no line of mountinfo is nothing that anybody could ask for. */
static void add_line(struct mount_table *table, const struct mountinfo *info,
		     char *line)
{
	struct mount_entry entry;

	if (!mountinfo_parse_line(info, &entry, line)) {
		free(line);
		return;
	}
	table->entries = need_memory(
		reallocarray(table->entries, table->count + 1, sizeof(entry)));
	table->entries[table->count++] = entry;
}

bool mount_table_read(struct mount_table *table)
{
	static struct mountinfo info = MOUNTINFO_CLOSED;
	const char *line;

	*table = (struct mount_table){0};
	mountinfo_rewind(&info);
	while ((line = mountinfo_next_line(&info)))
		add_line(table, &info, need_memory(strdup(line)));
	if (info.error)
		mount_table_free(table);
	errno = info.error;
	return !info.error;
}

void mount_table_free(struct mount_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->entries[i].line);
	free(table->entries);
	*table = (struct mount_table){0};
}

const struct mount_entry *mount_table_find(const struct mount_table *table,
					   uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->entries[i].id == id)
			return &table->entries[i];
	return NULL;
}

/* No way up is longer than there are mounts, whatever the lines say. */
static bool is_inside(const struct mount_table *table,
		      const struct mount_entry *entry,
		      const struct mount_entry *mount)
{
	for (size_t i = 0; entry && i < table->count; i++) {
		if (entry->parent == mount->id)
			return true;
		entry = mount_table_find(table, entry->parent);
	}
	return false;
}

const struct mount_entry *
mount_table_find_inner(const struct mount_table *table,
		       const struct mount_entry *mount,
		       const struct mount_entry *last)
{
	const struct mount_entry *const end = table->entries + table->count;

	for (last = last ? last + 1 : table->entries; last < end; last++)
		if (last != mount && is_inside(table, last, mount))
			return last;
	return NULL;
}

/* What a mount is mounted on, as a path within the filesystem that has it. */
static char *find_place(const struct mount_entry *mount,
			const struct mount_entry *parent)
{
	const size_t skip = strcmp(parent->mountpoint, "/") == 0
				    ? 0
				    : strlen(parent->mountpoint);
	char *place;

	if (strncmp(mount->mountpoint, parent->mountpoint, skip) != 0)
		return need_memory(strdup(""));
	if (asprintf(&place, "%s%s",
		     strcmp(parent->root, "/") == 0 ? "" : parent->root,
		     mount->mountpoint + skip) < 0)
		die("out of memory");
	return place;
}

static bool is_same_place(const struct mount_table *table,
			  const struct mount_entry *a,
			  const struct mount_entry *b)
{
	const struct mount_entry *parent_of_a =
		mount_table_find(table, a->parent);
	const struct mount_entry *parent_of_b =
		mount_table_find(table, b->parent);
	char *place_of_a, *place_of_b;
	bool same;

	if (!parent_of_a || !parent_of_b ||
	    strcmp(parent_of_a->device, parent_of_b->device) != 0)
		return false;
	place_of_a = find_place(a, parent_of_a);
	place_of_b = find_place(b, parent_of_b);
	same = strcmp(place_of_a, place_of_b) == 0;
	free(place_of_a);
	free(place_of_b);
	return same;
}

/* The oldest comes first, but in a copy of a mount namespace, which lists what
 * it copied along its tree. */
const struct mount_entry *
mount_table_find_original(const struct mount_table *table,
			  const struct mount_entry *mount)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct mount_entry *entry = &table->entries[i];

		if (entry == mount)
			return NULL;
		if (strcmp(entry->device, mount->device) == 0 &&
		    strcmp(entry->root, "/") == 0)
			return is_same_place(table, entry, mount) ? NULL
								  : entry;
	}
	return NULL;
}
