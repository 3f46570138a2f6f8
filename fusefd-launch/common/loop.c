/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/die.h"

void loop_open(struct loop *loop, void *owner)
{
	*loop = (struct loop){
		.owner = owner,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	if (loop->epoll < 0)
		die("cannot wait for events: %s", strerror(errno));
	for (size_t i = 0; i < LOOP_SOURCES; i++)
		loop->sources[i] = (struct loop_source){
			.fd = -1,
			.again = DEADLINE_NEVER,
		};
	for (size_t i = 0; i < LOOP_TIMERS; i++)
		loop->timers[i].at = DEADLINE_NEVER;
}

/* ---- Sources ---------------------------------------------------------------- */

static uint32_t wanted(const struct loop_source *source)
{
	const bool once = source->rest || !source->events;

	return source->events | (once ? (uint32_t)EPOLLONESHOT : 0);
}

/* The place in the lower half, its use in the upper: an event that was told
 * before the place was used anew is not the new one's. */
static int control(struct loop *loop, int operation, size_t place)
{
	const struct loop_source *source = &loop->sources[place];
	struct epoll_event event = {
		.events = wanted(source),
		.data.u64 = (uint64_t)source->use << 32 | place,
	};

	return epoll_ctl(loop->epoll, operation, source->fd, &event);
}

void loop_watch_gathered(struct loop *loop, size_t place, int fd,
			 uint32_t events, int64_t rest, loop_act *act)
{
	struct loop_source *source = &loop->sources[place];

	loop_forget(loop, place);
	*source = (struct loop_source){
		.fd = fd,
		.events = events,
		.rest = rest,
		.again = DEADLINE_NEVER,
		.use = source->use + 1,
		.act = act,
	};
	if (fd >= 0 && control(loop, EPOLL_CTL_ADD, place))
		die("cannot wait for events of fd %d: %s", fd, strerror(errno));
}

void loop_watch(struct loop *loop, size_t place, int fd, uint32_t events,
		loop_act *act)
{
	loop_watch_gathered(loop, place, fd, events, 0, act);
}

void loop_forget(struct loop *loop, size_t place)
{
	struct loop_source *source = &loop->sources[place];

	if (source->fd >= 0)
		(void)control(loop, EPOLL_CTL_DEL, place);
	source->fd = -1;
	source->again = DEADLINE_NEVER;
}

static void tell_event(struct loop *loop, const struct epoll_event *event)
{
	struct loop_source *source =
		&loop->sources[event->data.u64 & UINT32_MAX];

	if (source->fd < 0 || source->use != event->data.u64 >> 32)
		return;
	if (source->rest)
		source->again = deadline_now() + source->rest;
	source->act(loop->owner);
}

/* /proc/self/mountinfo tells each change to whoever asks first, and a
 * modification asks: epoll_wait(2), which asks again, would pass over what has
 * changed during the rest. Hence the act without an event. */
static void end_rest(struct loop *loop, size_t place)
{
	struct loop_source *source = &loop->sources[place];

	if (source->fd < 0 || source->again > deadline_now())
		return;
	source->again = DEADLINE_NEVER;
	if (control(loop, EPOLL_CTL_MOD, place))
		source->again = deadline_now() + source->rest;
	source->act(loop->owner);
}

/* ---- Timers ----------------------------------------------------------------- */

void loop_time(struct loop *loop, size_t place, loop_act *act)
{
	loop->timers[place].act = act;
}

static void pass_timer(struct loop *loop, size_t place)
{
	struct loop_timer *timer = &loop->timers[place];

	if (timer->at == DEADLINE_NEVER || timer->at > deadline_now())
		return;
	timer->at = DEADLINE_NEVER;
	timer->act(loop->owner);
}

static deadline_t find_earliest(const struct loop *loop)
{
	deadline_t earliest = DEADLINE_NEVER;

	for (size_t i = 0; i < LOOP_TIMERS; i++)
		if (loop->timers[i].at < earliest)
			earliest = loop->timers[i].at;
	for (size_t i = 0; i < LOOP_SOURCES; i++)
		if (loop->sources[i].again < earliest)
			earliest = loop->sources[i].again;
	return earliest;
}

/* ---- The loop --------------------------------------------------------------- */

void loop_wait(struct loop *loop)
{
	struct epoll_event events[LOOP_SOURCES];
	const int count = epoll_wait(loop->epoll, events, LOOP_SOURCES,
				     deadline_timeout(find_earliest(loop)));

	for (size_t i = 0; i < LOOP_TIMERS; i++)
		pass_timer(loop, i);
	for (size_t i = 0; i < LOOP_SOURCES; i++)
		end_rest(loop, i);
	for (int i = 0; i < count; i++)
		tell_event(loop, &events[i]);
}
