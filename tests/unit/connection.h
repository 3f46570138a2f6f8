/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For unit tests: real connections, mounted in a mount namespace that the
 * test program made for itself, so that nothing is left however it ends.
 */
#ifndef FUSEFD_TEST_CONNECTION_H
#define FUSEFD_TEST_CONNECTION_H

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse_abi.h"
#include <cmocka.h>
#include <fcntl.h>
#include <fusefd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* A mounted connection and its device fds, the primary first. A number of -1
 * is not ours any more. */
struct connection {
	int fds[FUSEFD_MAX_FDS];
	size_t count;
	char mountpoint[32];
};

static bool may_mount;

/* Group setup: a private namespace, and a clock against tests that hang. */
static inline int enter_namespace(void **state)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	(void)state;
	alarm(120);
	may_mount = device >= 0 && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (device >= 0)
		close(device);
	return 0;
}

/* Skip the test where this machine cannot mount; fail where it has to. */
static inline void require_fuse(void)
{
	const char *required = getenv("FUSEFD_REQUIRE");

	if (may_mount)
		return;
	if (required && strstr(required, "fuse"))
		fail_msg("needs root, /dev/fuse and a mount namespace");
	skip();
}

static inline int open_device(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline int clone_of(int primary)
{
	uint32_t source = (uint32_t)primary;
	int fd = open_device();

	assert_int_equal(ioctl(fd, FUSE_DEV_IOC_CLONE, &source), 0);
	return fd;
}

/* more: mount options besides the ones that every FUSE mount needs. */
static inline void connect_with(struct connection *connection, size_t count,
				const char *more)
{
	char options[128];

	memset(connection, 0, sizeof(*connection));
	strcpy(connection->mountpoint, "/tmp/fusefd.XXXXXX");
	assert_non_null(mkdtemp(connection->mountpoint));
	connection->fds[0] = open_device();
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%u,group_id=%u%s",
		 connection->fds[0], geteuid(), getegid(), more);
	assert_int_equal(mount("test", connection->mountpoint, "fuse.test",
			       MS_NOSUID | MS_NODEV, options),
			 0);
	for (size_t i = 1; i < count; i++)
		connection->fds[i] = clone_of(connection->fds[0]);
	connection->count = count;
}

static inline void connect_fds(struct connection *connection, size_t count)
{
	connect_with(connection, count, "");
}

static inline void unmount(const struct connection *connection)
{
	assert_int_equal(umount2(connection->mountpoint, MNT_DETACH), 0);
}

static inline void close_fds(struct connection *connection)
{
	for (size_t i = 0; i < connection->count; i++)
		if (connection->fds[i] >= 0)
			close(connection->fds[i]);
}

/* The handoff has taken the fds: they are not to be closed here. */
static inline void forget_fds(struct connection *connection)
{
	for (size_t i = 0; i < connection->count; i++)
		connection->fds[i] = -1;
}

static inline void disconnect(struct connection *connection)
{
	(void)umount2(connection->mountpoint, MNT_DETACH);
	close_fds(connection);
	rmdir(connection->mountpoint);
}

static inline bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* A handoff of all its fds. */
static inline struct fusefd_handoff *take(struct connection *connection,
					  enum fusefd_acl acl)
{
	struct fusefd_handoff *handoff = NULL;

	assert_int_equal(fusefd_from_fds(&handoff, connection->fds[0],
					 connection->fds + 1,
					 connection->count - 1, acl),
			 0);
	forget_fds(connection);
	return handoff;
}

/* Put a complete announcement of these fds into the environment. */
static inline void announce(const struct connection *connection,
			    const char *acl, const char *owner)
{
	char list[FUSEFD_MAX_FDS * 8] = "";
	size_t length = 0;

	for (size_t i = 0; i < connection->count; i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length,
					   "%s%d", i ? "," : "",
					   connection->fds[i]);
	setenv("FUSEFD_PROTOCOL", "1", 1);
	setenv("FUSEFD_FDS", list, 1);
	setenv("FUSEFD_MOUNTPOINT", connection->mountpoint, 1);
	setenv("FUSEFD_ACL", acl, 1);
	setenv("FUSEFD_OWNER", owner, 1);
}

#endif
