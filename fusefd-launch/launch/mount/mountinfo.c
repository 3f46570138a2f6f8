/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mountinfo.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "common/number.h"

/* fuse, fuseblk, and either with a subtype behind a dot. */
static bool is_fuse(const char *type)
{
	static const char *const names[] = {"fuseblk", "fuse"};

	for (size_t i = 0; i < 2; i++) {
		const size_t length = strlen(names[i]);

		if (strncmp(type, names[i], length) == 0)
			return type[length] == '\0' || type[length] == '.';
	}
	return false;
}

/* Where there is no telling, it counts. */
static bool has_user_id(char *options, uid_t owner)
{
	static const char key[] = "user_id=";
	unsigned long uid;
	char *option;

	while ((option = strsep(&options, ",")))
		if (strncmp(option, key, strlen(key)) == 0 &&
		    number_parse(option + strlen(key), (uid_t)-1, &uid))
			return uid == owner;
	return true;
}

/* Spaces in names are written as \040, so " - " is the separator and nothing
 * else; behind it stand type, source, and the superblock's options, where the
 * kernel writes what a filesystem cannot forge. */
bool mountinfo_is_fuse_of(char *line, uid_t owner)
{
	char *rest = strstr(line, " - ");
	const char *type;

	if (!rest)
		return false;
	rest += strlen(" - ");
	type = strsep(&rest, " ");
	if (!is_fuse(type))
		return false;
	if (!strsep(&rest, " ") || !rest)
		return true;
	rest[strcspn(rest, "\n")] = '\0';
	return has_user_id(rest, owner);
}

/* A line begins with the mount's id and that of its parent. */
static uint64_t parent_of(const char *line, uint64_t mount)
{
	char *rest;
	const uint64_t id = strtoull(line, &rest, 10);

	return id == mount ? strtoull(rest, NULL, 10) : 0;
}

static void read_line(struct mountinfo *info, char *line, uid_t owner,
		      uint64_t mount)
{
	if (!info->parent)
		info->parent = parent_of(line, mount);
	info->count += mountinfo_is_fuse_of(line, owner);
}

bool mountinfo_read(struct mountinfo *info, uid_t owner, uint64_t mount)
{
	size_t size = 0;
	char *line = NULL;
	bool complete;
	FILE *file = fopen(MOUNTINFO_PATH, "re");

	*info = (struct mountinfo){0};
	if (!file)
		return false;
	errno = 0;
	while (getline(&line, &size, file) >= 0)
		read_line(info, line, owner, mount);
	complete = !ferror(file) && !errno;
	free(line);
	fclose(file);
	return complete;
}

unsigned long mountinfo_count_fuse_of(uid_t owner)
{
	struct mountinfo info;

	if (!mountinfo_read(&info, owner, 0))
		die("cannot count your mounts: '" MOUNTINFO_PATH "': %s",
		    strerror(errno));
	return info.count;
}

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* In place: what is escaped is longer than what it stands for. */
static const char *unescape(char *name)
{
	const char *from = name;
	char *to = name;

	while (*from) {
		if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) &&
		    is_octal(from[3])) {
			*to++ = (char)((from[1] - '0') * 64 +
				       (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return name;
}

/* Here, where there is no telling, it is nobody's. */
static bool find_owner(char *options, uid_t *owner)
{
	static const char key[] = "user_id=";
	bool found = false;
	unsigned long uid;
	char *option;

	while ((option = strsep(&options, ","))) {
		if (strncmp(option, key, strlen(key)) != 0)
			continue;
		if (found ||
		    !number_parse(option + strlen(key), (uid_t)-1, &uid))
			return false;
		*owner = (uid_t)uid;
		found = true;
	}
	return found;
}

static bool parse_id(char **rest, uint64_t *id)
{
	const char *field = strsep(rest, " ");
	unsigned long number;

	if (!field || !number_parse(field, ULONG_MAX, &number))
		return false;
	*id = number;
	return true;
}

bool mountinfo_parse(struct mount_entry *entry, char *line)
{
	char *rest = line, *root, *mountpoint, *field;

	/* One space behind each field, and not as many as there are: the
	 * source may be empty. */
	*entry = (struct mount_entry){.line = line};
	line[strcspn(line, "\n")] = '\0';
	if (!parse_id(&rest, &entry->id) || !parse_id(&rest, &entry->parent))
		return false;
	entry->device = strsep(&rest, " ");
	root = strsep(&rest, " ");
	mountpoint = strsep(&rest, " ");
	/* The mount's own options, and any number of optional fields. */
	do {
		field = strsep(&rest, " ");
	} while (field && strcmp(field, "-") != 0);
	entry->type = strsep(&rest, " ");
	strsep(&rest, " "); /* the source */
	if (!rest)
		return false;
	entry->root = unescape(root);
	entry->mountpoint = unescape(mountpoint);
	entry->fuse = is_fuse(entry->type);
	entry->owned = entry->fuse && find_owner(rest, &entry->owner);
	return true;
}
