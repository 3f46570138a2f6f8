/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <fusefd.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "announcement.h"
#include "preload/announced.h"
#include "verify.h"

/* Written once, before any reader. */
static int fds[FUSEFD_MAX_FDS]; /* the primary first */
static size_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static atomic_size_t exchanges;

static size_t parse(const char *list)
{
	size_t parsed = 0;

	while (list) {
		if (parsed == FUSEFD_MAX_FDS)
			return 0;
		fds[parsed] = fusefd_next_fd(&list);
		if (fds[parsed++] < 0)
			return 0;
	}
	return parsed;
}

/* A child of the filesystem finds the same words in its environment, and its
 * own files at these numbers. */
static void take(void)
{
	const size_t parsed = parse(announced.fds);

	if (!parsed || fusefd_verify(fds, parsed))
		return;
	for (size_t i = 0; i < parsed; i++)
		(void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	count = parsed;
}

bool pool_exists(void)
{
	const int error = errno;

	(void)pthread_once(&once, take);
	errno = error;
	return count;
}

/* O_NONBLOCK belongs to what the duplicates share, and who wants it of one
 * reads all of them so. */
static bool take_over_flags(int fd, int flags)
{
	return !(flags & O_NONBLOCK) || fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int pool_lend(int flags)
{
	const int fd =
		fcntl(fds[0], flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);

	if (fd < 0 || take_over_flags(fd, flags))
		return fd;
	(void)close(fd);
	return -1;
}

/* The number of the connection would not do, since kernels before 6.16 do not
 * show it. Where seccomp forbids kcmp(2), all device fds are taken for ours:
 * this process got none but by us. */
static bool is_same(int fd, int other)
{
	const pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, fd, other) <= 0;
}

bool pool_owns(int fd)
{
	const int error = errno;
	bool owned = false;

	if (fusefd_is_device(fd))
		for (size_t i = 0; i < count && !owned; i++)
			owned = is_same(fd, fds[i]);
	errno = error;
	return owned;
}

int pool_exchange(int fd)
{
	const size_t next = (atomic_fetch_add(&exchanges, 1) + 1) % count;
	const int flags = fcntl(fd, F_GETFL),
		  close_on_exec = fcntl(fd, F_GETFD);

	if (flags < 0 || close_on_exec < 0 ||
	    dup3(fds[next], fd, close_on_exec & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
		return -1;
	return take_over_flags(fd, flags) ? 0 : -1;
}
