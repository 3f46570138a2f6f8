/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Supervised: COMMAND is a child, and this process stays, to attach the mount
 * when COMMAND is ready, and to take it away when COMMAND has ended.
 */
#ifndef FUSEFD_LAUNCH_SUPERVISE_H
#define FUSEFD_LAUNCH_SUPERVISE_H

#include <stdnoreturn.h>

#include "launch/launch.h"

/* Exits as COMMAND does, with 128 and the signal's number where one ended it;
 * dies where it never became ready. */
noreturn void supervise_command(struct launch *launch);

#endif
