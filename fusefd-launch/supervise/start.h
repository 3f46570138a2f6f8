/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COMMAND as a child.
 */
#ifndef FUSEFD_LAUNCH_START_H
#define FUSEFD_LAUNCH_START_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launch/command/environment.h"
#include "supervise/signals.h"
#include "supervise/terminal.h"

struct command {
	const char *path;
	char **arguments;
	struct environment environment;
	bool listen_fds; /* its pid is one of the variables, then */
	/* Its own alone: they are closed here once it is executed. */
	const int *device_fds;
	size_t device_fd_count;
	const int *keep_fds;
	size_t keep_fd_count;
	int output; /* becomes its stdout and stderr; -1: they are ours */
	/* It takes that, with a process group of its own; NULL: it stays in
	 * ours. */
	struct terminal *terminal;
	bool isolated; /* a session of its own, and nothing to read from */
};

/* Returns its pid when it is executed. If it cannot be, dies as exec mode
 * does. */
pid_t start_command(struct command *command, const struct signals *signals);

#endif
