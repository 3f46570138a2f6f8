/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/shield.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/privilege/capabilities.h"
#include "launch/privilege/ids.h"

static const unsigned int kinds[SHIELD_LIMITS] = {RLIMIT_CPU, RLIMIT_NPROC};

void shield_lift_limits(struct shield *shield)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	for (size_t i = 0; i < SHIELD_LIMITS; i++) {
		struct rlimit *callers = &shield->limits[i].callers;

		if (getrlimit(kinds[i], callers))
			die("cannot read the process's limits: %s",
			    strerror(errno));
		shield->limits[i].lifted = callers->rlim_cur != RLIM_INFINITY &&
					   setrlimit(kinds[i], &none) == 0;
	}
}

static bool try_return_limits(const struct shield *shield)
{
	for (size_t i = 0; i < SHIELD_LIMITS; i++)
		if (shield->limits[i].lifted &&
		    setrlimit(kinds[i], &shield->limits[i].callers))
			return false;
	return true;
}

void shield_return_limits(const struct shield *shield)
{
	if (!try_return_limits(shield))
		die("cannot limit the process again: %s", strerror(errno));
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

	/* An ignored signal that is blocked as well would wait for its end. */
	sigfillset(&all);
	sigdelset(&all, SIGPIPE);
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
	return try_return_limits(shield) &&
	       sigaction(SIGPIPE, &shield->pipe, NULL) == 0 &&
	       sigprocmask(SIG_SETMASK, &shield->mask, NULL) == 0;
}
