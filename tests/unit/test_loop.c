/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The event loop, with eventfds and pipes for what happens.
 */
#include "common/loop.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

#include "dies.h"

enum { FIRST, SECOND };

struct seen {
	struct loop loop;
	int fd;
	int firsts, seconds, moments;
};

static void count_first(void *owner)
{
	((struct seen *)owner)->firsts++;
}

static void count_second(void *owner)
{
	((struct seen *)owner)->seconds++;
}

static void count_moment(void *owner)
{
	((struct seen *)owner)->moments++;
}

static void open_seen(struct seen *seen)
{
	*seen = (struct seen){.fd = eventfd(0, EFD_NONBLOCK)};
	assert_true(seen->fd >= 0);
	loop_open(&seen->loop, seen);
	loop_time(&seen->loop, FIRST, count_moment);
}

static void close_seen(struct seen *seen)
{
	close(seen->fd);
	close(seen->loop.epoll);
}

static void tell(const struct seen *seen)
{
	assert_int_equal(eventfd_write(seen->fd, 1), 0);
}

static void hear(const struct seen *seen)
{
	eventfd_t value;

	(void)eventfd_read(seen->fd, &value);
}

static void wait_so_long(struct seen *seen, int milliseconds)
{
	seen->loop.timers[FIRST].at = deadline_now() + milliseconds;
	loop_wait(&seen->loop);
}

static void timer_is_called_once(void **state)
{
	struct seen seen;
	int64_t begin;

	(void)state;
	open_seen(&seen);
	begin = deadline_now();
	wait_so_long(&seen, 30);
	assert_int_equal(seen.moments, 1);
	assert_true(deadline_now() - begin >= 30);
	assert_true(seen.loop.timers[FIRST].at == DEADLINE_NEVER);
	close_seen(&seen);
}

static void events_that_never_cease_do_not_put_off_a_timer(void **state)
{
	struct seen seen;

	(void)state;
	open_seen(&seen);
	loop_watch(&seen.loop, FIRST, seen.fd, EPOLLIN, count_first);
	tell(&seen);
	seen.loop.timers[FIRST].at = deadline_now() + 50;
	while (!seen.moments)
		loop_wait(&seen.loop);
	assert_true(seen.firsts > 1);
	close_seen(&seen);
}

/* As from a user who sets it from outside; poll(2) fails with EINVAL then. */
static void no_limit_on_fds_makes_it_spin(void **state)
{
	struct rlimit before, none;
	struct seen seen;
	int rounds = 0;

	(void)state;
	open_seen(&seen);
	loop_watch(&seen.loop, FIRST, seen.fd, EPOLLIN, count_first);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	seen.loop.timers[FIRST].at = deadline_now() + 30;
	for (; !seen.moments; rounds++)
		loop_wait(&seen.loop);
	tell(&seen);
	loop_wait(&seen.loop);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_true(rounds < 3);
	assert_int_equal(seen.firsts, 1);
	close_seen(&seen);
}

static void what_has_hung_up_is_told_once_without_events(void **state)
{
	struct seen seen;
	int ends[2];

	(void)state;
	open_seen(&seen);
	assert_int_equal(pipe(ends), 0);
	loop_watch(&seen.loop, FIRST, ends[1], 0, count_first);
	close(ends[0]);
	loop_wait(&seen.loop);
	wait_so_long(&seen, 10);
	assert_int_equal(seen.firsts, 1);
	assert_int_equal(seen.moments, 1);
	close(ends[1]);
	close_seen(&seen);
}

static void gathered_events_are_told_once_a_rest(void **state)
{
	struct seen seen;

	(void)state;
	open_seen(&seen);
	loop_watch_gathered(&seen.loop, FIRST, seen.fd, EPOLLIN, 300,
			    count_first);
	tell(&seen);
	loop_wait(&seen.loop);
	assert_int_equal(seen.firsts, 1);
	/* In its rest nothing is told, however much happens. */
	tell(&seen);
	wait_so_long(&seen, 10);
	assert_int_equal(seen.moments, 1);
	assert_int_equal(seen.firsts, 1);
	/* Then once, without an event. */
	hear(&seen);
	loop_wait(&seen.loop);
	assert_int_equal(seen.firsts, 2);
	/* And it is watched again. */
	wait_so_long(&seen, 10);
	assert_int_equal(seen.firsts, 2);
	tell(&seen);
	loop_wait(&seen.loop);
	assert_int_equal(seen.firsts, 3);
	close_seen(&seen);
}

/* ---- A place that is used anew ------------------------------------------------ */

static void replace_second(void *owner)
{
	struct seen *seen = owner;

	seen->firsts++;
	loop_forget(&seen->loop, FIRST);
	loop_watch(&seen->loop, SECOND, seen->fd, EPOLLOUT, count_second);
}

static void event_of_a_forgotten_source_is_not_the_next_ones(void **state)
{
	const int other = eventfd(1, EFD_NONBLOCK);
	struct seen seen;

	(void)state;
	open_seen(&seen);
	tell(&seen);
	loop_watch(&seen.loop, FIRST, seen.fd, EPOLLIN, replace_second);
	loop_watch(&seen.loop, SECOND, other, EPOLLIN, replace_second);
	/* Both are ready; whoever is called first replaces the other. */
	loop_wait(&seen.loop);
	assert_int_equal(seen.firsts, 1);
	assert_int_equal(seen.seconds, 0);
	loop_wait(&seen.loop);
	assert_int_equal(seen.firsts, 1);
	assert_int_equal(seen.seconds, 1);
	close(other);
	close_seen(&seen);
}

static void no_fd_is_not_watched(void **state)
{
	struct seen seen;

	(void)state;
	open_seen(&seen);
	loop_watch(&seen.loop, FIRST, -1, EPOLLIN, count_first);
	loop_forget(&seen.loop, FIRST);
	wait_so_long(&seen, 1);
	assert_int_equal(seen.firsts, 0);
	close_seen(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timer_is_called_once),
		cmocka_unit_test(
			events_that_never_cease_do_not_put_off_a_timer),
		cmocka_unit_test(no_limit_on_fds_makes_it_spin),
		cmocka_unit_test(what_has_hung_up_is_told_once_without_events),
		cmocka_unit_test(gathered_events_are_told_once_a_rest),
		cmocka_unit_test(
			event_of_a_forgotten_source_is_not_the_next_ones),
		cmocka_unit_test(no_fd_is_not_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
