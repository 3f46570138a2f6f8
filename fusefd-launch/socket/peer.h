/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The user at the other end of a socket.
 */
#ifndef FUSEFD_LAUNCH_PEER_H
#define FUSEFD_LAUNCH_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/* Is it root or that user? In a user namespace of one's own also whoever it has
 * no name for, as the root outside is. uid: who it is, for a message; where the
 * kernel does not say, it is nobody to be trusted. */
bool peer_is_root_or(int socket, uid_t user, uid_t *uid);

#endif
