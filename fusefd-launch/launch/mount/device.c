/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/die.h"

#define DEVICE_PATH "/dev/fuse"

/* Documentation/admin-guide/devices.txt */
#define DEVICE_MAJOR 10
#define DEVICE_MINOR 229

static noreturn void die_unopened(int error, size_t count)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		die("cannot open '" DEVICE_PATH "': %s\n"
		    "Load the module, with 'modprobe fuse'; in a container, "
		    "pass the device in.",
		    strerror(error));
	case EACCES:
	case EPERM:
		die("cannot open '" DEVICE_PATH "': %s\n"
		    "fusefd-launch opens it with the rights that it was "
		    "installed with; see its manual on installing.",
		    strerror(error));
	case EMFILE:
		die("cannot open '" DEVICE_PATH "' %zu times: %s\n"
		    "Ask for fewer fds with --fds, or raise the limit, with "
		    "'ulimit -n'.",
		    count, strerror(error));
	default:
		die("cannot open '" DEVICE_PATH "': %s", strerror(error));
	}
}

static int open_from(int first)
{
	const int fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
	int moved, error;

	if (fd < 0 || fd >= first)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, first);
	error = errno;
	close(fd);
	errno = error;
	return moved;
}

void device_open(int *fds, size_t count, int first)
{
	struct stat stat;

	for (size_t i = 0; i < count; i++) {
		fds[i] = open_from(first);
		if (fds[i] < 0)
			die_unopened(errno, count);
	}
	if (fstat(fds[0], &stat) || !S_ISCHR(stat.st_mode) ||
	    stat.st_rdev != makedev(DEVICE_MAJOR, DEVICE_MINOR))
		die("'" DEVICE_PATH "' is not the FUSE device (character "
		    "device %d:%d)",
		    DEVICE_MAJOR, DEVICE_MINOR);
}

void device_clone(const int *fds, size_t count)
{
	const uint32_t primary = (uint32_t)fds[0];

	for (size_t i = 1; i < count; i++)
		if (ioctl(fds[i], FUSE_DEV_IOC_CLONE, &primary))
			die("cannot clone the device fd: %s", strerror(errno));
}

void device_inherit(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fcntl(fds[i], F_SETFD, 0))
			die("cannot hand on fd %d: %s", fds[i],
			    strerror(errno));
}
