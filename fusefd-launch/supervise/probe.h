/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Readiness, without the filesystem's help: who asks for the attributes of the
 * root gets an answer when the filesystem serves, and not before.
 */
#ifndef FUSEFD_LAUNCH_PROBE_H
#define FUSEFD_LAUNCH_PROBE_H

#include <sys/types.h>

/* A child, with the owner's ids as the supervisor has them, that asks. It ends
 * with 0 where the filesystem has answered, and with another status where the
 * connection is dead. One that a signal ends, as the owner may send it, says
 * neither. -1, with errno, where there can be none. */
pid_t probe_start(int mount);

#endif
