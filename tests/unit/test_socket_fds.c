/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a handoff from a socket: the fds that are refused, and that none of
 * them stays open.
 */
#include "sender.h"
#include <sys/resource.h>
#include <sys/syscall.h>

/* ---- Fds ---------------------------------------------------------------- */

static void expect_pair(int error, int primary, int extra)
{
	const int fds[] = {primary, extra};

	expect(error, FACTS, sizeof(FACTS), fds, 2);
	expect(error, "x", 1, fds, 2);
}

static void refuses_what_is_no_device(void **state)
{
	int others[6], ends[2];
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	assert_int_equal(pipe(others), 0);
	others[2] = open("/dev/null", O_RDWR | O_CLOEXEC);
	others[3] = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	open_pair(ends, SOCK_STREAM);
	others[4] = ends[0];
	others[5] = ends[1];
	for (size_t i = 0; i < 6; i++) {
		assert_true(others[i] >= 0);
		expect_pair(-ENOTTY, c.fds[0], others[i]);
		expect_pair(-ENOTTY, others[i], c.fds[0]);
		close(others[i]);
	}
	disconnect(&c);
}

/* The alarm is what ends a test that waits for the mount's server. */
static void waits_for_no_filesystem(void **state)
{
	struct connection c;
	int root;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	root = open(c.mountpoint, O_PATH | O_CLOEXEC);
	assert_true(root >= 0);
	alarm(10);
	expect_pair(-EBADF, c.fds[0], root);
	alarm(120);
	close(root);
	disconnect(&c);
}

static void refuses_devices_that_cannot_serve(void **state)
{
	struct connection c, other;
	int o_path, readable, unbound, twin;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	connect_fds(&other, 1);
	o_path = open("/dev/fuse", O_PATH | O_CLOEXEC);
	readable = open("/dev/fuse", O_RDONLY | O_CLOEXEC);
	unbound = open_device();
	twin = fcntl(c.fds[0], F_DUPFD_CLOEXEC, 0);

	expect_pair(-EBADF, c.fds[0], o_path);
	expect_pair(-EBADF, o_path, c.fds[0]);
	expect_pair(-EBADF, c.fds[0], readable);
	expect_pair(-EXDEV, c.fds[0], unbound);
	expect_pair(-EXDEV, unbound, c.fds[0]);
	expect_pair(-EXDEV, c.fds[0], other.fds[0]);
	expect_pair(-EPROTO, c.fds[0], c.fds[0]);
	expect_pair(-EPROTO, c.fds[0], twin);
	expect_pair(0, c.fds[0], c.fds[1]);
	unmount(&c);
	expect_pair(-EXDEV, c.fds[0], c.fds[1]);

	close(o_path);
	close(readable);
	close(unbound);
	close(twin);
	disconnect(&other);
	disconnect(&c);
}

/* With no more fds than that above the lowest that is free. */
static int outcome_with_room(rlim_t room, int socket)
{
	const int lowest = fcntl(0, F_DUPFD_CLOEXEC, 0);
	struct rlimit all, few;
	int error;

	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	few.rlim_cur = (rlim_t)lowest + room;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	error = outcome(socket);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	return error;
}

/* Some of them are open by the time that there is no more room. */
static void refuses_more_fds_than_may_be_open(void **state)
{
	static const rlim_t rooms[] = {1, 8, 15};
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 16);
	open_pair(ends, SOCK_SEQPACKET);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		send_handoff(ends[SENDER], c.fds, c.count);
		assert_int_equal(outcome_with_room(rooms[i], ends[RECEIVER]),
				 -EMFILE);
		send_message(ends[SENDER], "x", 1, c.fds, c.count);
		assert_int_equal(outcome_with_room(rooms[i], ends[RECEIVER]),
				 -EMFILE);
	}
	/* There must be room for the way back, too. */
	send_handoff(ends[SENDER], c.fds, c.count);
	assert_int_equal(outcome_with_room(16, ends[RECEIVER]), -EMFILE);
	send_handoff(ends[SENDER], c.fds, c.count);
	assert_int_equal(outcome(ends[RECEIVER]), 0);
	close_pair(ends);
	disconnect(&c);
}

