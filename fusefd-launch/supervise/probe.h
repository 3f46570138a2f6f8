/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Readiness, without the filesystem's help: who asks for the attributes of the
 * root gets an answer when the filesystem serves, and not before.
 */
#ifndef FUSEFD_LAUNCH_PROBE_H
#define FUSEFD_LAUNCH_PROBE_H

#include <sys/types.h>

/* A child that asks. It ends with 0 when the filesystem has answered, and with
 * another status if the connection is dead. One that a signal ends, as the owner
 * may send it, says neither. mount: an fd of a copy of the mount, since a
 * probe keeps a mount busy for as long as nobody answers it. -1, with errno, if there
 * can be none. */
pid_t probe_start(int mount);

#endif
