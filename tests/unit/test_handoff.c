/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a handoff, from the environment and from fds.
 */
#include "connection.h"
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void assert_environment_is_clean(void)
{
	for (char **entry = environ; *entry; entry++)
		assert_int_not_equal(strncmp(*entry, "FUSEFD_", 7), 0);
}

static int from_env(void)
{
	struct fusefd_handoff *handoff = NULL;
	int error = fusefd_from_env(&handoff);

	assert_environment_is_clean();
	assert_int_equal(!error, handoff != NULL);
	fusefd_free(handoff);
	return error;
}

/* ---- From the environment ----------------------------------------------- */

static void no_handoff(void **state)
{
	(void)state;
	assert_int_equal(from_env(), -ENOENT);
	setenv("FUSEFD_OWNER", "0", 1);
	setenv("FUSEFD_BROKER_FD", "5", 1);
	assert_int_equal(from_env(), -ENOENT);
}

static void takes_announced_handoff(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 4);
	for (size_t i = 0; i < c.count; i++)
		fcntl(c.fds[i], F_SETFD, 0);
	announce(&c, "owner_and_root", "4294967294");
	setenv("FUSEFD_STATE_FD", "9", 1);
	setenv("FUSEFD_KEEPER_FD", "9", 1);

	assert_int_equal(fusefd_from_env(&handoff), 0);
	assert_environment_is_clean();
	assert_int_equal(fusefd_count(handoff), 4);
	for (size_t i = 0; i < c.count; i++) {
		assert_int_equal(fusefd_fd(handoff, i), c.fds[i]);
		assert_int_equal(fcntl(c.fds[i], F_GETFD), FD_CLOEXEC);
	}
	assert_int_equal(fusefd_fd(handoff, 4), -EINVAL);
	assert_string_equal(fusefd_mountpoint(handoff), c.mountpoint);
	assert_int_equal(fusefd_owner(handoff), 4294967294);
	assert_int_equal(fusefd_get_acl(handoff), FUSEFD_ACL_OWNER_AND_ROOT);

	fusefd_free(handoff);
	for (size_t i = 0; i < c.count; i++)
		assert_false(is_open(c.fds[i]));
	forget_fds(&c);
	disconnect(&c);
}

/* One variable of a good announcement, made bad (NULL: left out). */
struct fault {
	const char *name, *value;
};

static void closes_devices_of_malformed_handoff(void **state)
{
	static const struct fault faults[] = {
		{"FUSEFD_PROTOCOL", NULL},
		{"FUSEFD_PROTOCOL", ""},
		{"FUSEFD_PROTOCOL", "2"},
		{"FUSEFD_PROTOCOL", "01"},
		{"FUSEFD_PROTOCOL", "1 "},
		{"FUSEFD_MOUNTPOINT", NULL},
		{"FUSEFD_MOUNTPOINT", ""},
		{"FUSEFD_MOUNTPOINT", "mnt"},
		{"FUSEFD_ACL", NULL},
		{"FUSEFD_ACL", ""},
		{"FUSEFD_ACL", "Owner"},
		{"FUSEFD_ACL", "owner_and_roo"},
		{"FUSEFD_OWNER", NULL},
		{"FUSEFD_OWNER", ""},
		{"FUSEFD_OWNER", "-1"},
		{"FUSEFD_OWNER", "4294967295"},
		{"FUSEFD_OWNER", "4294967296"},
		{"FUSEFD_OWNER", "18446744073709551616"},
		{"FUSEFD_OWNER", "root"},
		{"FUSEFD_OWNER", "00"},
	};

	(void)state;
	require_fuse();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct connection c;

		connect_fds(&c, 2);
		announce(&c, "owner", "0");
		if (faults[i].value)
			setenv(faults[i].name, faults[i].value, 1);
		else
			unsetenv(faults[i].name);
		assert_int_equal(from_env(), -EPROTO);
		assert_false(is_open(c.fds[0]));
		assert_false(is_open(c.fds[1]));
		forget_fds(&c);
		disconnect(&c);
	}
}

static void malformed_lists(void **state)
{
	/* %d is a device fd, which must be closed however the rest reads. */
	static const char *const lists[] = {
		"%d,",
		",%d",
		"%d,,",
		"x,%d",
		"%d, 0",
		"%d,+0",
		"%d,-0",
		"%d,00",
		"%d,1x",
		"%d;0",
		"%d,99999999999",
		"%d,2147483648",
		"%d\n",
		"%d,0x0",
		"%d,4294967296,0",
		"-1,%d",
	};
	char list[64];

	(void)state;
	require_fuse();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct connection c;
		bool readable = strstr(lists[i], "%d,") || *lists[i] == ',' ||
				strstr(lists[i], ",%d");

		connect_fds(&c, 1);
		announce(&c, "owner", "0");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(list, sizeof(list), lists[i], c.fds[0]);
#pragma GCC diagnostic pop
		setenv("FUSEFD_FDS", list, 1);
		assert_int_equal(from_env(), -EPROTO);
		assert_int_equal(is_open(c.fds[0]), !readable);
		assert_true(is_open(0));
		if (readable)
			forget_fds(&c);
		disconnect(&c);
	}
	setenv("FUSEFD_PROTOCOL", "1", 1);
	assert_int_equal(from_env(), -EPROTO);
}

