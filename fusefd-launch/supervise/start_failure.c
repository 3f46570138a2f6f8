/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/failure.h"

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

void failure_die(enum failure failure, const struct launch *launch, int status,
		 const char *fault)
{
	const char *name = quoted(launch->options.command[0]);

	switch (failure) {
	case UNATTACHED:
		die("cannot mount on %s: %s", quoted(launch->mountpoint.path),
		    fault);
	case INTERRUPTED:
		die("interrupted before %s was ready", name);
	case SILENT:
		die("cannot start %s: it was not ready after %lu seconds\n"
		    "Give it more with --ready-timeout, where it needs more.",
		    name, launch->options.ready_timeout);
	case CLOSED:
		die("cannot start %s: it closed its device fds before it was "
		    "ready",
		    name);
	default:
		die_of_end(name, status);
	}
}
