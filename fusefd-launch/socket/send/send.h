/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --send: the mount is made here, and served by whoever is at the other end of
 * a socket.
 */
#ifndef FUSEFD_LAUNCH_SEND_H
#define FUSEFD_LAUNCH_SEND_H

#include <stdnoreturn.h>

#include "launch/launch.h"

/* Send the handoff, attach the mount when the receiver is ready, and exit with
 * 0; in the supervised modes, stay until either of them goes. Dies where the
 * receiver does not come, refuses, or does not get ready. */
noreturn void send_handoff(struct launch *launch);

#endif
