/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/renounce.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/privilege/capability_sets.h"
#include "launch/privilege/ids.h"

/* Without CAP_SETPCAP the bounding set stays as it was; under no_new_privs
 * nothing can be had of it. */
static void drop_capabilities(bool locked)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(locked ? CAPNG_SELECT_ALL
			       : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT))
		die("cannot drop capabilities: %s", strerror(errno));
}

static void expect_none(void)
{
	struct capability_sets sets;

	capability_sets_read(&sets);
	if (sets.effective || sets.permitted || sets.inheritable)
		die("the process still has capabilities");
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0,
			  0) == 1)
			die("the ambient set is not empty");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		die("no_new_privs did not hold");
	if (getuid() != 0 && setuid(0) == 0)
		die("the process could still become root");
}

/* The order is that of privileges_narrow(), for its reasons. */
void renounce_privileges(void)
{
	const struct owner caller = {.uid = getuid(), .gid = getgid()};
	struct capability_sets before;
	bool locked;

	capability_sets_read(&before);
	locked = before.effective & BIT(CAP_SETPCAP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("cannot set no_new_privs: %s", strerror(errno));
	if (locked && capng_lock())
		die("cannot lock the securebits: %s", strerror(errno));
	ids_take(&caller);
	drop_capabilities(locked);
	expect_none();
}
