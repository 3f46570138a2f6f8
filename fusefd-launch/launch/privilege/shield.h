/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Against the user, for the moments in which the launcher must neither be
 * stopped nor ended: between the look at the mountpoint and the last look at
 * the mount that was attached to it, and for as long as a keeper lives.
 *
 * A user may signal, limit and reprioritise a process whose real or saved uid is
 * the user's (kill(2), prlimit(2), setpriority(2)). So both become 0, while the
 * effective and filesystem ids stay the user's: the process can open nothing
 * that the user cannot. Terminals send their signals without asking for ids,
 * so that all of them are blocked. With file capabilities the ids cannot be
 * changed, and the user can still end the process: SECURITY.md says what is
 * left then, and what a cgroup of the user's own can do.
 */
#ifndef FUSEFD_LAUNCH_SHIELD_H
#define FUSEFD_LAUNCH_SHIELD_H

#include <signal.h>
#include <sys/resource.h>

#include "launch/privilege/privileges.h"

/* RLIMIT_CPU, whose end the user could time, and RLIMIT_NPROC, by which the
 * change back to the user's uid could make the exec fail. */
#define SHIELD_LIMITS 2

struct shield {
	struct {
		struct rlimit callers;
		bool lifted;
	} limits[SHIELD_LIMITS];
	sigset_t mask;
	struct sigaction pipe;
};

/* For a user's launch, before privileges_narrow(), while the process may: without
 * these limits. */
void shield_lift_limits(struct shield *shield);

/* Or, in a process that needs no shield after all, give them back. */
void shield_return_limits(const struct shield *shield);

/* false, with errno, if it cannot be had. The process cannot use a FUSE
 * filesystem of the user's meanwhile: that asks for all three uids. */
bool shield_try_raise(struct shield *shield,
		      const struct privileges *privileges);

/* All uids the user's again; signals and limits as the caller had them. */
bool shield_try_lower(const struct shield *shield,
		      const struct privileges *privileges);

#endif
