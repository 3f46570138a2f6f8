/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A look at a message's fds before they are ours.
 */
#ifndef FUSEFD_MESSAGE_CHECKER_H
#define FUSEFD_MESSAGE_CHECKER_H

#include "message.h"

#include <stdint.h>

/* Take the message that there is, if it has no fds but device fds. On failure
 * there may be some left all the same, which close at once. */
int fusefd_message_check(struct fusefd_message *message, int socket);

/* message.c: take it, with whatever fds it has. word: what stands before it,
 * from a checker: if that is not 0, it is the error. NULL: nothing does. On
 * failure, too, fds may be left. */
int fusefd_message_take(struct fusefd_message *message, int socket,
			int32_t *word);

#endif
