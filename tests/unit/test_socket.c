/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a handoff from a socket: what is taken, and the payloads that are
 * refused.
 */
#include "sender.h"
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* ---- What is taken ------------------------------------------------------ */

static bool is_same_file(int a, int b)
{
	return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b) == 0;
}

static void takes_handoff(void **state)
{
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 4);
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		struct fusefd_handoff *handoff = NULL;

		open_pair(ends, socket_types[i]);
		send_handoff(ends[SENDER], c.fds, c.count);
		assert_int_equal(fusefd_from_socket(&handoff, ends[RECEIVER]),
				 0);
		assert_int_equal(fusefd_count(handoff), c.count);
		for (size_t j = 0; j < c.count; j++) {
			int fd = fusefd_fd(handoff, j);

			assert_true(is_same_file(fd, c.fds[j]));
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		}
		assert_string_equal(fusefd_mountpoint(handoff), "/mnt/a b");
		assert_int_equal(fusefd_owner(handoff), 1234);
		assert_int_equal(fusefd_get_acl(handoff),
				 FUSEFD_ACL_OWNER_AND_ROOT);
		fusefd_free(handoff);
		close_pair(ends);
	}
	expect(0, FACTS, sizeof(FACTS), c.fds, c.count);
	expect(0, FACTS "\0FUSEFD_LATER=", sizeof(FACTS "\0FUSEFD_LATER="),
	       c.fds, 1);
	disconnect(&c);
}

static void takes_253_fds(void **state)
{
	struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	connect_fds(&c, FUSEFD_MAX_FDS);
	expect(0, FACTS, sizeof(FACTS), c.fds, c.count);
	expect(0, "x", 1, c.fds, c.count);
	/* One more, no Linux carries. */
	c.fds[FUSEFD_MAX_FDS - 1] = c.fds[0];
	open_pair(ends, SOCK_STREAM);
	assert_int_equal(try_send(ends[SENDER], FACTS, sizeof(FACTS), c.fds,
				  FUSEFD_MAX_FDS + 1),
			 EINVAL);
	close_pair(ends);
	disconnect(&c);
}

static void takes_what_a_dead_sender_sent(void **state)
{
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	signal(SIGPIPE, SIG_DFL); /* its death would be ours */
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		open_pair(ends, socket_types[i]);
		send_handoff(ends[SENDER], c.fds, c.count);
		close(ends[SENDER]);
		assert_int_equal(outcome(ends[RECEIVER]), 0);
		close(ends[RECEIVER]);
	}
	disconnect(&c);
}

static void takes_foreign_payloads(void **state)
{
	static const char *const payloads[] = {
		"x", "{\"fd\": 3}", "FUSEFD_PROTOCOL", "fusefd_protocol=1", " ",
	};
	static char longest[32 * 1024];
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 3);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		struct fusefd_handoff *handoff = NULL;

		open_pair(ends, SOCK_STREAM);
		send_message(ends[SENDER], payloads[i], strlen(payloads[i]),
			     c.fds, c.count);
		assert_int_equal(fusefd_from_socket(&handoff, ends[RECEIVER]),
				 0);
		assert_int_equal(fusefd_count(handoff), c.count);
		assert_null(fusefd_mountpoint(handoff));
		assert_true(fusefd_owner(handoff) == FUSEFD_UNKNOWN_OWNER);
		assert_int_equal(fusefd_get_acl(handoff), FUSEFD_ACL_ALL);
		fusefd_free(handoff);
		close_pair(ends);
	}
	expect(0, "", 1, c.fds, c.count);
	expect(0, longest, sizeof(longest), c.fds, c.count);
	disconnect(&c);
}

/* What the receiver asked the kernel to add is none of the sender's doing. */
static void tolerates_credentials(void **state)
{
	struct connection c;
	int ends[2], on = 1;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		open_pair(ends, socket_types[i]);
		assert_int_equal(setsockopt(ends[RECEIVER], SOL_SOCKET,
					    SO_PASSCRED, &on, sizeof(on)),
				 0);
		send_handoff(ends[SENDER], c.fds, c.count);
		assert_int_equal(outcome(ends[RECEIVER]), 0);
		close_pair(ends);
	}
	disconnect(&c);
}

/* ---- What is refused ---------------------------------------------------- */

