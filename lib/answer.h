/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the receiver of a handoff answers its sender, over the socket that the
 * handoff came by (fusefd(7)): lines NAME=value.
 *
 * None of these waits or raises SIGPIPE. Whether anybody hears it is no matter
 * of the receiver's: a sender that is gone has its mount to lose, and one that
 * leaves its buffer full does not read.
 */
#ifndef FUSEFD_ANSWER_H
#define FUSEFD_ANSWER_H

/* The handoff is good, and will be served. */
void fusefd_answer_taken(int socket);

/* It is served. The last word. */
void fusefd_answer_ready(int socket);

/* It is not, and will not be. The last word. error: a negative errno;
 * reason: one line of text without its end. */
void fusefd_answer_failed(int socket, int error, const char *reason);

#endif
