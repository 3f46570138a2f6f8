/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * First to a handoff, then COMMAND's parent: it tells the sender what becomes
 * of COMMAND, passes signals on and, as a container's first process, buries
 * whoever is left behind. The socket stays open as long as it lives, so that
 * its end tells as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/command/command.h"
#include "launch/command/handoff.h"
#include "socket/receive/empty_folder.h"
#include "socket/receive/receiver.h"
#include "supervise/children.h"
#include "supervise/notify.h"
#include "supervise/start.h"

/* ---- The handoff ------------------------------------------------------------ */

/* Which address, for messages. */
static const char *origin(const struct receiver *receiver)
{
	return quoted(receiver->options->receive.text);
}

static void be_interrupted(void *owner)
{
	const struct receiver *receiver = owner;
	struct signalfd_siginfo signal_;

	if (signals_next(receiver->signals, &signal_) &&
	    signal_.ssi_signo != SIGUSR1 && signal_.ssi_signo != SIGUSR2 &&
	    signal_.ssi_signo != SIGCHLD)
		die_with((enum exit_status)(128 + signal_.ssi_signo),
			 "cannot take a handoff from %s: interrupted",
			 origin(receiver));
}

static void be_late(void *owner)
{
	const struct receiver *receiver = owner;

	die("cannot take a handoff from %s: %s after %lu seconds\n"
	    "Give it more with --ready-timeout, where it needs more.",
	    origin(receiver),
	    receiver->connection.socket >= 0
		    ? "nothing was sent"
		    : connection_complaint(&receiver->connection),
	    receiver->options->ready_timeout);
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

static void take_message(void *owner)
{
	struct receiver *receiver = owner;

	if (received_take(&receiver->received, receiver->connection.socket,
			  &receiver->options->receive))
		answer_taken(receiver);
}

static void connect_to_sender(void *owner)
{
	struct receiver *receiver = owner;
	struct loop *loop = &receiver->loop;

	if (!connection_try(&receiver->connection, &loop->timers[RETRY].at))
		return;
	leave_none_free_below(receiver->options->first_fd);
	loop_watch(loop, ON_SOCKET, receiver->connection.socket, EPOLLIN,
		   take_message);
}

/* What a loop of its own waits for is over with it. */
static void take_handoff(struct receiver *receiver)
{
	struct loop *loop = &receiver->loop;

	loop_open(loop, receiver);
	loop_watch(loop, ON_SIGNAL, receiver->signals, EPOLLIN, be_interrupted);
	loop_time(loop, DEADLINE, be_late);
	loop_time(loop, RETRY, connect_to_sender);
	loop->timers[DEADLINE].at =
		deadline_in(receiver->options->ready_timeout);
	connection_open(&receiver->connection, &receiver->options->receive,
			true);
	forget_socket(receiver->options);
	loop_watch(loop, ON_SOCKET, receiver->connection.listener, EPOLLIN,
		   connect_to_sender);
	connect_to_sender(receiver);
	while (!receiver->taken)
		loop_wait(loop);
	close(loop->epoll);
}

/* ---- COMMAND's start -------------------------------------------------------- */

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
	move_above(&receiver->signals, last);
}

/* Such a COMMAND looks at its mountpoint, which is elsewhere, in another
 * container perhaps. */
static const char *mountpoint_of_command(const struct receiver *receiver)
{
	if (!receiver->options->unmodified ||
	    received_by_one_fd(receiver->options))
		return receiver->received.mountpoint;
	return empty_folder_make(receiver->callers_environment);
}

