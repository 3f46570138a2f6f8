/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * First to a handoff, then COMMAND's parent: it tells the sender what becomes
 * of COMMAND, passes signals on and, as a container's first process, buries
 * whoever is left behind. The socket stays open as long as it lives, so that
 * its end tells as well.
 */
#include "socket/receive/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "launch/command/command.h"
#include "launch/mount/device.h"
#include "launch/privilege/renounce.h"
#include "socket/receive/empty_folder.h"
#include "socket/receive/receiver.h"
#include "supervise/children.h"
#include "supervise/notify.h"
#include "supervise/start.h"

static void watch_other(struct receiver *receiver, int fd)
{
	receiver->events[ON_OTHER] =
		(struct pollfd){.fd = fd, .events = POLLIN};
}

/* ---- The handoff ------------------------------------------------------------ */

/* Which address, for messages. */
static const char *origin(const struct receiver *receiver)
{
	return quoted(receiver->launch->options.receive.text);
}

static void be_interrupted(struct receiver *receiver)
{
	struct signalfd_siginfo signal_;

	while (signals_next(receiver->events[ON_SIGNAL].fd, &signal_))
		if (signal_.ssi_signo != SIGUSR1 &&
		    signal_.ssi_signo != SIGUSR2 &&
		    signal_.ssi_signo != SIGCHLD)
			die_with((enum exit_status)(128 + signal_.ssi_signo),
				 "cannot take a handoff from %s: interrupted",
				 origin(receiver));
}

/* Its number is free by now, for whatever comes next. */
static void forget_socket(struct options *options)
{
	size_t kept = 0;

	for (size_t i = 0; i < options->keep_fd_count; i++)
		if (options->keep_fds[i] != options->receive.fd)
			options->keep_fds[kept++] = options->keep_fds[i];
	options->keep_fd_count = kept;
}

static noreturn void die_late(const struct receiver *receiver)
{
	die("cannot take a handoff from %s: %s after %lu seconds\n"
	    "Give it more with --ready-timeout, where it needs more.",
	    origin(receiver),
	    receiver->connection.socket >= 0
		    ? "nothing was sent"
		    : connection_complaint(&receiver->connection),
	    receiver->launch->options.ready_timeout);
}

/* Its signals, a listener and time: one round of waiting for a sender. */
static void wait_for_sender(struct receiver *receiver)
{
	const deadline_t until = receiver->next < receiver->deadline
					 ? receiver->next
					 : receiver->deadline;

	if (poll(receiver->events, EVENTS, deadline_timeout(until)) < 0)
		for (int i = 0; i < EVENTS; i++)
			receiver->events[i].revents = 0;
	if (receiver->events[ON_SIGNAL].revents)
		be_interrupted(receiver);
	if (deadline_now() >= receiver->deadline)
		die_late(receiver);
}

/* A message's fds get the lowest numbers that are free. */
static void leave_none_free_below(int first)
{
	int fd;

	do
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	while (fd >= 0 && fd < first);
	if (fd >= 0)
		close(fd);
}

static void take_handoff(struct receiver *receiver)
{
	struct connection *connection = &receiver->connection;
	const struct address *address = &receiver->launch->options.receive;

	connection_open(connection, address, true);
	forget_socket(&receiver->launch->options);
	watch_other(receiver, connection->listener);
	while (!connection_try(connection, &receiver->next))
		wait_for_sender(receiver);
	watch_other(receiver, connection->socket);
	leave_none_free_below(receiver->launch->options.first_fd);
	do
		wait_for_sender(receiver);
	while (!receiver->events[ON_OTHER].revents ||
	       !received_take(&receiver->received, connection->socket,
			      address));
}

/* ---- COMMAND ------------------------------------------------------------------ */

static void move_above(int *fd, int other)
{
	const int moved = fcntl(*fd, F_DUPFD_CLOEXEC, other + 1);

	if (moved < 0)
		die("cannot move fd %d: %s", *fd, strerror(errno));
	close(*fd);
	*fd = moved;
}

/* Low numbers are COMMAND's. */
static void clear_the_way(struct receiver *receiver)
{
	const struct fusefd_message *message = &receiver->received.message;
	const int last = message->fds[message->count - 1];

	move_above(&receiver->connection.socket, last);
	move_above(&receiver->events[ON_SIGNAL].fd, last);
}

/* Such a COMMAND looks at its mountpoint, which is elsewhere, in another
 * container perhaps. Of stand-ins that are not there the sender is to hear, so
 * that a child is too late to find it out. */
