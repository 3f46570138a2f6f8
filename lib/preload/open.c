/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All functions that open a file by its path. Programs built with
 * _FORTIFY_SOURCE call those that end in _2, where no mode is given; C
 * libraries other than glibc have none of these.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

#include "preload/fuse_calls.h"
#include "preload/interpose.h"
#include "preload/pool.h"

int preload_open(const char *path, int flags, ...) INTERPOSE("open");
int preload_open64(const char *path, int flags, ...) INTERPOSE("open64");
int preload_openat(int at, const char *path, int flags, ...)
	INTERPOSE("openat");
int preload_openat64(int at, const char *path, int flags, ...)
	INTERPOSE("openat64");
int preload_open_2(const char *path, int flags) INTERPOSE("__open_2");
int preload_open64_2(const char *path, int flags) INTERPOSE("__open64_2");
int preload_openat_2(int at, const char *path, int flags)
	INTERPOSE("__openat_2");
int preload_openat64_2(int at, const char *path, int flags)
	INTERPOSE("__openat64_2");

typedef int (*open_t)(const char *path, int flags, ...);
typedef int (*openat_t)(int at, const char *path, int flags, ...);
typedef int (*open_2_t)(const char *path, int flags);
typedef int (*openat_2_t)(int at, const char *path, int flags);

static bool is_ours(const char *path, int flags)
{
	return opens_fuse_device(path, flags) && pool_exists();
}

/* A mode is there only where the flags say so (open(2)). */
static bool has_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define READ_MODE(mode, flags)                                                 \
	do {                                                                   \
		va_list arguments_;                                            \
		va_start(arguments_, flags);                                   \
		(mode) = has_mode(flags) ? va_arg(arguments_, mode_t) : 0;     \
		va_end(arguments_);                                            \
	} while (0)

static int open_next(struct next *next, const char *path, int flags,
		     mode_t mode)
{
	const open_t function = (open_t)next_of(next);

	if (is_ours(path, flags))
		return pool_lend(flags);
	if (function)
		return function(path, flags, mode);
	errno = ENOSYS;
	return -1;
}

static int openat_next(struct next *next, int at, const char *path, int flags,
		       mode_t mode)
{
	const openat_t function = (openat_t)next_of(next);

	if (is_ours(path, flags))
		return pool_lend(flags);
	if (function)
		return function(at, path, flags, mode);
	errno = ENOSYS;
	return -1;
}

int preload_open(const char *path, int flags, ...)
{
	static struct next next = {.symbol = "open"};
	mode_t mode;

	READ_MODE(mode, flags);
	return open_next(&next, path, flags, mode);
}

int preload_open64(const char *path, int flags, ...)
{
	static struct next next = {.symbol = "open64"};
	mode_t mode;

	READ_MODE(mode, flags);
	return open_next(&next, path, flags, mode);
}

int preload_openat(int at, const char *path, int flags, ...)
{
	static struct next next = {.symbol = "openat"};
	mode_t mode;

	READ_MODE(mode, flags);
	return openat_next(&next, at, path, flags, mode);
}

int preload_openat64(int at, const char *path, int flags, ...)
{
	static struct next next = {.symbol = "openat64"};
	mode_t mode;

	READ_MODE(mode, flags);
	return openat_next(&next, at, path, flags, mode);
}

static int open_2_next(struct next *next, const char *path, int flags)
{
	const open_2_t function = (open_2_t)next_of(next);

	if (is_ours(path, flags))
		return pool_lend(flags);
	if (function)
		return function(path, flags);
	errno = ENOSYS;
	return -1;
}

static int openat_2_next(struct next *next, int at, const char *path, int flags)
{
	const openat_2_t function = (openat_2_t)next_of(next);

	if (is_ours(path, flags))
		return pool_lend(flags);
	if (function)
		return function(at, path, flags);
	errno = ENOSYS;
	return -1;
}

int preload_open_2(const char *path, int flags)
{
	static struct next next = {.symbol = "__open_2"};

	return open_2_next(&next, path, flags);
}

int preload_open64_2(const char *path, int flags)
{
	static struct next next = {.symbol = "__open64_2"};

	return open_2_next(&next, path, flags);
}

int preload_openat_2(int at, const char *path, int flags)
{
	static struct next next = {.symbol = "__openat_2"};

	return openat_2_next(&next, at, path, flags);
}

int preload_openat64_2(int at, const char *path, int flags)
{
	static struct next next = {.symbol = "__openat64_2"};

	return openat_2_next(&next, at, path, flags);
}
