/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/attached_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/syscalls.h"
#include "launch/mount/mountinfo.h"
#include "launch/mount/statmount.h"
#include "lib/protocol.h"

/* A connection is numbered as its superblock's device (fs/fuse/control.c),
 * whose major number is 0 but for fuseblk. */
unsigned int attached_mount_connection(int fd)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status))
		return 0;
	return status.stx_dev_major << 20 | status.stx_dev_minor;
}

/* What its error numbers mean: fusefd(7). */
static const char *explain(int error)
{
	switch (error) {
	case EBUSY:
		return "something else was mounted there meanwhile";
	case ESTALE:
		return "its owner or its mode was changed meanwhile";
	case EDQUOT:
		return "with what you mount elsewhere at the same moment it "
		       "is more than 'mount_max' in /etc/fuse.conf allows";
	case ENOENT:
		return "it was removed meanwhile";
	case EPIPE:
		return "its keeper was killed";
	case ETIMEDOUT:
		return "its keeper does not answer";
	default:
		return strerror(error);
	}
}

const char *attached_mount_attach(struct attached_mount *mount,
				  struct keeper *keeper)
{
	const int error = keeper_attach(keeper, &mount->id, &mount->unique_id);

	return error ? explain(error) : NULL;
}

static bool is_in_mountinfo(const struct attached_mount *mount)
{
	static struct mountinfo info = MOUNTINFO_CLOSED;
	struct mount_entry entry;

	mountinfo_rewind(&info);
	while (mountinfo_next(&info, &entry))
		if (entry.id == mount->id)
			return true;
	return info.error;
}

/* One system call, on a kernel that has unique ids. */
static bool is_gone(const struct attached_mount *mount)
{
	struct statmount_answer answer;

	switch (statmount_ask(mount->unique_id, &answer)) {
	case ENOENT:
		return true;
	case 0:
	case EPERM: /* it is there, but not seen from a chroot */
		return false;
	default:
		return !is_in_mountinfo(mount);
	}
}

bool attached_mount_is_gone(struct attached_mount *mount)
{
	mount->gone = mount->gone || is_gone(mount);
	return mount->gone;
}

bool attached_mount_is_used(const struct attached_mount *mount)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u",
		 mount->connection);
	return access(path, F_OK) == 0;
}

const char *attached_mount_unmount(struct attached_mount *mount,
				   struct keeper *keeper)
{
	const int error = keeper_unmount(keeper, FUSEFD_KEEPER_LAZY);

	if (!error)
		mount->gone = true;
	if (attached_mount_is_gone(mount))
		return NULL;
	switch (error) {
	case EINVAL:
		return "it was moved elsewhere";
	case EBUSY:
		return "something else is mounted on top of it";
	default:
		return explain(error);
	}
}

/* The root of what the path leads to. The mountpoint may lie in a filesystem that
 * hangs, and the supervisor must not: only what the kernel has in its caches is
 * asked (Linux 5.12). An fd with O_PATH asks nothing of the mount itself. */
static int open_root(const struct attached_mount *mount)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS,
	};

	return sys_openat2(AT_FDCWD, mount->mountpoint, &how);
}

/* The keeper judges as well whether the fd is on its mount. */
int attached_mount_copy(const struct attached_mount *mount,
			struct keeper *keeper)
{
	const int root = open_root(mount);
	int error, copy;

	if (root < 0)
		return -1;
	if (mount->unique_id && statmount_unique_id(root) != mount->unique_id)
		error = ENOENT;
	else
		error = keeper_copy(keeper, root, &copy);
	close(root);
	if (!error)
		return copy;
	errno = error;
	return -1;
}
