/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A handoff that came over a socket, and what it says to COMMAND: what a mount
 * of one's own would have put there.
 */
#ifndef FUSEFD_LAUNCH_RECEIVED_H
#define FUSEFD_LAUNCH_RECEIVED_H

#include <stdbool.h>

#include "common/address.h"
#include "launch/command/environment.h"
#include "launch/options.h"
#include "lib/message.h"

struct received {
	struct fusefd_message message;
	const char *mountpoint;
	enum fusefd_acl acl;
	uid_t owner;
	int payload_fd; /* with a foreign message; -1: none */
};

/* Take the message. false: there is none yet. If it is refused, or the sender
 * has gone, tells the sender and dies, with no fd left of it. */
bool received_take(struct received *received, int socket,
		   const struct address *address);

/* Does the sender wait for answers? */
bool received_is_ours(const struct received *received);

/* Does COMMAND take one of the fds, by {} or {fd}? */
bool received_by_one_fd(const struct options *options);

/* Fill in what it says; its fds are then the lowest numbers from the options'
 * first on, COMMAND's to inherit. Nothing else but what is kept may be open
 * there, and none of the message's fds below. */
void received_fill(struct received *received, struct options *options);

/* COMMAND's environment, with this mountpoint and this NOTIFY_SOCKET. */
void received_environment(const struct received *received,
			  const struct options *options, char *const *callers,
			  const char *mountpoint, const char *notify_socket,
			  struct environment *environment);

/* COMMAND's placeholders. */
void received_fill_command(const struct received *received, char **command,
			   const char *mountpoint);

#endif
