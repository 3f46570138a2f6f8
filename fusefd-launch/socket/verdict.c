/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/number.h"
#include "supervise/restriction.h"

/* The largest errno that there is (MAX_ERRNO of the kernel). */
#define ERRNO_MAX 4095

void verdict_init(struct verdict *verdict)
{
	*verdict = (struct verdict){.exit_status = -1};
}

static const char *value_of(const char *line, const char *name)
{
	const size_t length = strlen(name);

	return strncmp(line, name, length) == 0 && line[length] == '='
		       ? line + length + 1
		       : NULL;
}

/* Before that, it was somebody else's mount that was to go. */
static void take_readiness(struct verdict *verdict)
{
	if (!verdict->ready)
		verdict->stopping = false;
	verdict->ready = true;
}

static void take_line(struct verdict *verdict)
{
	const char *line = verdict->line, *value;
	unsigned long number;

	verdict->limits |= restriction_parse(line);
	if (strcmp(line, "FUSEFD_PROTOCOL=1") == 0)
		verdict->spoken = true;
	else if (strcmp(line, "READY=1") == 0)
		take_readiness(verdict);
	else if (strcmp(line, "STOPPING=1") == 0)
		verdict->stopping = true;
	else if ((value = value_of(line, "STATUS")))
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", value);
	else if ((value = value_of(line, "ERRNO")) &&
		 number_parse(value, ERRNO_MAX, &number))
		verdict->error = (int)number;
	else if ((value = value_of(line, "EXIT_STATUS")) &&
		 number_parse(value, 255, &number))
		verdict->exit_status = (int)number;
}

static void end_line(struct verdict *verdict)
{
	verdict->line[verdict->length] = '\0';
	verdict->length = 0;
	take_line(verdict);
}

/* Of a line that is too long, the beginning. */
void verdict_parse(struct verdict *verdict, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			end_line(verdict);
		else if (verdict->length < sizeof(verdict->line) - 1)
			verdict->line[verdict->length++] = bytes[i];
	}
}

/* One piece at a time: a receiver that never stops must not keep the loop from
 * its other events. Fds that come along are closed by the kernel, since there is
 * no room for them. */
void verdict_read(struct verdict *verdict, int socket)
{
	char bytes[1024];
	const ssize_t length = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length > 0) {
		verdict_parse(verdict, bytes, (size_t)length);
		return;
	}
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Closed with something unread: the handoff, or (where there was an
	 * answer) nothing that matters. */
	verdict->unread = length < 0 && errno == ECONNRESET;
	verdict->ended = true;
	if (verdict->length)
		end_line(verdict);
}
