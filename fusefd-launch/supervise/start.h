/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COMMAND as a child.
 */
#ifndef FUSEFD_LAUNCH_START_H
#define FUSEFD_LAUNCH_START_H

#include <sys/types.h>

#include "launch/launch.h"
#include "supervise/signals.h"
#include "supervise/terminal.h"

/* Returns its pid when it is executed; the device fds and the kept ones are
 * closed here by then. Where it cannot be, dies as exec mode does. output: an fd
 * that becomes its stdout and stderr, or -1. terminal: it takes that, with a
 * process group of its own; NULL: it stays in ours. */
pid_t start_command(const struct launch *launch, const struct signals *signals,
		    int output, struct terminal *terminal);

#endif
