/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/receive/receiver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/command/environment.h"
#include "lib/answer.h"
#include "socket/receive/empty_folder.h"
#include "supervise/children.h"
#include "supervise/notify.h"
#include "supervise/restriction.h"

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
	char *line;

	empty_folder_remove();
	if (!received_is_ours(&answering->received))
		return;
	line = strdup(message);
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
	answering = receiver;
	die_after(answer_dying);
	if (received_is_ours(&receiver->received))
		fusefd_answer_taken(receiver->connection.socket);
}

static void tell(const struct receiver *receiver, const char *line)
{
	(void)send(receiver->connection.socket, line, strlen(line),
		   MSG_NOSIGNAL | MSG_DONTWAIT);
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

	if (!received_is_ours(&receiver->received))
		return;
	if (!receiver->ready_pid)
		tell_unready(receiver);
	(void)snprintf(line, sizeof(line), "EXIT_STATUS=%d\n",
		       children_exit_status(receiver->status));
	tell(receiver, line);
	close(receiver->connection.socket);
}

static void report_readiness(struct receiver *receiver, pid_t by)
{
	const struct launch *launch = receiver->launch;

	if (receiver->ready_pid)
		return;
	receiver->ready_pid = by;
	say_if(launch->options.verbose, "ready: serving %s",
	       quoted(receiver->received.mountpoint.path));
	if (received_is_ours(&receiver->received))
		fusefd_answer_ready(receiver->connection.socket);
	notify_ready(
		environment_get(launch->callers_environment, "NOTIFY_SOCKET"));
}

/* The fusermount of --unmodified was asked to unmount, which is the sender's to
 * do. Who asked may wait for the end of the connection; one who was told to end,
 * where no sender has stayed, not for ever. */
static void report_stopping(struct receiver *receiver)
{
	if (received_is_ours(&receiver->received))
		tell(receiver, "STOPPING=1\n");
	/* Who says it again and again does not put it off. */
	if (receiver->told && receiver->deadline == DEADLINE_NEVER)
		receiver->deadline =
			deadline_in(receiver->launch->options.stop_timeout);
}

/* The mount is the sender's to restrict. COMMAND serves when it has been told
 * that this was read, and so the sender has this line before it attaches. */
static void report_restrictions(const struct receiver *receiver,
				uint64_t attributes)
{
	const char *words = restriction_words(attributes);
	char line[64];

	if (!attributes)
		return;
	(void)snprintf(line, sizeof(line), "FUSEFD_RESTRICT=%s\n", words);
	if (received_is_ours(&receiver->received))
		tell(receiver, line);
	else
		say("option '%s' of %s is without effect: the sender knows "
		    "nothing of it",
		    words, quoted(receiver->launch->options.command[0]));
}

void report_notice(struct receiver *receiver)
{
	uint64_t restrictions;
	pid_t by;
	const enum notice notice = notify_read(receiver->events[ON_OTHER].fd,
					       geteuid(), &by, &restrictions);

	report_restrictions(receiver, restrictions);
	switch (notice) {
	case NOTICE_READY:
		report_readiness(receiver, by);
		break;
	case NOTICE_STOPPING:
		report_stopping(receiver);
		break;
	case NOTICE_NONE:
		break;
	}
}
