/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fd layer: are these numbers what they are said to be? A number in an
 * environment proves nothing. Written to without a look, it could be any file
 * that the process happens to have open.
 */
#include "fuse_abi.h"
#include "handoff.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* DONT_SYNC: the fd may be anything, a file on a FUSE mount that nobody serves
 * among them, whose server fstat() would wait for. */
int fusefd_is_device(int fd)
{
	struct statx status;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE,
		     &status) == 0 &&
	       S_ISCHR(status.stx_mode) &&
	       status.stx_rdev_major == FUSEFD_DEVICE_MAJOR &&
	       status.stx_rdev_minor == FUSEFD_DEVICE_MINOR;
}

/* That alone would be content with an O_PATH fd, and a device fd that
 * cannot be both read and written would fail in mid-session. */
static int verify_device(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_PATH))
		return -EBADF;
	if (!fusefd_is_device(fd))
		return -ENOTTY;
	if ((flags & O_ACCMODE) != O_RDWR)
		return -EBADF;
	return 0;
}

static bool is_among(int fd, const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

/* The number of the fd's connection as the kernel shows it (Linux 6.16), or 0
 * where it shows none: an older kernel, no /proc, an fd bound to nothing. The
 * number is the minor of an anonymous device, and those begin at 1. */
static unsigned long shown_connection(int fd)
{
	static const char name[] = "fuse_connection:";
	char path[sizeof("/proc/self/fdinfo/") + 3 * sizeof(fd)];
	char line[128];
	unsigned long connection = 0;
	FILE *fdinfo;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	fdinfo = fopen(path, "re");
	if (!fdinfo)
		return 0;
	while (!connection && fgets(line, sizeof(line), fdinfo))
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			connection = strtoul(line + sizeof(name) - 1, NULL, 10);
	(void)fclose(fdinfo);
	return connection;
}

/* The device answers POLLERR at once for an fd that was never bound, and for
 * one whose connection has ended. Both, fdinfo cannot tell: an old kernel shows
 * nothing, a new one still shows the connection that has ended. */
static bool is_connected(int fd)
{
	struct pollfd device = {.fd = fd, .events = POLLIN};
	int ready;

	do {
		ready = poll(&device, 1, 0);
	} while (ready < 0 && errno == EINTR);
	return ready >= 0 && !(device.revents & (POLLERR | POLLNVAL));
}

static int verify_connection(const int *fds, size_t count)
{
	unsigned long primary = shown_connection(fds[0]);

	for (size_t i = 0; i < count; i++)
		if (shown_connection(fds[i]) != primary ||
		    !is_connected(fds[i]))
			return -EXDEV;
	return 0;
}

int fusefd_verify(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = verify_device(fds[i]);

		if (error)
			return error;
	}
	for (size_t i = 1; i < count; i++)
		if (is_among(fds[i], fds, i))
			return -EPROTO;
	return verify_connection(fds, count);
}
