/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --unmodified: COMMAND knows nothing of a handoff. Two stand-ins give it the
 * device fds when it would open /dev/fuse or call fusermount: a library that
 * is loaded before its own, and a helper that comes first in its PATH.
 */
#ifndef FUSEFD_LAUNCH_UNMODIFIED_H
#define FUSEFD_LAUNCH_UNMODIFIED_H

#include "launch/command/environment.h"
#include "launch/options.h"

/* The lowest number of a device fd: Go puts its helper's socket on 3, and what
 * more a program passes to a helper comes behind that. */
#define UNMODIFIED_FIRST_FD 10

/* How many variables unmodified_environment() adds. */
#define UNMODIFIED_VARIABLES 3

/* Dies where COMMAND would be left to wait for itself, or where an option is
 * given that does not go with it. */
void unmodified_judge(const struct options *options);

/* As COMMAND's user: dies where the stand-ins cannot be used. supervised: how,
 * in the helper's words (lib/protocol.h); NULL: not at all. */
void unmodified_environment(struct environment *environment,
			    char *const *callers, const char *supervised);

#endif
