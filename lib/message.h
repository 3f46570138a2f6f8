/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The message that brings a handoff over a Unix socket (fusefd(7)), and what
 * is refused of it. It makes no handoff, and needs nothing of a session: a
 * receiver that passes the fds on to a program can do with this alone.
 */
#ifndef FUSEFD_MESSAGE_H
#define FUSEFD_MESSAGE_H

#include <fusefd.h>
#include <stdbool.h>
#include <stddef.h>

/* What a stream carries in one piece with the fds, where the sender's buffer
 * is the default one: 36 KB in Linux 6.18. What is longer than this is refused
 * rather than taken in part. */
#define FUSEFD_PAYLOAD_MAX 32768

struct fusefd_message {
	int fds[FUSEFD_MAX_FDS]; /* the primary first; close-on-exec */
	size_t count;
	char payload[FUSEFD_PAYLOAD_MAX + 1]; /* +1 shows that there is more */
	size_t length;
};

/* Receive one, waiting for it as the socket does: -EAGAIN where that is
 * nonblocking, or has a timeout that is over. On 0 the fds are the caller's to
 * verify, and to close; on failure none is left, but there may be a payload,
 * which says whether the sender waits for an answer.
 *
 * -ENOENT the peer has closed and sent nothing; -EMFILE the process may not
 * have that many fds; -EPROTO no fds, no payload or too long a one, the same
 * device fd twice; and the errors of recvmsg(2). */
int fusefd_message_receive(struct fusefd_message *message, int socket);

/* Whether the payload is of no version of the protocol, nor meant to be. The
 * sender of such a message knows nothing of answers. */
bool fusefd_message_is_foreign(const struct fusefd_message *message);

void fusefd_message_close_fds(struct fusefd_message *message);

/* Why a handoff was refused, as the end of a sentence. error: the negative
 * errno of whatever of the receiver's steps failed. */
const char *fusefd_message_reason(int error);

#endif
