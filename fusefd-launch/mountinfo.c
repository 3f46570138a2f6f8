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

bool mountinfo_try_count_fuse_of(uid_t owner, unsigned long *count)
{
	size_t size = 0;
	char *line = NULL;
	bool read;
	FILE *file = fopen(MOUNTINFO_PATH, "re");

	if (!file)
		return false;
	*count = 0;
	errno = 0;
	while (getline(&line, &size, file) >= 0)
		*count += mountinfo_is_fuse_of(line, owner);
	read = !ferror(file) && !errno;
	free(line);
	fclose(file);
	return read;
}

unsigned long mountinfo_count_fuse_of(uid_t owner)
{
	unsigned long count;

	if (!mountinfo_try_count_fuse_of(owner, &count))
		die("cannot count your mounts: '" MOUNTINFO_PATH "': %s",
		    strerror(errno));
	return count;
}
