/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/syscalls.h"

void fds_fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", O_RDWR) != fd)
			die("cannot open '/dev/null' in the place of fd %d, "
			    "which is closed: %s",
			    fd, strerror(errno));
	}
}

static int compare(const void *a, const void *b)
{
	const int left = *(const int *)a, right = *(const int *)b;

	return (left > right) - (left < right);
}

static void close_between(unsigned int first, unsigned int last)
{
	if (first <= last && sys_close_range(first, last))
		die("cannot close the fds from %u to %u: %s\n"
		    "fusefd-launch needs Linux 5.9 or later.",
		    first, last, strerror(errno));
}

void fds_close_others(int *kept, size_t count)
{
	unsigned int next = STDERR_FILENO + 1;

	qsort(kept, count, sizeof(*kept), compare);
	for (size_t i = 0; i < count; i++) {
		if (fcntl(kept[i], F_GETFD) < 0)
			die("option --keep-fd: fd %d is not open", kept[i]);
		if ((unsigned int)kept[i] < next)
			continue;
		close_between(next, (unsigned int)kept[i] - 1);
		next = (unsigned int)kept[i] + 1;
	}
	close_between(next, UINT_MAX);
}

const char *fds_read_path(int fd)
{
	char name[32], *target = need_memory(malloc(PATH_MAX));
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = readlink(name, target, PATH_MAX);
	if (length < 0 && errno == ENAMETOOLONG)
		return NULL;
	if (length < 0)
		die("cannot read '%s': %s\n"
		    "fusefd-launch needs /proc mounted.",
		    name, strerror(errno));
	if (length == PATH_MAX || *target != '/')
		return NULL;
	target[length] = '\0';
	return target;
}
