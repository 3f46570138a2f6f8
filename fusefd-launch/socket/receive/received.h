/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A handoff that came over a socket, made into a launch: what a mount of one's
 * own would have put there.
 */
#ifndef FUSEFD_LAUNCH_RECEIVED_H
#define FUSEFD_LAUNCH_RECEIVED_H

#include <stdbool.h>

#include "launch/launch.h"
#include "lib/message.h"

struct received {
	struct fusefd_message message;
	struct mountpoint mountpoint;
	struct owner owner;
	char payload_fd[16]; /* with a foreign message: its number */
};

/* Take the message. false: there is none yet. Where it is refused, or the
 * sender has gone, tells the sender and dies, with no fd left of it. */
bool received_take(struct received *received, int socket,
		   const struct address *address);

/* Does the sender wait for answers? */
bool received_is_ours(const struct received *received);

/* Does COMMAND take one of the fds, by {} or {fd}? */
bool received_by_one_fd(const struct options *options);

/* Fill in the launch; its fds are then the lowest numbers from the options'
 * first on, COMMAND's to inherit. Nothing else but what is kept may be open
 * there, and none of the message's fds below. */
void received_fill(struct received *received, struct launch *launch);

#endif
