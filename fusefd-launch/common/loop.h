/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The event loop of the programs that stay: one thread that waits for a few fds
 * and a few moments. It is epoll(7): poll(2) fails with EINVAL once somebody
 * lowers RLIMIT_NOFILE below the number of fds, as the user whose process it is
 * may do, and a loop around it spins from then on.
 */
#ifndef FUSEFD_LAUNCH_LOOP_H
#define FUSEFD_LAUNCH_LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "common/deadline.h"

#define LOOP_SOURCES 8
#define LOOP_TIMERS  4

/* owner: what loop_open() was given. */
typedef void loop_act(void *owner);

struct loop_source {
	int fd; /* -1: nothing is watched here */
	uint32_t events;
	int64_t rest;	  /* of a gathered source, in milliseconds; else 0 */
	deadline_t again; /* when its rest is over; DEADLINE_NEVER: no rest */
	uint32_t use;	  /* how often the place has been used */
	loop_act *act;
};

struct loop_timer {
	deadline_t at; /* to be set at any time; DEADLINE_NEVER: not at all */
	loop_act *act; /* called once, with `at` back at DEADLINE_NEVER */
};

struct loop {
	void *owner;
	int epoll;
	struct loop_source sources[LOOP_SOURCES];
	struct loop_timer timers[LOOP_TIMERS];
};

/* Dies if there can be no epoll fd. */
void loop_open(struct loop *loop, void *owner);

/* Call act when the fd is ready for one of the events (EPOLLIN, EPOLLOUT,
 * EPOLLPRI), or has hung up. With no events: when it has hung up, once. place:
 * a number below LOOP_SOURCES, the caller's name for the source; what was
 * watched there is forgotten. An fd of -1 is not watched. The fd remains the
 * caller's, who forgets it before closing it: a child's copy of it would go on
 * telling events. Dies if it cannot be watched. */
void loop_watch(struct loop *loop, size_t place, int fd, uint32_t events,
		loop_act *act);

/* The same for events that come in crowds and need not be seen at once: after
 * each, the fd rests for so many milliseconds. Then act is called once more, for
 * what has happened meanwhile. */
void loop_watch_gathered(struct loop *loop, size_t place, int fd,
			 uint32_t events, int64_t rest, loop_act *act);

/* Stop watching; nothing if the place is empty. */
void loop_forget(struct loop *loop, size_t place);

/* Call act at the moment that loop->timers[place].at has: never, so far. */
void loop_time(struct loop *loop, size_t place, loop_act *act);

/* Wait for something to happen, and call the acts that it concerns, each once:
 * those of timers first, so that events which never cease do not put them off.
 * An act must not block, and must do no more than a bounded piece of work. */
void loop_wait(struct loop *loop);

#endif
