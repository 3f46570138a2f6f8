/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a supervisor says, and exits with, if COMMAND never served.
 */
#ifndef FUSEFD_LAUNCH_START_FAILURE_H
#define FUSEFD_LAUNCH_START_FAILURE_H

#include <stdnoreturn.h>

enum start_failure {
	STARTED, /* no failure */
	COMMAND_ENDED,
	COMMAND_IS_LATE,
	CONNECTION_IS_DEAD, /* and COMMAND lives */
	MOUNT_IS_NOT_ATTACHED,
	FRONT_WAS_INTERRUPTED, /* that of --background */
};

/* Whose failure it is, and what there is to say of it. */
struct failed_start {
	enum start_failure failure;
	const char *command; /* its name, as it was given */
	const char *mountpoint;
	unsigned long timeout; /* of COMMAND_IS_LATE, in seconds */
	int status;	       /* of COMMAND_ENDED: its wait status */
	const char *reason;    /* of MOUNT_IS_NOT_ATTACHED */
};

noreturn void start_failure_die(const struct failed_start *start);

#endif