static void start(struct receiver *receiver)
{
	struct options *options = receiver->options;
	const struct fusefd_message *message = &receiver->received.message;
	struct command command = {
		.arguments = options->command,
		.listen_fds = options->listen_fds,
		.device_fds = message->fds,
		.output = -1,
	};
	const char *mountpoint, *notify_socket;

	clear_the_way(receiver);
	received_fill(&receiver->received, options);
	command.device_fd_count = message->count;
	command.keep_fds = options->keep_fds;
	command.keep_fd_count = options->keep_fd_count;
	say_if(options->verbose, "received %zu device fds for %s",
	       message->count, quoted(receiver->received.mountpoint));
	if (options->listen_fds)
		handoff_check_listen_fds(message->fds, message->count);
	command.path = command_find(options->command[0],
				    receiver->callers_environment);
	mountpoint = mountpoint_of_command(receiver);
	if (!options->literal)
		received_fill_command(&receiver->received, options->command,
				      mountpoint);
	children_adopt_orphans();
	receiver->notify = notify_open(&notify_socket);
	received_environment(&receiver->received, options,
			     receiver->callers_environment, mountpoint,
			     notify_socket, &command.environment);
	receiver->command = start_command(&command, &receiver->callers_signals);
	if (!received_is_ours(&receiver->received))
		close(receiver->connection.socket);
}

/* ---- COMMAND's end ---------------------------------------------------------- */

static void end(struct receiver *receiver)
{
	if (receiver->ending)
		return;
	receiver->ending = true;
	receiver->loop.timers[DEADLINE].at =
		deadline_in(receiver->options->stop_timeout);
	children_ask_to_end(-1);
}

/* If one of several has failed, nobody here can find out whether the filesystem
 * is among the others, as reap.c can. */
static bool goes_on_in_child(struct receiver *receiver, pid_t ended, int status)
{
	return children_succeed(&receiver->command, -1) && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0 && !receiver->told &&
	       receiver->ready != ended;
}

static void judge_end(struct receiver *receiver, pid_t ended, int status)
{
	receiver->status = status;
	if (goes_on_in_child(receiver, ended, status))
		return;
	receiver->command = -1;
	end(receiver);
}

static void bury_children(struct receiver *receiver)
{
	pid_t child;
	int status;

	while (children_next(&child, &status))
		if (!WIFSTOPPED(status) &&
		    (child == receiver->command ||
		     (receiver->command == -1 && !receiver->ending)))
			judge_end(receiver, child, status);
	/* What COMMAND leaves at its end has not heard that this is one. */
	if (receiver->ending)
		children_signal(SIGTERM, -1);
}

static void take_signal(void *owner)
{
	struct receiver *receiver = owner;
	struct signalfd_siginfo signal_;

	if (!signals_next(receiver->signals, &signal_))
		return;
	if (signal_.ssi_signo == SIGCHLD)
		bury_children(receiver);
	else
		receiver->told |=
			children_forward(&signal_, receiver->command, -1);
}

static void kill_children(void *owner)
{
	struct receiver *receiver = owner;

	children_signal(SIGKILL, -1);
	receiver->loop.timers[DEADLINE].at = deadline_in(1);
}

static void take_notice(void *owner)
{
	answer_notice(owner);
}

static void wait_for_command(struct receiver *receiver)
{
	struct loop *loop = &receiver->loop;

	loop_open(loop, receiver);
	loop_watch(loop, ON_SIGNAL, receiver->signals, EPOLLIN, take_signal);
	loop_watch(loop, ON_NOTIFY, receiver->notify, EPOLLIN, take_notice);
	loop_time(loop, DEADLINE, kill_children);
	while (!receiver->ending || children_signal(0, -1))
		loop_wait(loop);
}

static noreturn void finish(struct receiver *receiver)
{
	const int status = receiver->status;

	if (WIFSIGNALED(status) && !receiver->told)
		say("%s was ended by signal %d (%s)",
		    quoted(receiver->options->command[0]), WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	/* First, since TMPDIR may be in a filesystem that hangs. */
	answer_end(receiver);
	empty_folder_remove();
	_exit(children_exit_status(status));
}

void receiver_run(struct receiver *receiver)
{
	receiver->connection.socket = -1;
	receiver->connection.listener = -1;
	answer_when_dying(receiver);
	receiver->signals = signals_take(&receiver->callers_signals);
	take_handoff(receiver);
	start(receiver);
	wait_for_command(receiver);
	finish(receiver);
}
