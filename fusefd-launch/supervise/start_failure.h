/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a supervisor says, and exits with, where COMMAND never served.
 */
#ifndef FUSEFD_LAUNCH_FAILURE_H
#define FUSEFD_LAUNCH_FAILURE_H

#include <stdnoreturn.h>

#include "launch/launch.h"

enum failure {
	NO_FAILURE,
	ENDED,	     /* COMMAND did */
	SILENT,	     /* it was not ready in time */
	CLOSED,	     /* it lives, but not the connection */
	UNATTACHED,  /* the mount could not be attached */
	INTERRUPTED, /* the front of --background was */
};

/* status: COMMAND's wait status; fault: the reason, with UNATTACHED. */
noreturn void failure_die(enum failure failure, const struct launch *launch,
			  int status, const char *fault);

#endif
