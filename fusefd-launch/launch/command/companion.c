/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/companion.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/text.h"

/* As the kernel knows it: argv[0] is the caller's, and may be a link. */
static char *own_path(void)
{
	char *path = need_memory(malloc(PATH_MAX));
	const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);

	if (length <= 0 || length == PATH_MAX)
		die("cannot find out which file this is: '/proc/self/exe': %s\n"
		    "fusefd-launch needs /proc mounted.",
		    length < 0 ? strerror(errno) : "no such path");
	path[length] = '\0';
	return path;
}

static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

const char *companion_folder(void)
{
	char *path = own_path();
	const char *built;

	cut_last(path);
	if (access(text_join(path, "/libfusefd-preload.so"), R_OK) == 0)
		return path;
	built = text_join(path, "/libexec");
	if (access(built, X_OK) == 0)
		return built;
	cut_last(path);
	return text_join(path, "/libexec/fusefd");
}

noreturn void companion_execute(const char *name, char **arguments,
				char **environment)
{
	const char *path = text_join(text_join(companion_folder(), "/"), name);

	execve(path, arguments, environment);
	die("cannot execute %s: %s\n"
	    "It is a part of fusefd-launch, and 'make install' puts it there.",
	    quoted(path), strerror(errno));
}
