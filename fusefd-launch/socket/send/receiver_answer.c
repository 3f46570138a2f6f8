/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/receiver_answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/number.h"
#include "supervise/restriction.h"

/* The largest errno that there is (MAX_ERRNO of the kernel). */
#define ERRNO_MAX 4095

void receiver_answer_init(struct receiver_answer *answer)
{
	*answer = (struct receiver_answer){.exit_status = -1};
}

static const char *value_of(const char *line, const char *name)
{
	const size_t length = strlen(name);

	return strncmp(line, name, length) == 0 && line[length] == '='
		       ? line + length + 1
		       : NULL;
}

/* Before that, it was somebody else's mount that was to go. */
static void take_readiness(struct receiver_answer *answer)
{
	if (!answer->ready)
		answer->stopping = false;
	answer->ready = true;
}

static void take_line(struct receiver_answer *answer)
{
	const char *line = answer->line, *value;
	unsigned long number;

	answer->restrictions |= restriction_parse(line);
	if (strcmp(line, "FUSEFD_PROTOCOL=1") == 0)
		answer->spoken = true;
	else if (strcmp(line, "READY=1") == 0)
		take_readiness(answer);
	else if (strcmp(line, "STOPPING=1") == 0)
		answer->stopping = true;
	else if ((value = value_of(line, "STATUS")))
		snprintf(answer->reason, sizeof(answer->reason), "%s", value);
	else if ((value = value_of(line, "ERRNO")) &&
		 number_parse(value, ERRNO_MAX, &number))
		answer->error = (int)number;
	else if ((value = value_of(line, "EXIT_STATUS")) &&
		 number_parse(value, 255, &number))
		answer->exit_status = (int)number;
}

static void end_line(struct receiver_answer *answer)
{
	answer->line[answer->length] = '\0';
	answer->length = 0;
	take_line(answer);
}

/* Takes the beginning of a line that is too long. */
void receiver_answer_parse(struct receiver_answer *answer, const char *bytes,
			   size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			end_line(answer);
		else if (answer->length < sizeof(answer->line) - 1)
			answer->line[answer->length++] = bytes[i];
	}
}

/* One piece at a time: a receiver that never stops must not keep the loop from
 * its other events. Fds that come along are closed by the kernel, since there is
 * no room for them. */
void receiver_answer_read(struct receiver_answer *answer, int socket)
{
	char bytes[1024];
	const ssize_t length = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length > 0) {
		receiver_answer_parse(answer, bytes, (size_t)length);
		return;
	}
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Closed with something unread: the handoff, or (if there was an
	 * answer) nothing that matters. */
	answer->unread = length < 0 && errno == ECONNRESET;
	answer->ended = true;
	if (answer->length)
		end_line(answer);
}