static void leaves_other_files_open(void **state)
{
	(void)state;
	setenv("FUSEFD_PROTOCOL", "1", 1);
	setenv("FUSEFD_FDS", "0,1,2", 1);
	setenv("FUSEFD_MOUNTPOINT", "/", 1);
	setenv("FUSEFD_ACL", "all", 1);
	setenv("FUSEFD_OWNER", "0", 1);
	assert_int_equal(from_env(), -ENOTTY);
	for (int fd = 0; fd < 3; fd++)
		assert_true(is_open(fd));
}

static void one_fd_too_many(void **state)
{
	char list[FUSEFD_MAX_FDS * 8 + 8];
	size_t length = 0;

	(void)state;
	for (int fd = 1000; fd < 1000 + FUSEFD_MAX_FDS + 1; fd++)
		length += (size_t)snprintf(list + length, sizeof(list) - length,
					   "%s%d", length ? "," : "", fd);
	setenv("FUSEFD_PROTOCOL", "1", 1);
	setenv("FUSEFD_FDS", list, 1);
	setenv("FUSEFD_MOUNTPOINT", "/", 1);
	setenv("FUSEFD_ACL", "all", 1);
	setenv("FUSEFD_OWNER", "0", 1);
	assert_int_equal(from_env(), -EPROTO);
	/* One fewer is well-formed, and now it is the fds that are wrong. */
	*strrchr(list, ',') = '\0';
	setenv("FUSEFD_PROTOCOL", "1", 1);
	setenv("FUSEFD_FDS", list, 1);
	setenv("FUSEFD_MOUNTPOINT", "/", 1);
	setenv("FUSEFD_ACL", "all", 1);
	setenv("FUSEFD_OWNER", "0", 1);
	assert_int_equal(from_env(), -EBADF);
}

/* What no setenv() makes, but execve() passes on. */
static void odd_environments(void **state)
{
	char *odd[] = {"FUSEFD_FDS=x", "A=1",	   "FUSEFD_",	 "FUSEFD_FDS=y",
		       "FUSEFD_ACL",   "FUSEFD_=", "B=FUSEFD_C", NULL};
	char **saved = environ;

	(void)state;
	environ = odd;
	assert_int_equal(from_env(), -EPROTO);
	assert_string_equal(odd[0], "A=1");
	assert_string_equal(odd[1], "B=FUSEFD_C");
	assert_null(odd[2]);
	environ = NULL;
	assert_int_equal(fusefd_from_env(NULL), -ENOENT);
	environ = saved;
}

/* ---- From fds ----------------------------------------------------------- */

static void takes_fds(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 3);
	fcntl(c.fds[1], F_SETFD, 0);
	handoff = take(&c, FUSEFD_ACL_ALL);
	assert_int_equal(fusefd_count(handoff), 3);
	assert_int_equal(fcntl(fusefd_fd(handoff, 1), F_GETFD), FD_CLOEXEC);
	assert_null(fusefd_mountpoint(handoff));
	assert_int_equal(fusefd_owner(handoff), geteuid());
	assert_int_equal(fusefd_get_acl(handoff), FUSEFD_ACL_ALL);
	fusefd_free(handoff);
	disconnect(&c);
}

static void children_hold_no_device(void **state)
{
	struct fusefd_handoff *handoff;
	struct connection c;
	int status = 0;
	pid_t child;

	(void)state;
	require_fuse();
	connect_fds(&c, 4);
	for (size_t i = 0; i < c.count; i++)
		fcntl(c.fds[i], F_SETFD, 0);
	handoff = take(&c, FUSEFD_ACL_ALL);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c",
		      "! ls -l /proc/self/fd | grep /dev/fuse", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	fusefd_free(handoff);
	disconnect(&c);
}

static void takes_253_fds(void **state)
{
	struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
	struct connection c;

	(void)state;
	require_fuse();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	connect_fds(&c, FUSEFD_MAX_FDS);
	announce(&c, "all", "0");
	assert_int_equal(from_env(), 0);
	forget_fds(&c);
	disconnect(&c);
}

static int pair(int primary, int extra)
{
	struct fusefd_handoff *handoff = NULL;
	int error =
		fusefd_from_fds(&handoff, primary, &extra, 1, FUSEFD_ACL_OWNER);

	assert_null(handoff);
	return error;
}

