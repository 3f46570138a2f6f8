/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/die.h"

int output_open(struct output *output, const char *name)
{
	int ends[2];

	*output = (struct output){.name = name};
	if (pipe2(ends, O_CLOEXEC) || fcntl(ends[0], F_SETFL, O_NONBLOCK))
		die("cannot make a pipe: %s", strerror(errno));
	output->from = ends[0];
	return ends[1];
}

static void log_line(struct output *output)
{
	if (output->length)
		syslog(LOG_NOTICE, "%.*s", (int)output->length, output->line);
	output->length = 0;
}

static void log_bytes(struct output *output, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != '\n')
			output->line[output->length++] = bytes[i];
		if (bytes[i] == '\n' || output->length == sizeof(output->line))
			log_line(output);
	}
}

/* No more at a time than a pipe holds: one who writes as fast as we read would
 * keep us from all else. */
#define PIPE_SIZE 65536

bool output_relay(struct output *output)
{
	char bytes[1024];
	ssize_t length;

	for (size_t i = 0; output->from >= 0 && i < PIPE_SIZE / sizeof(bytes);
	     i++) {
		length = read(output->from, bytes, sizeof(bytes));
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return true;
		if (length <= 0) {
			log_line(output);
			return false;
		}
		if (output->to_log) {
			log_bytes(output, bytes, (size_t)length);
		} else {
			(void)!write(STDERR_FILENO, bytes, (size_t)length);
		}
	}
	return true;
}

void output_close(struct output *output)
{
	close(output->from);
	output->from = -1;
}

void output_to_log(struct output *output)
{
	(void)output_relay(output);
	output->to_log = true;
	openlog(output->name, LOG_PID, LOG_DAEMON);
}
