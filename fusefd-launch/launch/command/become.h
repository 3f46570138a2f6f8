/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last act: another program takes this process over, and the last privilege
 * ends.
 */
#ifndef FUSEFD_LAUNCH_BECOME_H
#define FUSEFD_LAUNCH_BECOME_H

#include <stdnoreturn.h>

#include "launch/launch.h"

/* Attach the mount and execute COMMAND. If that fails, the mount is taken away
 * again. */
noreturn void become_command(struct launch *launch);

/* Leave a keeper behind, which attaches the mount when it is told to, and execute
 * the program that tells it: a companion, or COMMAND with --detached. */
noreturn void become_kept(struct launch *launch);

#endif
