/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand-in/inherited.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "announcement.h"
#include "verify.h"

/* A directory of /proc is in no order that one could rely on. */
int inherited_primary(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	int lowest = -1;

	if (!directory)
		return -1;
	while ((entry = readdir(directory))) {
		const char *name = entry->d_name;
		const int fd = fusefd_next_fd(&name);

		if (fd >= 0 && (lowest < 0 || fd < lowest) &&
		    fusefd_verify(&fd, 1) == 0)
			lowest = fd;
	}
	(void)closedir(directory);
	return lowest;
}

static void close_between(unsigned int first, unsigned int last)
{
	if (first <= last)
		(void)syscall(SYS_close_range, first, last, 0);
}

void inherited_close_but(int fd)
{
	const int null = open("/dev/null", O_RDWR);

	for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
		if (standard != fd && null >= 0)
			(void)dup2(null, standard);
	if (fd > STDERR_FILENO)
		close_between(STDERR_FILENO + 1, (unsigned int)fd - 1);
	close_between(fd > STDERR_FILENO ? (unsigned int)fd + 1
					 : STDERR_FILENO + 1,
		      UINT_MAX);
}
