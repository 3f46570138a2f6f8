/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who takes the mount away again where the exec fails.
 *
 * As a rule the process itself: it keeps CAP_SYS_ADMIN permitted, and the exec
 * ends that, because the bounding set is empty. But where the launcher was
 * installed with cap_sys_admin alone, it cannot empty the bounding set, and a
 * COMMAND with cap_sys_admin in its own file would keep what is permitted (a
 * file may not gain under no_new_privs, but it may keep: capabilities(7),
 * cap_bprm_creds_from_file()). There the process gives the capability up
 * before the exec, and a thread, since capabilities belong to threads, holds
 * it meanwhile. A successful exec ends that thread with all others.
 */
#ifndef FUSEFD_LAUNCH_GUARD_H
#define FUSEFD_LAUNCH_GUARD_H

#include <pthread.h>
#include <stdbool.h>

#include "launch/privilege/privileges.h"

struct guard {
	const struct privileges *privileges;
	int mount;
	pthread_t thread; /* only where the bounding set is not locked */
	int wanted;	  /* an eventfd, written to where the exec failed */
};

/* Between raise and attach; dies where there can be no thread. */
void guard_start(struct guard *guard, const struct privileges *privileges,
		 int mount);

/* After the attach: lowers; false, with errno, where the process may not exec yet. */
bool guard_prepare_exec(const struct guard *guard);

/* Nobody will serve the mount: it must not stay. */
void guard_take_back(struct guard *guard);

#endif
