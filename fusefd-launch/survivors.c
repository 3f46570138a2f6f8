/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "survivors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mount.h"
#include "probe.h"
#include "syscalls.h"

/* The mountpoint may lie in a filesystem that hangs, and a supervisor must not:
 * only what the kernel has in its caches is asked (Linux 5.12). An fd with
 * O_PATH asks nothing of the mount itself. */
static int open_root(const struct mounted *mounted)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS,
	};
	const int fd =
		sys_openat2(AT_FDCWD, mounted->launch->mountpoint.path, &how);

	if (fd < 0 || mount_id(fd) == mounted->id)
		return fd;
	close(fd);
	return -1;
}

/* The mount itself would be busy for as long as a probe is in it. */
static int copy_mount(const struct mounted *mounted)
{
	const struct launch *launch = mounted->launch;
	const int root = open_root(mounted);
	int copy = -1;

	if (root < 0)
		return -1;
	if (privileges_try_raise(&launch->privileges))
		copy = open_tree(root, "",
				 AT_EMPTY_PATH | OPEN_TREE_CLONE |
					 OPEN_TREE_CLOEXEC);
	close(root);
	return privileges_try_lower(&launch->privileges) ? copy : -1;
}

pid_t survivors_probe(const struct mounted *mounted)
{
	const int copy = copy_mount(mounted);
	pid_t probe;

	if (copy < 0)
		return -1;
	probe = probe_start(copy);
	close(copy);
	return probe;
}
