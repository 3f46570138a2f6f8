/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests to the keeper, the one process that may still do something to the
 * mount: one request, one answer (lib/protocol.h). It stays as long as this end
 * of the socket does; when that is closed without keeper_leave(), it unmounts.
 */
#ifndef FUSEFD_LAUNCH_KEEPER_CLIENT_H
#define FUSEFD_LAUNCH_KEEPER_CLIENT_H

#include <stdint.h>

struct keeper {
	int socket; /* -1: it is gone, or has been let go */
};

/* The keeper whose socket the environment names; the variable is removed, so
 * that COMMAND's environment does not have it. Dies if there is none. */
void keeper_find(struct keeper *keeper);

/* Each returns 0 or an errno. EPIPE: the keeper is gone; ETIMEDOUT: it did not
 * answer for ten seconds, and is not waited for again. Both hang up the socket.
 * What else they may say is the keeper's (fusefd(7)). */
int keeper_attach(struct keeper *keeper, uint64_t *mount_id,
		  uint64_t *unique_id);
int keeper_restrict(struct keeper *keeper, uint32_t flags);

/* An O_PATH fd of the filesystem's root in a mount that is attached nowhere:
 * before the attach with a root of -1, later with an O_PATH fd of the mount's
 * root. */
int keeper_copy(struct keeper *keeper, int root, int *copy);

/* If they succeed, the keeper ends. */
int keeper_unmount(struct keeper *keeper, uint32_t flags);
int keeper_leave(struct keeper *keeper);

/* Close the socket: the keeper takes away what there is, and ends. Returns when
 * it has, or after ten seconds. */
void keeper_let_go(struct keeper *keeper);

#endif
