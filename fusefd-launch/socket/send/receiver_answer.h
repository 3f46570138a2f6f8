/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a receiver answers to the handoff that it was sent (fusefd(7)): lines
 * NAME=value, in whatever pieces they come.
 */
#ifndef FUSEFD_LAUNCH_RECEIVER_ANSWER_H
#define FUSEFD_LAUNCH_RECEIVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct receiver_answer {
	char line[1024]; /* the last one, as far as it has come */
	size_t length;
	bool spoken;	       /* it speaks the protocol: FUSEFD_PROTOCOL=1 */
	bool ready;	       /* READY=1 */
	int error;	       /* ERRNO=; 0: none */
	char reason[512];      /* STATUS=; empty: none */
	bool stopping;	       /* STOPPING=1: COMMAND wants the mount away */
	uint32_t restrictions; /* FUSEFD_RESTRICT=: flags (restriction.h) */
	int exit_status; /* EXIT_STATUS= of COMMAND; -1: it has not ended */
	bool ended;	 /* there will be no more */
	bool unread;	 /* and the handoff was never taken from the socket */
};

void receiver_answer_init(struct receiver_answer *answer);

/* Read what has come, without waiting. */
void receiver_answer_read(struct receiver_answer *answer, int socket);

/* The same of bytes that were read. */
void receiver_answer_parse(struct receiver_answer *answer, const char *bytes,
			   size_t length);

#endif
