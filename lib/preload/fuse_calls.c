/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/fuse_calls.h"

#include <fcntl.h>
#include <string.h>

bool opens_fuse_device(const char *path, int flags)
{
	return path && !(flags & O_PATH) && (flags & O_ACCMODE) == O_RDWR &&
	       strcmp(path, FUSE_DEVICE) == 0;
}

static const char *skip(const char *text, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

bool is_fuse_type(const char *type)
{
	const char *rest = type ? skip(type, "fuse") : NULL;
	const char *block = rest ? skip(rest, "blk") : NULL;

	if (block)
		rest = block;
	return rest && (*rest == '\0' || *rest == '.');
}

bool has_option(const char *list, const char *option)
{
	const char *rest;

	while (list && *list) {
		rest = skip(list, option);
		if (rest && (*rest == '\0' || *rest == ','))
			return true;
		while (*list && *list != ',')
			list += *list == '\\' && list[1] ? 2 : 1;
		list += *list == ',';
	}
	return false;
}
