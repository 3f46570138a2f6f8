/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The supervisor's sibling (supervise.c): one thread, one poll loop, a mount
 * that is detached until there is somebody who serves it. But who serves is no
 * child of ours, and may be hostile, of another make, or never come. What it
 * says is one witness; the other is a probe, to which the kernel itself says
 * that the last device fd is closed.
 */
#include "socket/send/send.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/mount/mountinfo.h"
#include "socket/send/sender.h"
#include "supervise/signals.h"

/* ---- What comes to pass --------------------------------------------------- */

static void connect_to_receiver(struct sender *sender)
{
	if (!connection_try(&sender->connection, &sender->next))
		return;
	sender->state = SENDING;
	sender_watch_socket(sender, sender->connection.socket, POLLOUT);
}

static const char *sending_failure(int error)
{
	switch (error) {
	case EPIPE:
	case ECONNRESET:
		return "the receiver closed the connection without taking it";
	case ETOOMANYREFS:
		return "more fds are on their way over sockets than the limit "
		       "on open files allows\n"
		       "Ask for fewer fds with --fds, or raise the limit, with "
		       "'ulimit -n'.";
	default:
		return strerror(error);
	}
}

/* The kernel reports the end of the connection when the last device fd is
 * closed; ours must not be among those that are open. */
static void send_message(struct sender *sender)
{
	const int error = handoff_message_send(&sender->message,
					       sender->connection.socket);

	if (error == EAGAIN || error == EINTR)
		return;
	if (error) {
		sender_fail(sender, sending_failure(error));
		return;
	}
	say_if(sender->launch->options.verbose, "sent %zu device fds",
	       sender->launch->handoff.count);
	sender_close_devices(sender->launch);
	sender->state = WAITING;
	sender_watch_socket(sender, sender->connection.socket, POLLIN);
	sender_probe(sender, sender->launch->mount);
}

static void use_socket(struct sender *sender)
{
	if (sender->state == CONNECTING)
		connect_to_receiver(sender);
	else if (sender->state == SENDING)
		send_message(sender);
	else
		sender_listen(sender);
}

static void take_child(struct sender *sender)
{
	int status;

	if (sender->probe > 0 && waitpid(sender->probe, &status, WNOHANG) > 0)
		sender_judge_probe(sender, status);
}

static void end_by_signal(struct sender *sender, int signal_)
{
	sender->signal = signal_;
	if (sender->state == SERVING)
		sender_unmount(sender);
	else
		sender_fail(sender, "interrupted");
}

static void take_signals(struct sender *sender)
{
	struct signalfd_siginfo signal_;

	while (signals_next(sender->events[ON_SIGNAL].fd, &signal_)) {
		if (signal_.ssi_signo == SIGCHLD)
			take_child(sender);
		else if (signal_.ssi_signo != SIGUSR1 &&
			 signal_.ssi_signo != SIGUSR2)
			end_by_signal(sender, (int)signal_.ssi_signo);
	}
}

static const char *lateness(const struct sender *sender)
{
	const unsigned long seconds = sender->launch->options.ready_timeout;
	const char *what = connection_complaint(&sender->connection);
	char *text;

	if (sender->state == SENDING)
		what = "the receiver does not take the message";
	if (sender->state == WAITING)
		what = "the receiver is not ready";
	if (asprintf(&text,
		     "%s after %lu seconds\n"
		     "Give it more with --ready-timeout, where it needs more.",
		     what, seconds) < 0)
		die("out of memory");
	return text;
}

static void pass_time(struct sender *sender)
{
	const deadline_t now = deadline_now();

	if (now >= sender->deadline && sender->state == ENDING) {
		sender->probe = -1;
	} else if (now >= sender->deadline) {
		sender_fail(sender, lateness(sender));
	} else if (now >= sender->next) {
		sender->next = DEADLINE_NEVER;
		if (sender->state == CONNECTING)
			connect_to_receiver(sender);
		else if (sender->state == WAITING)
			sender_judge(sender);
		else if (sender->state == SERVING)
			sender_patrol(sender);
	}
}

/* ---- The loop ------------------------------------------------------------- */

static void wait_for_events(struct sender *sender)
{
	struct pollfd *events = sender->events;
	const int timeout = deadline_timeout(sender->next < sender->deadline
						     ? sender->next
						     : sender->deadline);

	(void)poll(events, EVENTS, timeout);
	if (events[ON_SIGNAL].revents)
		take_signals(sender);
	if (events[ON_SOCKET].fd >= 0 && events[ON_SOCKET].revents)
		use_socket(sender);
	if (events[ON_MOUNTS].revents && sender->state == SERVING &&
	    mounted_is_gone(&sender->mounted))
		sender_leave(sender);
	if (events[ON_FRONT].fd >= 0 && events[ON_FRONT].revents)
		sender_fail(sender, "interrupted");
	pass_time(sender);
}

/* ---- How it begins and ends ------------------------------------------------ */

static noreturn void finish(const struct sender *sender)
{
	const int status =
		sender->signal ? 128 + sender->signal : EXIT_LAUNCHER;

	if (sender->failure)
		die_with((enum exit_status)status, "cannot hand over %s: %s",
			 sender_mountpoint(sender), sender->failure);
	_exit(sender->status);
}

static void start(struct sender *sender)
{
	struct launch *launch = sender->launch;
	struct signals signals;

	for (int i = 0; i < EVENTS; i++)
		sender->events[i].fd = -1;
	sender->events[ON_SIGNAL] = (struct pollfd){
		.fd = signals_take(&signals),
		.events = POLLIN,
	};
	sender->events[ON_MOUNTS] = (struct pollfd){
		.fd = open(MOUNTINFO_PATH, O_RDONLY | O_CLOEXEC),
		.events = POLLPRI,
	};
	if (sender->events[ON_MOUNTS].fd < 0)
		die("cannot watch the mounts: '" MOUNTINFO_PATH "': %s",
		    strerror(errno));
	sender->events[ON_FRONT].fd = launch->front;
	handoff_message_build(&sender->message, &launch->handoff,
			      &launch->options);
	receiver_answer_init(&sender->answer);
	connection_open(&sender->connection, &launch->options.send, false);
	sender->deadline = deadline_in(launch->options.ready_timeout);
	sender_watch_socket(sender, sender->connection.listener, POLLIN);
	connect_to_receiver(sender);
}

void send_handoff(struct launch *launch)
{
	struct sender sender = {.launch = launch, .probe = -1, .copy = -1};

	start(&sender);
	while (sender.state != ENDING || sender.probe != -1)
		wait_for_events(&sender);
	finish(&sender);
}
