/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The supervisor's sibling: one thread, one loop, a mount that is detached until
 * there is somebody who serves it. But who serves is no child of ours, and may
 * be hostile, of another make, or never come. So its answer is not all that
 * counts: a probe asks the kernel, which knows when the last device fd is closed.
 */
#include "socket/send/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise/signals.h"

/* Between two looks at the mounts, in milliseconds: on a machine with many of
 * them, each look costs all who look. */
#define MOUNTS_REST 200

static void use_socket(void *owner);

/* ---- The connection ------------------------------------------------------- */

static void connect_to_receiver(struct sender *sender)
{
	if (!connection_try(&sender->connection, &sender->loop.timers[NEXT].at))
		return;
	sender->state = SENDING;
	loop_watch(&sender->loop, ON_SOCKET, sender->connection.socket,
		   EPOLLOUT, use_socket);
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
	say_if(sender->options->verbose, "sent %zu device fds",
	       sender->handoff.count);
	sender_close_devices(sender);
	sender->state = WAITING;
	loop_watch(&sender->loop, ON_SOCKET, sender->connection.socket, EPOLLIN,
		   use_socket);
	sender_probe(sender);
}

static void use_socket(void *owner)
{
	struct sender *sender = owner;

	if (sender->state == CONNECTING)
		connect_to_receiver(sender);
	else if (sender->state == SENDING)
		send_message(sender);
	else
		sender_listen(sender);
}

/* ---- Signals --------------------------------------------------------------- */

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

static void take_signals(void *owner)
{
	struct sender *sender = owner;
	struct signalfd_siginfo signal_;

	while (signals_next(sender->signals, &signal_)) {
		if (signal_.ssi_signo == SIGCHLD)
			take_child(sender);
		else if (signal_.ssi_signo != SIGUSR1 &&
			 signal_.ssi_signo != SIGUSR2)
			end_by_signal(sender, (int)signal_.ssi_signo);
	}
}

/* ---- The mount, its keeper, and the front ----------------------------------- */

static void look_at_mounts(void *owner)
{
	struct sender *sender = owner;

	if (sender->state == SERVING && attached_mount_is_gone(&sender->mount))
		sender_leave(sender);
}

static void lose_keeper(void *owner)
{
	struct sender *sender = owner;

	loop_forget(&sender->loop, ON_KEEPER);
	if (sender->state == ENDING)
		return;
	if (sender->state < SERVING) {
		sender_fail(sender, "the mount's keeper was killed");
		return;
	}
	TELL(sender, "cannot watch over %s: its keeper was killed",
	     sender_mountpoint(sender));
	sender->status = EXIT_LAUNCHER;
	sender_leave(sender);
}

static void lose_front(void *owner)
{
	sender_fail(owner, "interrupted");
}

/* ---- Time ----------------------------------------------------------------- */

static const char *lateness(const struct sender *sender)
{
	const char *what = connection_complaint(&sender->connection);
	char *text;

	if (sender->state == SENDING)
		what = "the receiver does not take the message";
	if (sender->state == WAITING)
		what = "the receiver is not ready";
	if (asprintf(&text,
		     "%s after %lu seconds\n"
		     "Give it more with --ready-timeout, where it needs more.",
		     what, sender->options->ready_timeout) < 0)
		die("out of memory");
	return text;
}

static void pass_deadline(void *owner)
{
	struct sender *sender = owner;

	if (sender->state == ENDING)
		sender->probe = -1;
	else
		sender_fail(sender, lateness(sender));
}

static void go_on(void *owner)
{
	struct sender *sender = owner;

	if (sender->state == CONNECTING)
		connect_to_receiver(sender);
	else if (sender->state == WAITING)
		sender_judge(sender);
	else if (sender->state == SERVING)
		sender_patrol(sender);
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

static struct sender *dying;

/* No socket stays that nobody listens at, and no mount that is not attached. */
static void clean_up_dying(int status, const char *message)
{
	(void)status;
	(void)message;
	connection_withdraw(&dying->connection);
	keeper_let_go(&dying->keeper);
}

static void copy_mount(struct sender *sender)
{
	const int error = keeper_copy(&sender->keeper, -1, &sender->copy);

	if (error)
		die("cannot hand over %s: no copy of the mount to probe: %s",
		    sender_mountpoint(sender), strerror(error));
	sender->mount = (struct attached_mount){
		.mountpoint = sender->handoff.announcement.mountpoint,
		.connection = attached_mount_connection(sender->copy),
	};
}

static void start(struct sender *sender)
{
	struct loop *loop = &sender->loop;
	struct signals callers;
	int mounts;

	sender->connection.listener = -1;
	dying = sender;
	die_after(clean_up_dying);
	loop_open(loop, sender);
	loop_time(loop, DEADLINE, pass_deadline);
	loop_time(loop, NEXT, go_on);
	sender->signals = signals_take(&callers);
	loop_watch(loop, ON_SIGNAL, sender->signals, EPOLLIN, take_signals);
	mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (mounts < 0)
		die("cannot watch the mounts: '/proc/self/mountinfo': %s",
		    strerror(errno));
	loop_watch_gathered(loop, ON_MOUNTS, mounts, EPOLLPRI, MOUNTS_REST,
			    look_at_mounts);
	loop_watch(loop, ON_KEEPER, sender->keeper.socket, 0, lose_keeper);
	loop_watch(loop, ON_FRONT, sender->front, 0, lose_front);
	copy_mount(sender);
	handoff_message_build(&sender->message, &sender->handoff,
			      sender->options->payload);
	receiver_answer_init(&sender->answer);
	connection_open(&sender->connection, &sender->options->address, false);
	loop->timers[DEADLINE].at = deadline_in(sender->options->ready_timeout);
	loop_watch(loop, ON_SOCKET, sender->connection.listener, EPOLLIN,
		   use_socket);
	connect_to_receiver(sender);
}

void sender_run(struct sender *sender)
{
	start(sender);
	while (sender->state != ENDING || sender->probe != -1)
		loop_wait(&sender->loop);
	finish(sender);
}
