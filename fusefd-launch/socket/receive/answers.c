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

static struct receiver *dying;

/* The first line of the message is why the sender gets no filesystem. */
static void answer_dying(int status, const char *message)
{
	char *line;

	connection_withdraw(&dying->connection);
	empty_folder_remove();
	if (!dying->taken || !received_is_ours(&dying->received))
		return;
	line = strdup(message);
	if (!line)
		return;
	line[strcspn(line, "\n")] = '\0';
	fusefd_answer_failed(dying->connection.socket, -error_of(status), line);
	free(line);
}

void answer_when_dying(struct receiver *receiver)
{
	dying = receiver;
	die_after(answer_dying);
}

/* A sender of another make takes our end's closing for success. */
void answer_taken(struct receiver *receiver)
{
	receiver->taken = true;
	if (received_is_ours(&receiver->received))
		fusefd_answer_taken(receiver->connection.socket);
}

static void tell(const struct receiver *receiver, const char *line)
{
	(void)send(receiver->connection.socket, line, strlen(line),
		   MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer_unready(const struct receiver *receiver)
{
	const char *name = quoted(receiver->options->command[0]);
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

/* If COMMAND never said that it was ready, it may have been all the same, which
 * the sender has found out by itself. */
void answer_end(struct receiver *receiver)
{
	char line[32];

	if (!received_is_ours(&receiver->received))
		return;
	if (!receiver->ready)
		answer_unready(receiver);
	(void)snprintf(line, sizeof(line), "EXIT_STATUS=%d\n",
		       children_exit_status(receiver->status));
	tell(receiver, line);
	close(receiver->connection.socket);
}

static void answer_ready(struct receiver *receiver, pid_t by)
{
	if (receiver->ready)
		return;
	receiver->ready = by;
	say_if(receiver->options->verbose, "ready: serving %s",
	       quoted(receiver->received.mountpoint));
	if (received_is_ours(&receiver->received))
		fusefd_answer_ready(receiver->connection.socket);
	notify_ready(environment_get(receiver->callers_environment,
				     "NOTIFY_SOCKET"));
}

/* The fusermount of --unmodified was asked to unmount, which is the sender's to
 * do. It may wait for the end of the connection, but not for ever if
 * COMMAND was told to end: no sender may have stayed. */
static void answer_stopping(struct receiver *receiver)
{
	if (received_is_ours(&receiver->received))
		tell(receiver, "STOPPING=1\n");
	/* To say it again and again does not put it off. */
	if (receiver->told &&
	    receiver->loop.timers[DEADLINE].at == DEADLINE_NEVER)
		receiver->loop.timers[DEADLINE].at =
			deadline_in(receiver->options->stop_timeout);
}

/* The mount is the sender's to restrict. COMMAND serves when it has been told
 * that this was read, and so the sender has this line before it attaches. */
static void answer_restrictions(const struct receiver *receiver, uint32_t flags)
{
	const char *words = restriction_words(flags);
	char line[64];

	if (!flags)
		return;
	(void)snprintf(line, sizeof(line), "FUSEFD_RESTRICT=%s\n", words);
	if (received_is_ours(&receiver->received))
		tell(receiver, line);
	else
		say("option '%s' of %s is without effect: the sender knows "
		    "nothing of it",
		    words, quoted(receiver->options->command[0]));
}

void answer_notice(struct receiver *receiver)
{
	uint32_t restrictions;
	pid_t by;
	const enum notice notice =
		notify_read(receiver->notify, geteuid(), &by, &restrictions);

	answer_restrictions(receiver, restrictions);
	switch (notice) {
	case NOTICE_READY:
		answer_ready(receiver, by);
		break;
	case NOTICE_STOPPING:
		answer_stopping(receiver);
		break;
	case NOTICE_NONE:
		break;
	}
}
