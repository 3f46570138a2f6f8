/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COMMAND's environment, which the launcher has made but for what only its
 * parent knows.
 */
#ifndef FUSEFD_LAUNCH_COMMAND_ENVIRONMENT_H
#define FUSEFD_LAUNCH_COMMAND_ENVIRONMENT_H

#include <stddef.h>

#include "launch/command/environment.h"

/* This process's environment, with NOTIFY_SOCKET in the place of whatever it
 * has, and with room for more variables. */
void command_environment_build(struct environment *environment,
			       const char *notify_socket, size_t more);

/* The stand-ins of --unmodified: UNMODIFIED_VARIABLES more. Dies if they cannot
 * be used. */
void command_environment_add_stand_ins(struct environment *environment);

/* In the child that becomes COMMAND: LISTEN_PID and its companions, for so many
 * device fds; LISTEN_FDS_VARIABLES more. */
#define LISTEN_FDS_VARIABLES 3
void command_environment_add_listen_fds(struct environment *environment,
					size_t count);

#endif
