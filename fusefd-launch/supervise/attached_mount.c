/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/mounted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "launch/mount/attach.h"
#include "launch/mount/mount.h"
#include "launch/mount/mount_unique.h"
#include "launch/mount/mountinfo.h"
#include "launch/mount/unmount.h"

static const char *lower(const struct launch *launch, const char *fault)
{
	if (privileges_try_lower(&launch->privileges))
		return fault;
	if (!fault)
		mount_detach(launch->mount);
	return "CAP_SYS_ADMIN could not be lowered";
}

static const char *attach(struct mounted *mounted)
{
	const struct launch *launch = mounted->launch;
	const char *fault;

	/* COMMAND may have taken its time. */
	if (!launch->caller.root &&
	    !mountpoint_is_unchanged(&launch->mountpoint))
		return "its owner or its mode was changed meanwhile";
	if (!privileges_try_raise(&launch->privileges))
		return "CAP_SYS_ADMIN could not be raised";
	fault = attach_mount(launch);
	if (fault)
		return lower(launch, fault);
	fault = attach_find_fault(launch);
	/* By the fd that there still is: to find it anew takes others, and a
	 * user may set our RLIMIT_NOFILE. */
	if (fault)
		mount_detach(launch->mount);
	return lower(launch, fault);
}

const char *mounted_attach(struct mounted *mounted, struct launch *launch)
{
	const char *fault;

	*mounted = (struct mounted){
		.launch = launch,
		.id = mount_id(launch->mount),
		.unique = mount_unique_id(launch->mount),
		.at = launch->mountpoint.fd,
		.connection = mount_connection(launch->mount),
	};
	fault = attach(mounted);
	close(launch->mount);
	launch->mount = -1;
	return fault;
}

int mounted_copy(const struct launch *launch, int fd)
{
	int copy = -1;

	if (privileges_try_raise(&launch->privileges))
		copy = open_tree(fd, "",
				 AT_EMPTY_PATH | OPEN_TREE_CLONE |
					 OPEN_TREE_CLOEXEC);
	if (privileges_try_lower(&launch->privileges))
		return copy;
	if (copy >= 0)
		close(copy);
	return -1;
}

bool mounted_is_gone(const struct mounted *mounted)
{
	struct mountinfo info;

	if (mounted->at < 0 || mount_unique_is_gone(mounted->unique))
		return true;
	return mountinfo_read(&info, mounted->launch->owner.uid, mounted->id) &&
	       !info.parent;
}

void mounted_let_go(struct mounted *mounted)
{
	if (mounted->at >= 0)
		close(mounted->at);
	mounted->at = -1;
}

bool mounted_is_used(const struct mounted *mounted)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u",
		 mounted->connection);
	return access(path, F_OK) == 0;
}

const char *mounted_unmount(const struct mounted *mounted)
{
	const struct launch *launch = mounted->launch;
	int error;

	if (mounted_is_gone(mounted))
		return NULL;
	if (!privileges_try_raise(&launch->privileges))
		return "CAP_SYS_ADMIN could not be raised";
	error = unmount_exactly(mounted->id, mounted->at, MNT_DETACH);
	(void)privileges_try_lower(&launch->privileges);
	switch (error) {
	case 0:
		return NULL;
	case EINVAL:
		return mounted_is_gone(mounted) ? NULL
						: "it was moved elsewhere";
	case EBUSY:
		return "something else is mounted on top of it";
	default:
		return strerror(error);
	}
}
