/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "number.h"

#define MOUNTINFO_PATH "/proc/self/mountinfo"

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
