/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exec mode: the process becomes COMMAND, and none of ours stays.
 */
#ifndef FUSEFD_LAUNCH_EXEC_H
#define FUSEFD_LAUNCH_EXEC_H

#include <stdnoreturn.h>

#include "launch/launch.h"

/* Attach the mount and execute COMMAND, which serves it at once. Where that
 * fails, the mount is taken away again, and the process dies. */
noreturn void exec_command(const struct launch *launch, char **environment);

#endif
