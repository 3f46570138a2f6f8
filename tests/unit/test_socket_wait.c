/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a handoff from a socket: the sockets that are refused, and how a
 * message is waited for.
 */
#include "sender.h"
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/un.h>

/* ---- Sockets ------------------------------------------------------------ */

static int tried(int fd)
{
	struct fusefd_handoff *handoff = NULL;
	int error = fusefd_from_socket(&handoff, fd);

	assert_null(handoff);
	return error;
}

static void refuses_other_sockets(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct sockaddr_in self = {.sin_family = AF_INET};
	socklen_t length = sizeof(self);
	int fd, ends[2];

	(void)state;
	assert_int_equal(tried(-1), -EBADF);
	assert_int_equal(tried(0), -ENOTSOCK);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(tried(fd), -ENOTCONN);
	close(fd);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(tried(fd), -ENOTCONN);
	close(fd);

	/* Connected to itself, with something to read that must stay. */
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&self, sizeof(self)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&self, &length), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&self, sizeof(self)),
			 0);
	assert_int_equal(tried(fd), -EAFNOSUPPORT);
	close(fd);

	open_pair(ends, SOCK_STREAM);
	assert_int_equal(send(ends[SENDER], "x", 1, 0), 1);
	assert_int_equal(fusefd_from_socket(NULL, ends[RECEIVER]), -EINVAL);
	assert_int_equal(outcome(ends[RECEIVER]), -EPROTO); /* still there */
	close_pair(ends);
}

/* ---- Waiting ------------------------------------------------------------ */

static void nothing_comes(void **state)
{
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		open_pair(ends, socket_types[i]);
		fcntl(ends[RECEIVER], F_SETFL, O_NONBLOCK);
		assert_int_equal(outcome(ends[RECEIVER]), -EAGAIN);
		/* Nothing was taken from it: it can be asked again. */
		send_handoff(ends[SENDER], c.fds, c.count);
		assert_int_equal(outcome(ends[RECEIVER]), 0);
		close_pair(ends);
	}
	disconnect(&c);
}

/* A datagram socket is not told of it. */
static void peer_closes(void **state)
{
	int ends[2];

	(void)state;
	for (size_t i = 0; i < SOCKET_TYPES; i++) {
		if (socket_types[i] == SOCK_DGRAM)
			continue;
		open_pair(ends, socket_types[i]);
		close(ends[SENDER]);
		assert_int_equal(outcome(ends[RECEIVER]), -ENOENT);
		close(ends[RECEIVER]);
	}
	/* And before it has read what the receiver had to say. */
	open_pair(ends, SOCK_STREAM);
	assert_int_equal(send(ends[RECEIVER], "?", 1, 0), 1);
	close(ends[SENDER]);
	assert_int_equal(outcome(ends[RECEIVER]), -ECONNRESET);
	close(ends[RECEIVER]);
}

static atomic_int signals;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

/* A sender that interrupts the receiver before it sends. */
struct interrupter {
	const struct connection *connection;
	pthread_t receiver;
	int socket;
};

static void *interrupt_and_send(void *argument)
{
	const struct interrupter *interrupter = argument;

	for (int i = 1; i <= 20; i++) {
		usleep(5000);
		pthread_kill(interrupter->receiver, SIGUSR1);
		while (atomic_load(&signals) < i)
			usleep(1000);
	}
	send_handoff(interrupter->socket, interrupter->connection->fds,
		     interrupter->connection->count);
	return NULL;
}

static void signals_do_not_end_the_wait(void **state)
{
	const struct sigaction action = {.sa_handler = count_signal};
	struct interrupter interrupter;
	pthread_t sender;
	struct connection c;
	int ends[2];

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	open_pair(ends, SOCK_STREAM);
	sigaction(SIGUSR1, &action, NULL);
	interrupter = (struct interrupter){
		.connection = &c,
		.receiver = pthread_self(),
		.socket = ends[SENDER],
	};
	assert_int_equal(
		pthread_create(&sender, NULL, interrupt_and_send, &interrupter),
		0);
	assert_int_equal(outcome(ends[RECEIVER]), 0);
	pthread_join(sender, NULL);
	signal(SIGUSR1, SIG_DFL);
	close_pair(ends);
	disconnect(&c);
}

static void timeout_ends_the_wait(void **state)
{
	const struct timeval soon = {.tv_usec = 10000};
	int ends[2];

	(void)state;
	open_pair(ends, SOCK_STREAM);
	assert_int_equal(setsockopt(ends[RECEIVER], SOL_SOCKET, SO_RCVTIMEO,
				    &soon, sizeof(soon)),
			 0);
	assert_int_equal(outcome(ends[RECEIVER]), -EAGAIN);
	close_pair(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_other_sockets),
		cmocka_unit_test(nothing_comes),
		cmocka_unit_test(peer_closes),
		cmocka_unit_test(signals_do_not_end_the_wait),
		cmocka_unit_test(timeout_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
