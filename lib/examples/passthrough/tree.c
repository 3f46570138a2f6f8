/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a path to an fd, never leaving the source.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "passthrough.h"

/* The kernel resolved the path once, for its user; here it is resolved anew,
 * with our rights. Meanwhile somebody may have put a symbolic link to
 * elsewhere in it, so none is followed.
 *
 * Mounts below the source are not crossed, as in a bind mount: all that is
 * shown can be linked and renamed to each other, and this filesystem's own
 * mountpoint may lie below the source without a worker ever waiting for
 * itself. */
int tree_open_at(int directory, const char *name, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_NOFOLLOW | O_CLOEXEC),
		.mode = mode,
		.resolve =
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, directory, name, &how, sizeof(how));

	return fd == -1 ? -errno : (int)fd;
}

/* How much of the path one call takes: all, or whole names below PATH_MAX. */
static size_t piece_length(const char *path, size_t length)
{
	const char *slash;

	if (length < PATH_MAX)
		return length;
	slash = memrchr(path, '/', PATH_MAX - 1);
	return slash ? (size_t)(slash - path) : 0;
}

/* A tree can be deeper than PATH_MAX: its users get there by chdir(2), we by
 * as many steps as it takes. */
static int walk(const char *path, size_t length, int flags)
{
	const int source = passthrough_self()->source;
	int directory = source;
	char piece[PATH_MAX];

	for (;;) {
		size_t part = piece_length(path, length);
		bool last = part == length;
		int fd = -ENAMETOOLONG;

		if (part > 0) {
			memcpy(piece, path, part);
			piece[part] = '\0';
			fd = tree_open_at(directory, piece,
					  last ? flags : O_PATH | O_DIRECTORY,
					  0);
		}
		if (directory != source)
			close(directory);
		if (fd < 0 || last)
			return fd;
		directory = fd;
		path += part + 1;
		length -= part + 1;
	}
}

static int open_path(const char *path, size_t length, int flags)
{
	if (length <= 1)
		return walk(".", 1, flags);
	return walk(path + 1, length - 1, flags);
}

int tree_open(const char *path, int flags)
{
	return open_path(path, strlen(path), flags);
}

int tree_open_parent(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash + 1;
	return open_path(path, (size_t)(slash - path), O_PATH | O_DIRECTORY);
}

struct fd_path fd_path(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}
