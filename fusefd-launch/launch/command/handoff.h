/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handoff, protocol 1 (fusefd(7)): what COMMAND learns of its mount, in
 * its environment and in its arguments.
 */
#ifndef FUSEFD_LAUNCH_HANDOFF_H
#define FUSEFD_LAUNCH_HANDOFF_H

#include <stddef.h>

#include "launch/command/environment.h"
#include "launch/mount/mountpoint.h"
#include "launch/options.h"
#include "launch/privilege/privileges.h"

struct handoff {
	const int *fds;
	size_t count;
	const struct mountpoint *mountpoint;
	const struct owner *owner;
	const char *keeper_fd; /* its number; NULL: COMMAND's own handoff */
};

/* Dies where --listen-fds cannot be had: sd_listen_fds(3) counts from 3, so
 * that a kept fd must not lie between. */
void handoff_check_listen_fds(const int *fds, size_t count);

/* COMMAND's environment. */
char **handoff_environment(const struct handoff *handoff,
			   const struct options *options, char *const *callers);

/* COMMAND's placeholders. */
void handoff_fill_command(const struct handoff *handoff,
			  const struct options *options);

#endif
