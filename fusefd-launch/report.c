/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "receiver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "die.h"
#include "environment.h"
#include "lib/answer.h"
#include "notify.h"

static struct receiver *answering;

static int error_of(int status)
{
	switch (status) {
	case EXIT_NOT_FOUND:
		return ENOENT;
	case EXIT_NOT_STARTED:
		return ENOEXEC;
	default:
		return ECANCELED;
	}
}

/* What we die of is why the sender gets no filesystem: its first line. */
static void answer_dying(int status, const char *message)
{
	char *line = strdup(message);

	if (!line)
		return;
	line[strcspn(line, "\n")] = '\0';
	fusefd_answer_failed(answering->connection.socket, -error_of(status),
			     line);
	free(line);
}

/* A sender of another make takes our end's closing for success. */
void report_taken(struct receiver *receiver)
{
	if (!received_is_ours(&receiver->received))
		return;
	fusefd_answer_taken(receiver->connection.socket);
	answering = receiver;
	die_after(answer_dying);
}

static void tell_unready(const struct receiver *receiver)
{
	const char *name = quoted(receiver->launch->options.command[0]);
	const int status = receiver->status;
	char text[512];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text),
			 "%.300s was ended by signal %d (%s)", name,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "%.300s exited with status %d",
			 name, WEXITSTATUS(status));
	fusefd_answer_failed(receiver->connection.socket, -ECANCELED, text);
}

/* One that never said that it was ready may have been all the same, which the
 * sender has found out by itself. */
void report_end(const struct receiver *receiver)
{
	char line[32];
	const int length = snprintf(line, sizeof(line), "EXIT_STATUS=%d\n",
				    children_exit_status(receiver->status));

	if (!received_is_ours(&receiver->received))
		return;
	if (!receiver->ready_pid)
		tell_unready(receiver);
	(void)send(receiver->connection.socket, line, (size_t)length,
		   MSG_NOSIGNAL | MSG_DONTWAIT);
}

void report_readiness(struct receiver *receiver)
{
	const struct launch *launch = receiver->launch;
	pid_t sender;

	if (notify_read(receiver->events[ON_OTHER].fd, geteuid(), &sender) !=
		    NOTICE_READY ||
	    receiver->ready_pid)
		return;
	receiver->ready_pid = sender;
	say_if(launch->options.verbose, "ready: serving %s",
	       quoted(receiver->received.mountpoint.path));
	if (received_is_ours(&receiver->received))
		fusefd_answer_ready(receiver->connection.socket);
	notify_ready(
		environment_get(launch->callers_environment, "NOTIFY_SOCKET"));
}
