/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keeper: the one process of ours that stays with a privilege. It holds a
 * mount for a program that has none, and does for it the few acts on that mount
 * that take CAP_SYS_ADMIN, as it is asked over a socket (lib/protocol.h). When
 * the socket ends, because the program has ended or was killed, it unmounts.
 */
#ifndef FUSEFD_LAUNCH_KEEPER_H
#define FUSEFD_LAUNCH_KEEPER_H

#include "launch/mount/attach.h"
#include "launch/privilege/shield.h"

/* Leave one behind, as a child of this process. Returns the program's end of the
 * socket, which the exec does not close. Dies if there can be none. From here on
 * the mount's fd is the keeper's alone. */
int keeper_start(struct attachment *attachment, struct shield *shield);

#endif
