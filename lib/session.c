/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd_serve(): starts the workers, waits, and takes them down. The calling
 * thread serves no requests, so that it is there for signals and for
 * fusefd_exit(), however busy the filesystem is.
 */
#include "session.h"
#include "handoff.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The workers of one fusefd_serve(). */
struct crew {
	struct fusefd_worker *workers; /* room for one per device fd */
	size_t started;
};

void fusefd_session_end(struct fusefd_session *session, int outcome)
{
	int serving = FUSEFD_SERVING;

	(void)atomic_compare_exchange_strong(&session->outcome, &serving,
					     outcome);
	(void)sem_post(&session->wake);
}

int fusefd_session_exited(const struct fusefd_session *session)
{
	return session->callbacks.exited &&
	       session->callbacks.exited(session->userdata);
}

/* Nothing but an atomic store and sem_post(): signal-safety(7). */
void fusefd_exit(struct fusefd_handoff *handoff)
{
	int saved_errno = errno;

	if (!handoff) /* a handler may run before there is one */
		return;
	atomic_store(&handoff->session.exit_wanted, true);
	(void)sem_post(&handoff->session.wake);
	errno = saved_errno;
}

/* Start workers until there are so many. */
static int start_workers(struct fusefd_handoff *handoff, struct crew *crew,
			 size_t wanted)
{
	while (crew->started < wanted) {
		struct fusefd_worker *worker = &crew->workers[crew->started];
		int error = fusefd_worker_start(worker, handoff, crew->started);

		if (error)
			return error;
		crew->started++;
	}
	return 0;
}

/* All are told before one is waited for. */
static void stop_workers(struct crew *crew)
{
	for (size_t i = 0; i < crew->started; i++)
		fusefd_worker_cancel(&crew->workers[i]);
	for (size_t i = 0; i < crew->started; i++)
		fusefd_worker_join(&crew->workers[i]);
}

/* Until a post, a signal that was handled, or a second has passed: exited()
 * may change without either. A timed wait ends with EINTR even where the
 * handler has SA_RESTART, because the kernel cannot restart it in place. */
static void wait_a_second(struct fusefd_session *session)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	(void)sem_clockwait(&session->wake, CLOCK_MONOTONIC, &until);
}

static bool is_accepted(struct fusefd_session *session)
{
	return atomic_load(&session->init) == FUSEFD_INIT_ACCEPTED;
}

/* Ready is when all workers are, not just the one that answered FUSE_INIT. */
static int become_ready(struct fusefd_handoff *handoff, struct crew *crew)
{
	int error = start_workers(handoff, crew, handoff->count);

	if (error)
		return error;
	fusefd_notify_ready(&handoff->notify);
	fusefd_handoff_ready(handoff);
	return 0;
}

static int wait_for_end(struct fusefd_handoff *handoff, struct crew *crew,
			bool ready)
{
	struct fusefd_session *session = &handoff->session;
	int outcome;

	for (;;) {
		outcome = atomic_load(&session->outcome);
		if (outcome != FUSEFD_SERVING)
			return outcome;
		if (atomic_load(&session->exit_wanted) ||
		    fusefd_session_exited(session))
			return 0;
		if (!ready && is_accepted(session)) {
			outcome = become_ready(handoff, crew);
			if (outcome)
				return outcome;
			ready = true;
		}
		wait_a_second(session);
	}
}

static int run(struct fusefd_handoff *handoff)
{
	struct fusefd_session *session = &handoff->session;
	/* Asked before the first worker starts, which may be quick. Where
	 * FUSE_INIT was answered in an earlier session, all start at once. */
	const bool resumed = is_accepted(session);
	struct crew crew = {0};
	int outcome;

	crew.workers = calloc(handoff->count, sizeof(*crew.workers));
	if (!crew.workers)
		return -ENOMEM;
	atomic_store(&session->outcome, FUSEFD_SERVING);
	outcome = start_workers(handoff, &crew, resumed ? handoff->count : 1);
	if (!outcome)
		outcome = wait_for_end(handoff, &crew, resumed);
	stop_workers(&crew);
	free(crew.workers);
	return outcome;
}

/* Callers compiled for an older header have a smaller struct, those for a
 * newer one a larger; size tells. */
static bool take_callbacks(struct fusefd_session *session,
			   const struct fusefd_callbacks *callbacks)
{
	struct fusefd_callbacks taken = {0};
	size_t size = callbacks->size;

	if (size > sizeof(taken))
		size = sizeof(taken);
	memcpy(&taken, callbacks, size);
	if (!taken.request)
		return false;
	session->callbacks = taken;
	return true;
}

int fusefd_serve(struct fusefd_handoff *handoff,
		 const struct fusefd_callbacks *callbacks, void *userdata)
{
	struct fusefd_session *session;
	int outcome = 0;

	if (!handoff || !callbacks)
		return -EINVAL;
	session = &handoff->session;
	if (atomic_exchange(&session->running, true))
		return -EBUSY;
	session->userdata = userdata;
	if (!take_callbacks(session, callbacks))
		outcome = -EINVAL;
	else if (!atomic_load(&session->exit_wanted))
		outcome = run(handoff);
	atomic_store(&session->exit_wanted, false);
	atomic_store(&session->running, false);
	return outcome;
}