static void prepare_unmodified(struct receiver *receiver)
{
	struct launch *launch = receiver->launch;

	if (!received_by_one_fd(&launch->options)) {
		receiver->folder.path =
			empty_folder_make(launch->callers_environment);
		launch->handoff.mountpoint = &receiver->folder;
	}
	(void)handoff_environment(&launch->handoff, &launch->options,
				  launch->callers_environment);
}

static void start(struct receiver *receiver)
{
	struct launch *launch = receiver->launch;
	int notify;

	clear_the_way(receiver);
	received_fill(&receiver->received, launch);
	say_if(launch->options.verbose, "received %zu device fds for %s",
	       launch->handoff.count, quoted(launch->handoff.mountpoint->path));
	if (launch->options.listen_fds)
		handoff_check_listen_fds(launch->handoff.fds,
					 launch->handoff.count);
	device_inherit(launch->handoff.fds, launch->handoff.count);
	launch->path = command_find(launch->options.command[0],
				    launch->callers_environment);
	if (launch->options.unmodified)
		prepare_unmodified(receiver);
	if (!launch->options.literal)
		handoff_fill_command(&launch->handoff, &launch->options);
	children_adopt_orphans();
	notify = notify_open(&launch->handoff.notify_socket);
	receiver->command = start_command(launch, &receiver->signals, -1, NULL);
	watch_other(receiver, notify);
	if (!received_is_ours(&receiver->received))
		close(receiver->connection.socket);
}

static void end(struct receiver *receiver)
{
	if (receiver->ending)
		return;
	receiver->ending = true;
	receiver->deadline =
		deadline_in(receiver->launch->options.stop_timeout);
	children_ask_to_end(-1);
}

/* Has it gone to the background? As in child_ends.c. */
static bool goes_on_in_child(struct receiver *receiver, pid_t ended)
{
	if (receiver->told || receiver->ready_pid == ended ||
	    !children_signal(0, -1))
		return false;
	receiver->command = children_find_only(-1);
	return true;
}

static void judge_end(struct receiver *receiver, pid_t ended, int status)
{
	const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	receiver->command = -1;
	receiver->status = status;
	if (!clean || !goes_on_in_child(receiver, ended))
		end(receiver);
}

static void bury_children(struct receiver *receiver)
{
	pid_t child;
	int status;

	while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
		if (children_forget_stranger(child))
			continue;
		if (child == receiver->command ||
		    (receiver->command == -1 && !receiver->ending))
			judge_end(receiver, child, status);
	}
	/* What COMMAND leaves at its end has not heard that this is one. */
	if (receiver->ending)
		children_signal(SIGTERM, -1);
}

static void take_signals(struct receiver *receiver)
{
	struct signalfd_siginfo signal_;

	while (signals_next(receiver->events[ON_SIGNAL].fd, &signal_)) {
		if (signal_.ssi_signo == SIGCHLD)
			bury_children(receiver);
		else
			receiver->told |= children_forward(
				&signal_, receiver->command, -1);
	}
}

static void wait_for_command(struct receiver *receiver)
{
	const int timeout = deadline_timeout(receiver->deadline);
	const int count = poll(receiver->events, EVENTS, timeout);

	/* Events that never cease must not put it off. */
	if (deadline_timeout(receiver->deadline) == 0) {
		children_signal(SIGKILL, -1);
		receiver->deadline = deadline_in(1);
	}
	if (count <= 0)
		return;
	if (receiver->events[ON_OTHER].revents)
		report_notice(receiver);
	if (receiver->events[ON_SIGNAL].revents)
		take_signals(receiver);
}

static noreturn void finish(const struct receiver *receiver)
{
	const int status = receiver->status;

	if (WIFSIGNALED(status) && !receiver->told)
		say("%s was ended by signal %d (%s)",
		    quoted(receiver->launch->options.command[0]),
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	/* First, since TMPDIR may be in a filesystem that hangs. */
	report_end(receiver);
	empty_folder_remove();
	_exit(children_exit_status(status));
}

void receive_handoff(struct launch *launch)
{
	/* Too large for a small stack. */
	static struct receiver receiver;

	receiver.launch = launch;
	renounce_privileges();
	fds_close_others(launch->options.keep_fds,
			 launch->options.keep_fd_count);
	receiver.events[ON_SIGNAL] = (struct pollfd){
		.fd = signals_take(&receiver.signals),
		.events = POLLIN,
	};
	receiver.deadline = deadline_in(launch->options.ready_timeout);
	take_handoff(&receiver);
	report_taken(&receiver);
	start(&receiver);
	receiver.deadline = DEADLINE_NEVER;
	while (!receiver.ending || children_signal(0, -1))
		wait_for_command(&receiver);
	finish(&receiver);
}
