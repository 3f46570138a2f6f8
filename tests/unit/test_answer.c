/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the sender of a handoff hears, and when.
 */
#include "sender.h"
#include "server.h"
#include <signal.h>
#include <sys/un.h>

#define TAKEN "FUSEFD_PROTOCOL=1\n"

/* The next message of the answer, "" where there will be none. */
static const char *hear(const int ends[2])
{
	static char message[1024];
	ssize_t length = recv(ends[SENDER], message, sizeof(message) - 1, 0);

	assert_true(length >= 0);
	message[length] = '\0';
	return message;
}

/* Fds that a child would have. */
static size_t count_inheritable(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) == 0;
	return count;
}

static int receive(struct fusefd_handoff **handoff, int ends[2])
{
	int error = fusefd_from_socket(handoff, ends[RECEIVER]);

	/* It is not needed any more: the handoff has its own. */
	close(ends[RECEIVER]);
	return error;
}

static void ready_when_it_serves(void **state)
{
	int others[8], ends[2];
	struct connection c;
	struct server s;
	char byte;

	(void)state;
	require_fuse();
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		struct fusefd_handoff *handoff = NULL;

		connect_fds(&c, 3);
		open_pair(ends, socket_types[i]);
		send_handoff(ends[SENDER], c.fds, c.count);
		close_fds(&c);
		forget_fds(&c);
		assert_int_equal(receive(&handoff, ends), 0);
		assert_string_equal(hear(ends), TAKEN);
		assert_int_equal(recv(ends[SENDER], &byte, 1, MSG_DONTWAIT),
				 -1);
		assert_int_equal(errno, EAGAIN);

		s = new_server(handoff);
		start(&s);
		assert_int_equal(ask(&c), 0);
		assert_string_equal(hear(ends), TAKEN "READY=1\n");
		if (socket_types[i] != SOCK_DGRAM)
			assert_string_equal(hear(ends), "");
		fusefd_exit(handoff);
		assert_int_equal(stop(&s), 0);
		/* Said once in its life: whoever has the number of the socket
		 * by now, is no sender. */
		for (size_t j = 0; j < 8; j++)
			others[j] = fcntl(0, F_DUPFD_CLOEXEC, 0);
		start(&s);
		assert_int_equal(ask(&c), 0);
		fusefd_exit(handoff);
		assert_int_equal(stop(&s), 0);
		fusefd_free(handoff);
		for (size_t j = 0; j < 8; j++)
			assert_int_equal(close(others[j]), 0);
		close(ends[SENDER]);
		disconnect(&c);
	}
}

static void told_of_an_end_before_ready(void **state)
{
	size_t inheritable;
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		struct fusefd_handoff *handoff = NULL;

		open_pair(ends, socket_types[i]);
		send_handoff(ends[SENDER], c.fds, c.count);
		inheritable = count_inheritable();
		assert_int_equal(receive(&handoff, ends), 0);
		assert_int_equal(count_inheritable(), inheritable);
		assert_string_equal(hear(ends), TAKEN);
		fusefd_free(handoff);
		assert_string_equal(hear(ends),
				    TAKEN "ERRNO=125\nSTATUS=the filesystem "
					  "ended before it was ready\n");
		close(ends[SENDER]);
	}
	disconnect(&c);
}

static void told_of_refusals(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	int unbound, ends[2];

	(void)state;
	require_fuse();
	unbound = open_device();
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		open_pair(ends, socket_types[i]);
		send_handoff(ends[SENDER], &unbound, 1);
		assert_int_equal(receive(&handoff, ends), -EXDEV);
		assert_string_equal(hear(ends),
				    TAKEN "ERRNO=18\nSTATUS=the fds are not "
					  "all on one mounted connection\n");
		close(ends[SENDER]);

		/* Of a version that is not ours. */
		open_pair(ends, socket_types[i]);
		send_message(ends[SENDER], "FUSEFD_PROTOCOL=9", 18, NULL, 0);
		assert_int_equal(receive(&handoff, ends), -EPROTO);
		assert_non_null(strstr(hear(ends), "\nERRNO=71\nSTATUS="));
		close(ends[SENDER]);
	}
	close(unbound);
}

static void foreign_senders_hear_nothing(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	struct connection c;
	int null, ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	open_pair(ends, SOCK_STREAM);
	send_message(ends[SENDER], "x", 1, c.fds, c.count);
	assert_int_equal(receive(&handoff, ends), 0);
	assert_string_equal(hear(ends), "");
	fusefd_free(handoff);
	close(ends[SENDER]);

	open_pair(ends, SOCK_STREAM);
	send_message(ends[SENDER], "{}", 2, &null, 1);
	assert_int_equal(receive(&handoff, ends), -ENOTTY);
	assert_string_equal(hear(ends), "");
	close(ends[SENDER]);
	close(null);
	disconnect(&c);
}

/* Neither SIGPIPE nor, where it reads nothing, a wait: the alarm would end
 * that. */
static void sender_that_does_not_listen(void **state)
{
	struct fusefd_handoff *handoff = NULL;
	struct connection c;
	struct server s;
	int ends[2];

	(void)state;
	require_fuse();
	signal(SIGPIPE, SIG_DFL);
	connect_fds(&c, 2);
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		open_pair(ends, socket_types[i]);
		while (send(ends[RECEIVER], "x", 1, MSG_DONTWAIT) == 1)
			;
		send_handoff(ends[SENDER], c.fds, c.count);
		assert_int_equal(receive(&handoff, ends), 0);
		fusefd_free(handoff);
		close(ends[SENDER]);

		open_pair(ends, socket_types[i]);
		send_handoff(ends[SENDER], c.fds, c.count);
		close(ends[SENDER]);
		assert_int_equal(receive(&handoff, ends), 0);
		fusefd_free(handoff);
	}
	open_pair(ends, SOCK_STREAM);
	send_message(ends[SENDER], "x", 1, c.fds, c.count);
	close(ends[SENDER]);
	assert_int_equal(receive(&handoff, ends), 0);
	s = new_server(handoff);
	start(&s);
	assert_int_equal(ask(&c), 0);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(handoff);
	disconnect(&c);
}

/* systemd's own way is there, too. */
static void manager_is_notified(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fusefd_handoff *handoff = NULL;
	char name[32], message[32];
	int manager, ends[2];
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	snprintf(name, sizeof(name), "@fusefd-answer-%d", getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(manager, (const struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 strlen(name))),
		0);
	connect_fds(&c, 2);
	open_pair(ends, SOCK_STREAM);
	send_message(ends[SENDER], "x", 1, c.fds, c.count);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(receive(&handoff, ends), 0);
	unsetenv("NOTIFY_SOCKET");
	s = new_server(handoff);
	start(&s);
	assert_int_equal(ask(&c), 0);
	assert_int_equal(recv(manager, message, sizeof(message), 0), 7);
	assert_memory_equal(message, "READY=1", 7);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(handoff);
	close(manager);
	close(ends[SENDER]);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_when_it_serves),
		cmocka_unit_test(told_of_an_end_before_ready),
		cmocka_unit_test(told_of_refusals),
		cmocka_unit_test(foreign_senders_hear_nothing),
		cmocka_unit_test(sender_that_does_not_listen),
		cmocka_unit_test(manager_is_notified),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