/* ---- Control messages --------------------------------------------------- */

/* A kernel of another make: changes what recvmsg() returns from the sender; that
 * is called in a child, which passes on what it got. */
static void (*forge)(struct msghdr *header);
static pid_t receiver;

/* In place of the C library's, for the library too. */
ssize_t recvmsg(int fd, struct msghdr *header, int flags)
{
	ssize_t length = syscall(SYS_recvmsg, fd, header, flags);

	assert_true(flags & MSG_CMSG_CLOEXEC);
	if (length >= 0 && forge && getpid() != receiver)
		forge(header);
	return length;
}

static void put_fds(struct cmsghdr *control, int type, const int *fds,
		    size_t count)
{
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = type;
	control->cmsg_len = CMSG_LEN(count * sizeof(*fds));
	memcpy(CMSG_DATA(control), fds, count * sizeof(*fds));
}

/* Its one control message of two fds into two of one. */
static void divide(struct msghdr *header, int type)
{
	struct cmsghdr *first = header->msg_control;
	int fds[2];

	memcpy(fds, CMSG_DATA(first), sizeof(fds));
	header->msg_controllen = 2 * CMSG_SPACE(sizeof(int));
	memset(first, 0, header->msg_controllen);
	put_fds(first, SCM_RIGHTS, &fds[0], 1);
	put_fds(CMSG_NXTHDR(header, first), type, &fds[1], 1);
}

static void divide_rights(struct msghdr *header)
{
	divide(header, SCM_RIGHTS);
}

static void make_pidfd(struct msghdr *header)
{
	divide(header, 4); /* SCM_PIDFD */
}

static void add_fds_to_254(struct msghdr *header)
{
	struct cmsghdr *control = header->msg_control;
	int fds[FUSEFD_MAX_FDS + 1];

	memcpy(fds, CMSG_DATA(control), sizeof(int));
	for (size_t i = 1; i <= FUSEFD_MAX_FDS; i++)
		fds[i] = clone_of(fds[0]);
	put_fds(control, SCM_RIGHTS, fds, FUSEFD_MAX_FDS + 1);
	header->msg_controllen = CMSG_SPACE(sizeof(fds));
}

static void control_that_linux_does_not_send(void **state)
{
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	receiver = getpid();
	forge = divide_rights;
	expect(-EPROTO, FACTS, sizeof(FACTS), c.fds, 2);
	forge = add_fds_to_254;
	expect(-EPROTO, FACTS, sizeof(FACTS), c.fds, 1);
	/* This it does, where the receiver has asked for it. */
	forge = make_pidfd;
	expect(0, FACTS, sizeof(FACTS), c.fds, 2);
	forge = NULL;
	disconnect(&c);
}

/* Sent as two, the kernel delivers them as one. */
static void two_control_messages(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	char bytes[2 * CMSG_SPACE(sizeof(int))]
		__attribute__((aligned(sizeof(struct cmsghdr)))) = {0};
	struct iovec iov = {.iov_base = FACTS, .iov_len = sizeof(FACTS)};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = bytes,
		.msg_controllen = sizeof(bytes),
	};
	struct cmsghdr *first = CMSG_FIRSTHDR(&header);
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	put_fds(first, SCM_RIGHTS, &c.fds[0], 1);
	put_fds(CMSG_NXTHDR(&header, first), SCM_RIGHTS, &c.fds[1], 1);
	open_pair(ends, SOCK_STREAM);
	assert_int_equal(sendmsg(ends[SENDER], &header, 0), sizeof(FACTS));
	assert_int_equal(fusefd_from_socket(&handoff, ends[RECEIVER]), 0);
	assert_int_equal(fusefd_count(handoff), 2);
	fusefd_free(handoff);
	close_pair(ends);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_device),
		cmocka_unit_test(waits_for_no_filesystem),
		cmocka_unit_test(refuses_devices_that_cannot_serve),
		cmocka_unit_test(refuses_more_fds_than_may_be_open),
		cmocka_unit_test(control_that_linux_does_not_send),
		cmocka_unit_test(two_control_messages),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
