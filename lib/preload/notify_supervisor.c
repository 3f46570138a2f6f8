/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/notify_supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "preload/announced.h"
#include "preload/send_fd.h"

/* Of a supervisor that has been stopped, or of a machine that is overloaded. */
#define PATIENCE_MS 30000

/* -1: nobody listens. */
static int reach_supervisor(void)
{
	const struct fusefd_notify *supervisor = &announced.supervisor;
	int fd;

	if (!supervisor->length)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&supervisor->address,
		    supervisor->length)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool send_text(int supervisor, const char *text)
{
	return send(supervisor, text, strlen(text), MSG_NOSIGNAL) > 0;
}

bool notify_supervisor(const char *message)
{
	const int supervisor = reach_supervisor();
	bool sent;

	if (supervisor < 0)
		return false;
	sent = send_text(supervisor, message);
	(void)close(supervisor);
	return sent;
}

static bool send_barrier(int supervisor, int end)
{
	static const char text[] = "BARRIER=1";

	return send_fd(supervisor, text, sizeof(text) - 1, end);
}

static bool is_closed(int end)
{
	struct pollfd other = {.fd = end};
	int count;

	do
		count = poll(&other, 1, PATIENCE_MS);
	while (count < 0 && errno == EINTR);
	return count > 0;
}

/* As sd_notify_barrier(3): the end of a pipe that is sent behind what was said
 * is closed when it is received, and that is when the rest has been done. */
static bool await_supervisor(int supervisor)
{
	int ends[2];
	bool sent, done;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	sent = send_barrier(supervisor, ends[1]);
	(void)close(ends[1]);
	done = sent && is_closed(ends[0]);
	(void)close(ends[0]);
	return done;
}

bool notify_supervisor_and_wait(const char *message)
{
	const int supervisor = reach_supervisor();
	bool done;

	if (supervisor < 0)
		return false;
	done = send_text(supervisor, message) && await_supervisor(supervisor);
	(void)close(supervisor);
	return done;
}
