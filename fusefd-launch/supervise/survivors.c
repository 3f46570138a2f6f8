/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/survivors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/syscalls.h"
#include "launch/mount/mount.h"
#include "supervise/probe.h"

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

pid_t survivors_probe(const struct mounted *mounted)
{
	const int root = open_root(mounted);
	int copy;
	pid_t probe;

	if (root < 0)
		return -1;
	copy = mounted_copy(mounted->launch, root);
	close(root);
	if (copy < 0)
		return -1;
	probe = probe_start(copy);
	close(copy);
	return probe;
}
