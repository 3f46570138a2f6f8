/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A moment to wait for, in milliseconds of CLOCK_MONOTONIC.
 */
#ifndef FUSEFD_LAUNCH_DEADLINE_H
#define FUSEFD_LAUNCH_DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

typedef int64_t deadline_t;

#define DEADLINE_NEVER INT64_MAX

static inline int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In so many seconds; never, where it is 0. */
static inline deadline_t deadline_in(unsigned long seconds)
{
	return seconds ? deadline_now() + (int64_t)seconds * 1000
		       : DEADLINE_NEVER;
}

/* What is left of it, as poll(2) wants it. */
static inline int deadline_timeout(deadline_t deadline)
{
	const int64_t left =
		deadline == DEADLINE_NEVER ? -1 : deadline - deadline_now();

	if (deadline == DEADLINE_NEVER)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

#endif
