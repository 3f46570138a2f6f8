/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The origin of requests: in one thread, and then under as many races as fit
 * into a second.
 */
#include "fuse3_origin.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fusefd_origin *new_origin(size_t workers)
{
	struct fusefd_origin *origin = fusefd_origin_new(workers);

	assert_non_null(origin);
	return origin;
}

/* A request whose handler returns without an answer. */
static void park(struct fusefd_origin *origin, size_t worker, uint64_t unique)
{
	fusefd_origin_begin(origin, worker, unique);
	fusefd_origin_end(origin);
}

static void assert_known(struct fusefd_origin *origin, uint64_t unique,
			 size_t worker)
{
	size_t found = SIZE_MAX;

	assert_true(fusefd_origin_peek(origin, unique, &found));
	assert_int_equal(found, worker);
}

static void assert_unknown(struct fusefd_origin *origin, uint64_t unique)
{
	size_t found;

	assert_false(fusefd_origin_peek(origin, unique, &found));
	assert_false(fusefd_origin_take(origin, unique, &found));
}

static void assert_taken(struct fusefd_origin *origin, uint64_t unique,
			 size_t worker)
{
	size_t found = SIZE_MAX;

	assert_true(fusefd_origin_take(origin, unique, &found));
	assert_int_equal(found, worker);
	assert_unknown(origin, unique);
}

/* ---- In one thread ------------------------------------------------------ */

static void an_answer_by_the_worker_itself_is_found_once(void **state)
{
	struct fusefd_origin *origin = new_origin(3);

	(void)state;
	fusefd_origin_begin(origin, 2, 10);
	assert_unknown(origin, 12);
	assert_known(origin, 10, 2);
	assert_taken(origin, 10, 2);
	fusefd_origin_end(origin);
	assert_unknown(origin, 10);
	fusefd_origin_free(origin);
}

/* As many as make the buckets of the table hold more than one each. */
static void unanswered_requests_are_remembered(void **state)
{
	struct fusefd_origin *origin = new_origin(2);
	const uint64_t last = 2000;

	(void)state;
	for (uint64_t unique = 2; unique <= last; unique += 2)
		park(origin, unique / 2 % 2, unique);
	for (uint64_t unique = last; unique >= 2; unique -= 2) {
		assert_known(origin, unique, unique / 2 % 2);
		assert_taken(origin, unique, unique / 2 % 2);
	}
	fusefd_origin_free(origin);
}

/* Uniques of two connections are often the same. */
static void two_origins_do_not_mix(void **state)
{
	struct fusefd_origin *ours = new_origin(2);
	struct fusefd_origin *theirs = new_origin(2);

	(void)state;
	fusefd_origin_begin(ours, 1, 4);
	assert_unknown(theirs, 4);
	fusefd_origin_end(ours);
	assert_unknown(theirs, 4);
	assert_taken(ours, 4, 1);
	fusefd_origin_free(ours);
	fusefd_origin_free(theirs);
}

/* The leak sanitizer is the judge. */
static void what_is_never_answered_is_freed(void **state)
{
	struct fusefd_origin *origin = new_origin(1);

	(void)state;
	park(origin, 0, 2);
	park(origin, 0, 4);
	fusefd_origin_free(origin);
	fusefd_origin_free(NULL);
}

/* ---- Under races -------------------------------------------------------- */

#define WORKERS	 4UL
#define REQUESTS 100000
#define LAG	 8 /* requests that an answerer may be behind */

/* A worker that hands each request to another thread and goes on, so that the
 * answer comes before, while and after the worker parks the request. */
struct lane {
	struct fusefd_origin *origin;
	size_t worker;
	_Atomic uint64_t begun, answered;
	unsigned long unknown, misplaced;
	pthread_t threads[2];
};

/* The uniques of the lanes interleave. They are even, as the kernel's are. */
static uint64_t unique_of(const struct lane *lane, uint64_t number)
{
	return 2 * (number * WORKERS + lane->worker + 1);
}

static void *work(void *argument)
{
	struct lane *lane = argument;

	for (uint64_t i = 0; i < REQUESTS; i++) {
		while (i - atomic_load(&lane->answered) > LAG)
			sched_yield();
		fusefd_origin_begin(lane->origin, lane->worker,
				    unique_of(lane, i));
		atomic_store(&lane->begun, i + 1);
		fusefd_origin_end(lane->origin);
	}
	return NULL;
}

static void *answer(void *argument)
{
	struct lane *lane = argument;

	for (uint64_t i = 0; i < REQUESTS; i++) {
		size_t worker = SIZE_MAX;

		while (atomic_load(&lane->begun) <= i)
			sched_yield();
		if (!fusefd_origin_take(lane->origin, unique_of(lane, i),
					&worker))
			lane->unknown++;
		else if (worker != lane->worker)
			lane->misplaced++;
		atomic_store(&lane->answered, i + 1);
	}
	return NULL;
}

static void start_lane(struct lane *lane, struct fusefd_origin *origin,
		       size_t worker)
{
	lane->origin = origin;
	lane->worker = worker;
	assert_int_equal(pthread_create(&lane->threads[0], NULL, work, lane),
			 0);
	assert_int_equal(pthread_create(&lane->threads[1], NULL, answer, lane),
			 0);
}

static void assert_lane_is_clean(const struct lane *lane)
{
	assert_int_equal(lane->unknown, 0);
	assert_int_equal(lane->misplaced, 0);
	/* None is left behind, in a slot or in the table. */
	for (uint64_t i = 0; i < REQUESTS; i++) {
		size_t worker;

		if (fusefd_origin_peek(lane->origin, unique_of(lane, i),
				       &worker))
			fail_msg("request %lu is still known",
				 (unsigned long)i);
	}
}

static void answers_from_other_threads_find_their_worker(void **state)
{
	struct fusefd_origin *origin = new_origin(WORKERS);
	struct lane *lanes = calloc(WORKERS, sizeof(*lanes));

	(void)state;
	assert_non_null(lanes);
	for (size_t i = 0; i < WORKERS; i++)
		start_lane(&lanes[i], origin, i);
	for (size_t i = 0; i < WORKERS; i++) {
		pthread_join(lanes[i].threads[0], NULL);
		pthread_join(lanes[i].threads[1], NULL);
	}
	for (size_t i = 0; i < WORKERS; i++)
		assert_lane_is_clean(&lanes[i]);
	free(lanes);
	fusefd_origin_free(origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_by_the_worker_itself_is_found_once),
		cmocka_unit_test(unanswered_requests_are_remembered),
		cmocka_unit_test(two_origins_do_not_mix),
		cmocka_unit_test(what_is_never_answered_is_freed),
		cmocka_unit_test(answers_from_other_threads_find_their_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