static void invalid_arguments(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	int extras[FUSEFD_MAX_FDS] = {0};

	(void)state;
	assert_int_equal(fusefd_from_fd(NULL, 0, FUSEFD_ACL_ALL), -EINVAL);
	assert_int_equal(fusefd_from_fd(&handoff, 0, (enum fusefd_acl)3),
			 -EINVAL);
	assert_int_equal(fusefd_from_fds(&handoff, 0, NULL, 1, FUSEFD_ACL_ALL),
			 -EINVAL);
	assert_int_equal(fusefd_from_fds(&handoff, 0, extras, FUSEFD_MAX_FDS,
					 FUSEFD_ACL_ALL),
			 -EINVAL);
	assert_null(handoff);
	fusefd_free(NULL);
	fusefd_exit(NULL);
}

static void fds_that_are_no_devices(void **state)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct fusefd_handoff *handoff = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fusefd_from_fd(&handoff, -1, FUSEFD_ACL_ALL), -EBADF);
	assert_int_equal(fusefd_from_fd(&handoff, 1 << 30, FUSEFD_ACL_ALL),
			 -EBADF);
	assert_int_equal(fusefd_from_fd(&handoff, null, FUSEFD_ACL_ALL),
			 -ENOTTY);
	assert_int_equal(fusefd_from_fd(&handoff, ends[0], FUSEFD_ACL_ALL),
			 -ENOTTY);
	assert_null(handoff);
	close(null);
	close(ends[0]);
	close(ends[1]);
}

/* A number may be that of an fd on a mount that nobody serves: its server must
 * not be waited for. The alarm is what ends a test that does. */
static void looks_at_no_file_of_a_mount_that_hangs(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	struct connection c;
	char list[16];
	int root;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	root = open(c.mountpoint, O_PATH | O_CLOEXEC);
	assert_true(root >= 0);
	snprintf(list, sizeof(list), "%d", root);
	alarm(10);
	assert_int_equal(setenv("FUSEFD_PROTOCOL", "1", 1), 0);
	assert_int_equal(setenv("FUSEFD_FDS", list, 1), 0);
	assert_int_equal(fusefd_from_env(&handoff), -EPROTO);
	alarm(120);
	assert_true(is_open(root));
	close(root);
	disconnect(&c);
}

static void devices_that_cannot_serve(void **state)
{
	struct connection c;
	int o_path, readable, unbound;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	o_path = open("/dev/fuse", O_PATH | O_CLOEXEC);
	readable = open("/dev/fuse", O_RDONLY | O_CLOEXEC);
	unbound = open_device();
	fcntl(c.fds[0], F_SETFD, 0);

	assert_int_equal(pair(c.fds[0], o_path), -EBADF);
	assert_int_equal(pair(c.fds[0], readable), -EBADF);
	assert_int_equal(pair(c.fds[0], unbound), -EXDEV);
	assert_int_equal(pair(unbound, c.fds[0]), -EXDEV);
	assert_int_equal(pair(unbound, unbound), -EPROTO);
	assert_int_equal(pair(c.fds[0], c.fds[0]), -EPROTO);
	/* On failure they stay the caller's, as they were. */
	assert_int_equal(fcntl(c.fds[0], F_GETFD), 0);
	assert_true(is_open(unbound));
	close(o_path);
	close(readable);
	close(unbound);
	disconnect(&c);
}

static void fds_of_two_connections(void **state)
{
	struct connection a, b;

	(void)state;
	require_fuse();
	connect_fds(&a, 2);
	connect_fds(&b, 1);
	assert_int_equal(pair(a.fds[0], b.fds[0]), -EXDEV);
	unmount(&b);
	assert_int_equal(pair(a.fds[0], b.fds[0]), -EXDEV);
	unmount(&a);
	assert_int_equal(pair(a.fds[0], a.fds[1]), -EXDEV);
	disconnect(&a);
	disconnect(&b);
}

/* What fdinfo would have shown, poll() shows in part; the rest is trusted. */
static void without_proc(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	struct connection c;
	int unbound;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	unbound = open_device();
	assert_int_equal(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	assert_int_equal(pair(c.fds[0], unbound), -EXDEV);
	assert_int_equal(fusefd_from_fds(&handoff, c.fds[0], &c.fds[1], 1,
					 FUSEFD_ACL_OWNER),
			 0);
	assert_int_equal(umount2("/proc", MNT_DETACH), 0);
	forget_fds(&c);
	fusefd_free(handoff);
	close(unbound);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_handoff),
		cmocka_unit_test(takes_announced_handoff),
		cmocka_unit_test(closes_devices_of_malformed_handoff),
		cmocka_unit_test(malformed_lists),
		cmocka_unit_test(leaves_other_files_open),
		cmocka_unit_test(one_fd_too_many),
		cmocka_unit_test(odd_environments),
		cmocka_unit_test(takes_fds),
		cmocka_unit_test(children_hold_no_device),
		cmocka_unit_test(takes_253_fds),
		cmocka_unit_test(invalid_arguments),
		cmocka_unit_test(fds_that_are_no_devices),
		cmocka_unit_test(looks_at_no_file_of_a_mount_that_hangs),
		cmocka_unit_test(devices_that_cannot_serve),
		cmocka_unit_test(fds_of_two_connections),
		cmocka_unit_test(without_proc),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
