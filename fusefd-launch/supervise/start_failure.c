/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/start_failure.h"

#include <string.h>
#include <sys/wait.h>

#include "common/die.h"
#include "supervise/children.h"

static noreturn void die_of_end(const char *name, int status)
{
	const int exit_status = children_exit_status(status);

	if (WIFSIGNALED(status))
		die_with((enum exit_status)exit_status,
			 "cannot start %s: it was ended by signal %d (%s) "
			 "before it was ready",
			 name, WTERMSIG(status), strsignal(WTERMSIG(status)));
	die_with(exit_status ? (enum exit_status)exit_status : EXIT_LAUNCHER,
		 "cannot start %s: it exited with status %d before it was "
		 "ready",
		 name, exit_status);
}

void start_failure_die(const struct failed_start *start)
{
	const char *name = quoted(start->command);

	switch (start->failure) {
	case MOUNT_IS_NOT_ATTACHED:
		die("cannot mount on %s: %s", quoted(start->mountpoint),
		    start->reason);
	case FRONT_WAS_INTERRUPTED:
		die("interrupted before %s was ready", name);
	case COMMAND_IS_LATE:
		die("cannot start %s: it was not ready after %lu seconds\n"
		    "Give it more with --ready-timeout, where it needs more.",
		    name, start->timeout);
	case CONNECTION_IS_DEAD:
		die("cannot start %s: it closed its device fds before it was "
		    "ready",
		    name);
	default:
		die_of_end(name, start->status);
	}
}
