/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/announced.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/fuse_calls.h"
#include "protocol.h"

struct announced announced;

static char *copy_of(const char *name)
{
	const char *value = secure_getenv(name);

	return value ? strdup(value) : NULL;
}

void announced_read(void)
{
	const char *protocol = secure_getenv(FUSEFD_NAME_PROTOCOL);

	if (!protocol || strcmp(protocol, FUSEFD_PROTOCOL_VERSION) != 0)
		return;
	announced = (struct announced){
		.fds = copy_of(FUSEFD_NAME_FDS),
		.mountpoint = copy_of(FUSEFD_NAME_MOUNTPOINT),
		.acl = copy_of(FUSEFD_NAME_ACL),
		.supervised = copy_of(FUSEFD_NAME_SUPERVISED),
	};
	if (announced.supervised)
		fusefd_notify_from_env(&announced.supervisor);
}

/* Without links, as the launcher announces it. An O_PATH fd, because to open
 * or to stat the root of a mount could wait for its filesystem, which is us. */
static bool resolve(const char *path, char *resolved, size_t size)
{
	const int fd = open(path, O_PATH | O_CLOEXEC);
	char name[32];
	ssize_t length;

	if (fd < 0)
		return false;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = readlink(name, resolved, size - 1);
	(void)close(fd);
	if (length < 0)
		return false;
	resolved[length] = '\0';
	return true;
}

/* realpath(3) makes /dev/fuse of /dev/fd/N, and who does not know that form of
 * a mountpoint asks to mount there. */
bool announced_is_mountpoint(const char *path)
{
	char resolved[PATH_MAX];

	if (!path || !announced.mountpoint)
		return false;
	if (strcmp(path, announced.mountpoint) == 0)
		return true;
	if (!resolve(path, resolved, sizeof(resolved)))
		return false;
	return strcmp(resolved, announced.mountpoint) == 0 ||
	       strcmp(resolved, FUSE_DEVICE) == 0;
}

bool announced_is_for_others(void)
{
	return !announced.acl ||
	       strcmp(announced.acl, FUSEFD_ACL_NAME_OWNER) != 0;
}
