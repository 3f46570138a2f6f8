/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a session begins and ends, whoever ends it.
 */
#include "server.h"
#include <signal.h>
#include <time.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void invalid_callbacks(void **state)
{
	struct fusefd_callbacks none = {.size = sizeof(none)};
	struct fusefd_callbacks sizeless = {.request = on_request};
	struct fusefd_handoff *handoff;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	handoff = take(&c, FUSEFD_ACL_OWNER);
	assert_int_equal(fusefd_serve(NULL, &none, NULL), -EINVAL);
	assert_int_equal(fusefd_serve(handoff, NULL, NULL), -EINVAL);
	assert_int_equal(fusefd_serve(handoff, &none, NULL), -EINVAL);
	assert_int_equal(fusefd_serve(handoff, &sizeless, NULL), -EINVAL);
	fusefd_free(handoff);
	disconnect(&c);
}

static void one_session_at_a_time(void **state)
{
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	assert_int_equal(ask(&c), 0);
	assert_int_equal(serve(&s), -EBUSY);
	assert_int_equal(ask(&c), 0);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static void exit_before_serve(void **state)
{
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	fusefd_exit(s.handoff);
	assert_int_equal(serve(&s), 0);
	assert_int_equal(atomic_load(&s.requests), 0);
	/* It counts once. */
	start(&s);
	assert_int_equal(ask(&c), 0);
	fusefd_exit(s.handoff);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* After exit the fds are still there, and so is the connection, which the
 * next session serves with all workers at once: no FUSE_INIT comes again. */
static void next_session_resumes(void **state)
{
	pthread_barrier_t meet;
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 3);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	pthread_barrier_init(&meet, NULL, 3);
	s.meet = &meet;
	for (int session = 0; session < 3; session++) {
		start(&s);
		assert_int_equal(ask_at_once(&c, 3), 0);
		fusefd_exit(s.handoff);
		assert_int_equal(stop(&s), 0);
		assert_int_equal(count_workers(), 0);
	}
	pthread_barrier_destroy(&meet);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static atomic_bool clients_stop;
static atomic_int clients_done;

static void *restless_client(void *connection)
{
	intptr_t failed = 0;

	while (!atomic_load(&clients_stop))
		failed += ask(connection) != 0;
	atomic_fetch_add(&clients_done, 1);
	return (void *)failed;
}

/* However the end of a session falls between the reading of a request and its
 * answer, the request is answered: else a client would wait for ever. */
static void exit_loses_no_request(void **state)
{
	pthread_t clients[3];
	struct connection c;
	struct server s;
	void *failed;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	atomic_store(&clients_stop, false);
	atomic_store(&clients_done, 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			pthread_create(&clients[i], NULL, restless_client, &c),
			0);
	for (int session = 0; session < 300; session++) {
		start(&s);
		usleep(1000);
		fusefd_exit(s.handoff);
		assert_int_equal(stop(&s), 0);
	}
	start(&s);
	atomic_store(&clients_stop, true);
	for (int i = 0; i < 3000 && atomic_load(&clients_done) < 3; i++)
		usleep(10000);
	/* Who waits for an answer cannot even be killed, but the end of the
	 * connection ends that too, and counts as a failure. */
	fusefd_exit(s.handoff);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	for (size_t i = 0; i < 3; i++) {
		pthread_join(clients[i], &failed);
		assert_null(failed);
	}
	disconnect(&c);
}

static void unmount_under_load(void **state)
{
	pthread_t clients[4];
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 4);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	assert_int_equal(ask(&c), 0);
	atomic_store(&clients_stop, false);
	for (size_t i = 0; i < 4; i++)
		pthread_create(&clients[i], NULL, restless_client, &c);
	usleep(50000);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	assert_int_equal(count_workers(), 0);
	atomic_store(&clients_stop, true);
	for (size_t i = 0; i < 4; i++)
		pthread_join(clients[i], NULL);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static struct fusefd_handoff *signalled;

static void exit_on_signal(int number)
{
	(void)number;
	fusefd_exit(signalled);
}

static void only_interrupt(int number)
{
	(void)number;
}

static void handler_may_exit(void **state)
{
	const struct sigaction action = {
		.sa_handler = exit_on_signal,
		.sa_flags = SA_RESTART,
	};
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	signalled = s.handoff;
	sigaction(SIGTERM, &action, NULL);
	start(&s);
	assert_int_equal(ask(&c), 0);
	kill(getpid(), SIGTERM);
	assert_int_equal(stop(&s), 0);
	signal(SIGTERM, SIG_DFL);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* Many times, so that waiting for the second to pass would show. */
static void exited_is_asked_after_signals(void **state)
{
	const struct sigaction action = {
		.sa_handler = only_interrupt,
		.sa_flags = SA_RESTART,
	};
	struct connection c;
	struct server s;
	double begin;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	sigaction(SIGHUP, &action, NULL);
	begin = now();
	for (int session = 0; session < 20; session++) {
		atomic_store(&s.exited, false);
		start(&s);
		assert_int_equal(ask(&c), 0);
		usleep(20000); /* into the wait */
		atomic_store(&s.exited, true);
		pthread_kill(s.thread, SIGHUP);
		assert_int_equal(stop(&s), 0);
	}
	assert_true(now() - begin < 15);
	signal(SIGHUP, SIG_DFL);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static void exited_is_asked_each_second(void **state)
{
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 1);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	assert_int_equal(ask(&c), 0);
	atomic_store(&s.exited, true);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static void unanswered_init(void **state)
{
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	s.ignores_init = true;
	assert_int_equal(serve(&s), -EPROTO);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* The kernel then fails every request by itself, until it is unmounted. */
static void refused_init(void **state)
{
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	s.init_error = -EPERM;
	start(&s);
	assert_int_equal(ask(&c), ECONNREFUSED);
	assert_int_equal(count_workers(), 1);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* No machine has room for such a stack, so the next thread cannot start. */
static void demand_huge_stacks(struct server *server)
{
	pthread_attr_t attributes;

	(void)server;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)1 << 50);
	pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

static void worker_that_cannot_start(void **state)
{
	pthread_attr_t before;
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 4);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	s.at_init = demand_huge_stacks;
	pthread_getattr_default_np(&before);
	assert_int_equal(serve(&s), -EAGAIN);
	pthread_setattr_default_np(&before);
	pthread_attr_destroy(&before);
	assert_int_equal(count_workers(), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invalid_callbacks),
		cmocka_unit_test(one_session_at_a_time),
		cmocka_unit_test(exit_before_serve),
		cmocka_unit_test(next_session_resumes),
		cmocka_unit_test(exit_loses_no_request),
		cmocka_unit_test(unmount_under_load),
		cmocka_unit_test(handler_may_exit),
		cmocka_unit_test(exited_is_asked_after_signals),
		cmocka_unit_test(exited_is_asked_each_second),
		cmocka_unit_test(unanswered_init),
		cmocka_unit_test(refused_init),
		cmocka_unit_test(worker_that_cannot_start),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
