/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way from an address to a connected socket, one step at a time, for a
 * loop that has more to wait for.
 */
#ifndef FUSEFD_LAUNCH_CONNECTION_H
#define FUSEFD_LAUNCH_CONNECTION_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/address.h"
#include "common/deadline.h"

struct connection {
	const struct address *address;
	bool receiving; /* then it matters who listens where we connect */
	int socket;	/* -1 until it is connected */
	int listener;	/* -1 if there is none (any more) */
	int directory;	/* of the listener's file, whose name and identity: */
	dev_t device;
	ino_t inode;
	int error; /* why there is nobody to connect to yet */
};

/* Listen, or take the fd over. Dies if that cannot be, with this process's
 * rights, which are the user's. The caller sees to it that its own death takes
 * the listener's file away, too. */
void connection_open(struct connection *connection,
		     const struct address *address, bool receiving);

/* Take a connection, or make one. false: try again, when the listener is
 * readable or at that moment. Dies if it is in vain. */
bool connection_try(struct connection *connection, deadline_t *again);

/* Stop listening, and remove the listener's file if it still is that. */
void connection_withdraw(struct connection *connection);

/* As the end of a sentence: why nobody came in time. */
const char *connection_complaint(const struct connection *connection);

#endif
