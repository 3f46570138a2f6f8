/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handoff as a message over a socket, as fusefd(7) has it; the other way
 * round it is lib/message.h's.
 */
#ifndef FUSEFD_LAUNCH_HANDOFF_MESSAGE_H
#define FUSEFD_LAUNCH_HANDOFF_MESSAGE_H

#include <stddef.h>

#include "common/option_values.h"
#include "supervise/inherited_handoff.h"

struct handoff_message {
	const struct inherited_handoff *handoff;
	char payload[HANDOFF_PAYLOAD_MAX];
	size_t length;
};

/* payload: what to say in the place of the handoff's facts; NULL: these. Dies
 * if there is too much to say. */
void handoff_message_build(struct handoff_message *message,
			   const struct inherited_handoff *handoff,
			   const char *payload);

/* Send it whole, or not at all. Waits for nothing: 0, or an errno, EAGAIN if the
 * socket has no room. */
int handoff_message_send(const struct handoff_message *message, int socket);

#endif