static void refuses_malformed_payloads(void **state)
{
#define PROTOCOL "FUSEFD_PROTOCOL=1\0"
#define PLACE	 "FUSEFD_MOUNTPOINT=/m\0"
#define ACL	 "FUSEFD_ACL=all\0"
#define OWNER	 "FUSEFD_OWNER=0\0"
#define MESSAGE(text)                                                          \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
	static const struct {
		const char *bytes;
		size_t length;
	} payloads[] = {
		MESSAGE("FUSEFD_PROTOCOL="),
		MESSAGE("FUSEFD_PROTOCOL=1"),
		MESSAGE(PROTOCOL),
		MESSAGE("FUSEFD_PROTOCOL=2\0" PLACE ACL OWNER),
		MESSAGE("FUSEFD_PROTOCOL=01\0" PLACE ACL OWNER),
		MESSAGE("FUSEFD_PROTOCOL=\0" PLACE ACL OWNER),
		MESSAGE(PROTOCOL ACL OWNER),
		MESSAGE(PROTOCOL PLACE OWNER),
		MESSAGE(PROTOCOL PLACE ACL),
		MESSAGE(PROTOCOL "FUSEFD_MOUNTPOINT=m\0" ACL OWNER),
		MESSAGE(PROTOCOL PLACE "FUSEFD_ACL=ALL\0" OWNER),
		MESSAGE(PROTOCOL PLACE ACL "FUSEFD_OWNER=-1\0"),
		MESSAGE(PROTOCOL PLACE ACL "FUSEFD_OWNER=4294967295\0"),
		/* bytes behind the last NUL */
		MESSAGE(PROTOCOL PLACE ACL OWNER "x"),
		MESSAGE(PROTOCOL PLACE ACL "FUSEFD_OWNER=0"),
		/* no variables of the protocol's */
		MESSAGE(PROTOCOL PLACE ACL OWNER "\0"),
		MESSAGE(PROTOCOL "\0" PLACE ACL OWNER),
		MESSAGE(PROTOCOL PLACE ACL OWNER "LD_PRELOAD=x\0"),
		MESSAGE(PROTOCOL PLACE ACL OWNER "NOTIFY_SOCKET=/x\0"),
		MESSAGE(PROTOCOL PLACE ACL OWNER "FUSEFD_LATER\0"),
		MESSAGE(PROTOCOL PLACE ACL OWNER "=\0"),
		MESSAGE(PROTOCOL PLACE ACL OWNER "FUSEFD_FDS=0\0"),
		/* twice */
		MESSAGE(PROTOCOL PLACE ACL OWNER OWNER),
		MESSAGE(PROTOCOL PROTOCOL PLACE ACL OWNER),
	};
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	expect(-EPROTO, FACTS, sizeof(FACTS), NULL, 0);
	expect(-EPROTO, "x", 1, NULL, 0);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		expect(-EPROTO, payloads[i].bytes, payloads[i].length, c.fds,
		       c.count);
	assert_int_equal(outcome_of(SOCK_STREAM, PROTOCOL PLACE ACL OWNER,
				    sizeof(PROTOCOL PLACE ACL OWNER) - 1, c.fds,
				    2),
			 0);
	/* A stream has no messages without bytes. */
	assert_int_equal(outcome_of(SOCK_SEQPACKET, "", 0, c.fds, 2), -EPROTO);
	assert_int_equal(outcome_of(SOCK_DGRAM, "", 0, c.fds, 2), -EPROTO);
	disconnect(&c);
}

static void refuses_too_long_payloads(void **state)
{
	static char longer[32 * 1024 + 1] = FACTS "\0FUSEFD_LATER=";
	static char much_longer[128 * 1024];
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	memset(longer + sizeof(FACTS "\0FUSEFD_LATER="), 'x',
	       sizeof(longer) - sizeof(FACTS "\0FUSEFD_LATER=") - 1);
	expect(-EPROTO, longer, sizeof(longer), c.fds, c.count);
	expect(-EPROTO, much_longer, sizeof(much_longer), c.fds, c.count);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_handoff),
		cmocka_unit_test(takes_253_fds),
		cmocka_unit_test(takes_what_a_dead_sender_sent),
		cmocka_unit_test(takes_foreign_payloads),
		cmocka_unit_test(tolerates_credentials),
		cmocka_unit_test(refuses_malformed_payloads),
		cmocka_unit_test(refuses_too_long_payloads),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
