/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/shield.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/privilege/capabilities.h"
#include "launch/privilege/ids.h"

void shield_prepare(struct shield *shield)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	*shield = (struct shield){0};
	if (getrlimit(RLIMIT_CPU, &shield->cpu))
		die("cannot read the limit on CPU time: %s", strerror(errno));
	if (shield->cpu.rlim_cur != RLIM_INFINITY)
		shield->limited = setrlimit(RLIMIT_CPU, &none) == 0;
}

static bool try_return_limit(const struct shield *shield)
{
	return !shield->limited || setrlimit(RLIMIT_CPU, &shield->cpu) == 0;
}

void shield_return_limit(const struct shield *shield)
{
	if (!try_return_limit(shield))
		die("cannot limit the CPU time again: %s", strerror(errno));
}

static bool can_change_ids(const struct privileges *privileges)
{
	return privileges->locked && privileges->last & BIT(CAP_SETUID);
}

static bool take_ids(const struct privileges *privileges)
{
	const bool taken = privileges_try_raise_setuid(privileges) &&
			   ids_try_set(0, privileges->uid, 0);

	return privileges_try_lower(privileges) && taken;
}

bool shield_try_raise(struct shield *shield,
		      const struct privileges *privileges)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &shield->mask) ||
	    sigaction(SIGPIPE, &ignore, &shield->pipe))
		return false;
	return !can_change_ids(privileges) || take_ids(privileges);
}

/* The effective uid is the user's: to make the others the same takes no
 * capability, nor is there a way back without one. */
static bool give_ids_back(uid_t uid)
{
	if (!ids_try_set(uid, uid, uid))
		return false;
	errno = EPERM;
	return uid == 0 || setuid(0) != 0;
}

/* If there is a guard, the ids were never changed: with a second thread, the C
 * library would change them in both, by a signal. */
bool shield_try_lower(const struct shield *shield,
		      const struct privileges *privileges)
{
	if (can_change_ids(privileges) && !give_ids_back(privileges->uid))
		return false;
	return try_return_limit(shield) &&
	       sigaction(SIGPIPE, &shield->pipe, NULL) == 0 &&
	       sigprocmask(SIG_SETMASK, &shield->mask, NULL) == 0;
}
