/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer.h"
#include "protocol.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* By which a sender knows an answer; a receiver that knows nothing of answers
 * closes, and whatever it may say before that does not begin like this. */
#define BEGINNING FUSEFD_NAME_PROTOCOL "=" FUSEFD_PROTOCOL_VERSION "\n"

static void say(int socket, const char *lines)
{
	(void)send(socket, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void fusefd_answer_taken(int socket)
{
	say(socket, BEGINNING);
}

void fusefd_answer_ready(int socket)
{
	say(socket, BEGINNING "READY=1\n");
}

void fusefd_answer_failed(int socket, int error, const char *reason)
{
	char lines[512];

	(void)snprintf(lines, sizeof(lines),
		       BEGINNING "ERRNO=%d\nSTATUS=%.400s\n", -error, reason);
	say(socket, lines);
}
