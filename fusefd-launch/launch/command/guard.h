/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * If securebits and bounding set could not be locked, as without CAP_SETPCAP, an
 * exec by uid 0, or of a file with capabilities, leaves what was permitted
 * before, even under no_new_privs (cap_bprm_creds_from_file()). So the
 * process gives up CAP_SYS_ADMIN before the exec, and a thread keeps it: the
 * exec ends the thread, and if it fails, the thread takes the mount away.
 */
#ifndef FUSEFD_LAUNCH_GUARD_H
#define FUSEFD_LAUNCH_GUARD_H

#include <pthread.h>

#include "launch/privilege/privileges.h"

struct guard {
	pthread_t thread;
	int wanted; /* an eventfd: if a futex fails, the C library aborts */
	const struct privileges *privileges;
	void (*act)(void *what);
	void *what;
};

/* Dies if there can be none. CAP_SYS_ADMIN is raised for it: with that, the limit
 * on a user's processes does not count (copy_process()). */
void guard_start(struct guard *guard, const struct privileges *privileges,
		 void (*act)(void *what), void *what);

/* Have the thread act, and wait for it. */
void guard_call(struct guard *guard);

#endif
