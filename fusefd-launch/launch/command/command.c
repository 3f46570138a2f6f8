/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "common/syscalls.h"
#include "common/text.h"
#include "launch/command/environment.h"

/* 0, or the errno that an exec would fail with, as far as can be seen. */
static int check_executable(const char *path)
{
	struct stat stat_;

	if (stat(path, &stat_))
		return errno;
	if (S_ISDIR(stat_.st_mode))
		return EISDIR;
	if (sys_faccessat2(AT_FDCWD, path, X_OK, AT_EACCESS))
		return errno;
	return 0;
}

static noreturn void die_unusable(const char *path, int error)
{
	if (error == ENOENT || error == ENOTDIR)
		die_with(EXIT_NOT_FOUND, "cannot execute %s: %s", quoted(path),
			 strerror(error));
	die_with(EXIT_NOT_STARTED, "cannot execute %s as uid %u: %s",
		 quoted(path), geteuid(), strerror(error));
}

static char *join_path(const char *directory, const char *name)
{
	char *path;

	/* An empty entry of PATH is the current directory (POSIX). */
	if (asprintf(&path, "%s/%s", *directory ? directory : ".", name) < 0)
		die("out of memory");
	return path;
}

static const char *search(const char *name, const char *directories)
{
	char *rest = need_memory(strdup(directories)), *directory, *path;
	const char *unusable = NULL;
	int error, reason = 0;

	while ((directory = strsep(&rest, ":"))) {
		path = join_path(directory, name);
		error = check_executable(path);
		if (!error)
			return path;
		/* As execvp(3): go on behind what is there and may not be
		 * executed, and speak of it where nothing better comes. */
		if (!unusable && access(path, F_OK) == 0) {
			unusable = path;
			reason = error;
		}
	}
	if (unusable)
		die_unusable(unusable, reason);
	die_with(EXIT_NOT_FOUND,
		 "cannot find the command %s in PATH\n"
		 "Name it by its path, or install it.",
		 quoted(name));
}

const char *command_find(const char *name, char *const *callers_environment)
{
	const char *path = environment_get(callers_environment, "PATH");
	int error;

	if (!*name)
		die_with(EXIT_NOT_FOUND, "the COMMAND given is an empty name");
	if (!strchr(name, '/'))
		return search(name, path ? path : COMMAND_DEFAULT_PATH);
	error = check_executable(name);
	if (error)
		die_unusable(name, error);
	return name;
}

const char *command_absolute(const char *path)
{
	char *directory;

	if (*path == '/')
		return path;
	directory = getcwd(NULL, 0);
	if (!directory)
		die_with(
			EXIT_NOT_STARTED,
			"cannot execute %s: the current directory has no name: "
			"%s",
			quoted(path), strerror(errno));
	return text_join(text_join(directory, "/"), path);
}

static bool lies_below(const char *path, const char *directory)
{
	const size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

void command_check_place(const char *path, const char *mountpoint)
{
	const int fd = open(path, O_PATH | O_CLOEXEC);
	const char *place;

	if (fd < 0)
		die_unusable(path, errno);
	place = fds_read_path(fd);
	close(fd);
	if (place && lies_below(place, mountpoint))
		die_with(EXIT_NOT_STARTED,
			 "cannot execute %s: the mount on %s will hide it\n"
			 "Start it from elsewhere.",
			 quoted(path), quoted(mountpoint));
}

const char *command_base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

void command_execute(const char *path, char **command, char **environment)
{
	execve(path, command, environment);
}

void command_die_unexecuted(const char *path, int error)
{
	switch (error) {
	case ENOENT:
		die_with(EXIT_NOT_STARTED,
			 "cannot execute %s: its interpreter does not exist\n"
			 "It is named in the first line of a script; of a "
			 "program it is the dynamic loader.",
			 quoted(path));
	case ENOEXEC:
		die_with(EXIT_NOT_STARTED,
			 "cannot execute %s: %s\n"
			 "A script begins with a line that names its "
			 "interpreter, such as '#!/bin/sh'.",
			 quoted(path), strerror(error));
	case EPERM:
		/* The kernel's answer where the bounding set does not hold
		 * what the file wants (capabilities(7), "Safety checking for
		 * capability-dumb binaries"). */
		die_with(EXIT_NOT_STARTED,
			 "cannot execute %s: %s: it has file capabilities, "
			 "and no filesystem may have any here",
			 quoted(path), strerror(error));
	default:
		die_with(EXIT_NOT_STARTED, "cannot execute %s: %s",
			 quoted(path), strerror(error));
	}
}
