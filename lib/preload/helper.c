/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/announced.h"

static bool is_helper(const char *name)
{
	return strcmp(name, "fusermount") == 0 ||
	       strcmp(name, "fusermount3") == 0 ||
	       strcmp(name, "mergerfs-fusermount") == 0;
}

/* It lies where this library does. */
static bool find_ours(char *path, size_t size)
{
	static const char place;
	const char *slash;
	Dl_info self;
	int length;

	if (!dladdr(&place, &self) || !(slash = strrchr(self.dli_fname, '/')))
		return false;
	length = snprintf(path, size, "%.*s/fusermount3",
			  (int)(slash - self.dli_fname), self.dli_fname);
	return length > 0 && (size_t)length < size;
}

static bool is_this(const char *path)
{
	struct stat ours, self;

	return stat(path, &ours) || stat("/proc/self/exe", &self) ||
	       (ours.st_dev == self.st_dev && ours.st_ino == self.st_ino);
}

void helper_replace(char **argv)
{
	char path[PATH_MAX];

	if (!announced.fds || !is_helper(program_invocation_short_name) ||
	    !find_ours(path, sizeof(path)) || is_this(path))
		return;
	(void)execv(path, argv);
}
