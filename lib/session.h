/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The session of a handoff: what its workers, its replies and the thread in
 * fusefd_serve() share. After FUSE_INIT the workers and the replies only read
 * it, so that no request waits for another.
 */
#ifndef FUSEFD_SESSION_H
#define FUSEFD_SESSION_H

#include <fusefd.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* How far FUSE_INIT has come on this connection. It comes once in the life
 * of a connection, so this outlives a session: the next one on the same
 * handoff finds FUSEFD_INIT_ACCEPTED. */
enum fusefd_init {
	FUSEFD_INIT_AWAITED,
	FUSEFD_INIT_IN_HAND, /* request() has it */
	FUSEFD_INIT_REFUSED, /* answered with an error, or the answer failed */
	FUSEFD_INIT_ACCEPTED,
};

/* What is no part of a request's usual way stays out of it: a function that is
 * called between two system calls is fetched anew each time. */
#define FUSEFD_RARE __attribute__((cold, noinline))

/* An outcome that is none yet; the others are 0 and negative errnos. */
#define FUSEFD_SERVING 1

struct fusefd_session {
	atomic_bool running;	 /* a thread is in fusefd_serve() */
	atomic_bool exit_wanted; /* fusefd_exit() */
	atomic_int outcome;
	sem_t wake; /* posted after a change that fusefd_serve() awaits */

	_Atomic enum fusefd_init init;
	_Atomic uint64_t init_unique; /* valid from FUSEFD_INIT_IN_HAND on */
	_Atomic size_t buffer_size;   /* valid from FUSEFD_INIT_ACCEPTED on */

	struct fusefd_callbacks callbacks;
	void *userdata;
};

/* One thread with one device fd. */
struct fusefd_worker {
	struct fusefd_handoff *handoff;
	size_t index;
	pthread_t thread;
	void *buffer;
	size_t buffer_size;
};

/* session.c: note how the session ends (the first to say it is heard), and
 * wake fusefd_serve(). */
void fusefd_session_end(struct fusefd_session *session, int outcome);

/* Whether exited() says that the session should end. */
int fusefd_session_exited(const struct fusefd_session *session);

/* worker.c: 0 or a negative errno. */
int fusefd_worker_start(struct fusefd_worker *worker,
			struct fusefd_handoff *handoff, size_t index);

/* Make the worker leave its read(), now or when it comes to the next. */
void fusefd_worker_cancel(struct fusefd_worker *worker);

/* Wait for the worker and free what it holds. */
void fusefd_worker_join(struct fusefd_worker *worker);

#endif
