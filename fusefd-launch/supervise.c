/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One thread, one poll loop. The mount is detached while COMMAND starts, so
 * that nobody meets a mountpoint that hangs; it is attached while COMMAND
 * serves; and whatever goes first, the mount or COMMAND, the other follows.
 */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "background.h"
#include "children.h"
#include "command.h"
#include "deadline.h"
#include "die.h"
#include "environment.h"
#include "failure.h"
#include "mounted.h"
#include "notify.h"
#include "output.h"
#include "probe.h"
#include "signals.h"
#include "start.h"
#include "survivors.h"

enum state {
	STARTING, /* COMMAND runs, and the mount is detached */
	SERVING,  /* the mount is attached */
	ENDING,	  /* the mount is gone, and so is COMMAND to be */
};

enum { ON_SIGNAL, ON_NOTIFY, ON_MOUNTS, ON_OUTPUT, ON_FRONT, EVENTS };

struct supervisor {
	struct launch *launch;
	enum state state;
	struct pollfd events[EVENTS];
	deadline_t deadline; /* of the state */
	struct output output;
	struct terminal terminal; /* -b: COMMAND's until it is ready */
	struct mounted mounted;
	pid_t command; /* -1 where it has ended, and left several children */
	int status;    /* of the last of them to end */
	pid_t probe;   /* -1 where it has ended */
	pid_t ready;   /* who said READY=1; 0: the probe found it out */
	bool told;     /* to end, by a signal to us */
	bool asked;    /* to end, by a signal of ours */
	bool closed;   /* the connection is dead, and COMMAND not known to be */
	bool left;     /* COMMAND has ended, and its children go on */
	bool doubted;  /* is there anybody among them who serves? */
	enum failure failure;
	const char *fault; /* with UNATTACHED */
};

/* In the background, and ready, there is nobody left to tell but the log. */
#define TELL(supervisor, ...)                                                  \
	((supervisor)->output.to_log ? syslog(LOG_ERR, __VA_ARGS__)            \
				     : say(__VA_ARGS__))

/* ---- From state to state -------------------------------------------------- */

/* A filesystem learns of the unmount from the kernel (ENODEV), and ends by
 * itself, with a status of its own. So many seconds later it has not. */
#define UNMOUNTED_PATIENCE 3

static void ask_to_end(struct supervisor *supervisor)
{
	supervisor->asked = true;
	supervisor->deadline =
		deadline_in(supervisor->launch->options.stop_timeout);
	children_ask_to_end(supervisor->probe);
}

static void unmount(struct supervisor *supervisor)
{
	const char *reason = mounted_unmount(&supervisor->mounted);

	if (reason)
		TELL(supervisor, "cannot unmount %s: %s",
		     quoted(supervisor->launch->mountpoint.path), reason);
}

static void end(struct supervisor *supervisor)
{
	if (supervisor->state == ENDING)
		return;
	if (supervisor->state == SERVING)
		unmount(supervisor);
	else if (supervisor->launch->mount >= 0)
		close(supervisor->launch->mount);
	supervisor->state = ENDING;
	ask_to_end(supervisor);
}

static void fail(struct supervisor *supervisor, enum failure failure)
{
	if (supervisor->state != STARTING)
		return;
	supervisor->failure = failure;
	end(supervisor);
}

static void serve(struct supervisor *supervisor)
{
	struct launch *launch = supervisor->launch;

	if (supervisor->state != STARTING)
		return;
	supervisor->fault = mounted_attach(&supervisor->mounted, launch);
	if (supervisor->fault) {
		fail(supervisor, UNATTACHED);
		return;
	}
	say_if(launch->options.verbose, "ready: mounted on %s",
	       quoted(launch->mountpoint.path));
	supervisor->state = SERVING;
	supervisor->closed = false;
	supervisor->deadline = DEADLINE_NEVER;
	notify_ready(
		environment_get(launch->callers_environment, "NOTIFY_SOCKET"));
	terminal_give_back(&supervisor->terminal);
	if (launch->options.mode == RUN_BACKGROUND) {
		output_to_log(&supervisor->output);
		background_detach(launch->front);
		supervisor->events[ON_FRONT].fd = -1;
	}
}

/* ---- What comes to pass --------------------------------------------------- */

static bool is_clean(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Its own end, of its own accord: not because it was told to, nor because its
 * mount is gone, which it may have learned of before us. What is left by one
 * that was the filesystem itself, by its own word, is no filesystem. */
static bool may_leave_filesystem(const struct supervisor *supervisor,
				 pid_t ended)
{
	return !supervisor->told && supervisor->ready != ended &&
	       !(supervisor->state == SERVING &&
		 mounted_is_gone(&supervisor->mounted));
}

/* Has it gone to the background, as daemon(3) does it? Then the child that it
 * leaves is COMMAND from now on. Of several, nobody knows which; but the last
 * of them is. */
static bool goes_on_in_child(struct supervisor *supervisor, pid_t ended,
			     int status)
{
	const bool one_of_several = supervisor->command != ended;

	supervisor->command = children_find_only(supervisor->probe);
	return (one_of_several || is_clean(status)) &&
	       may_leave_filesystem(supervisor, ended) &&
	       children_signal(0, supervisor->probe);
}

/* Of COMMAND, or of one of the several that it left behind. */
static void judge_end(struct supervisor *supervisor, pid_t ended, int status)
{
	supervisor->status = status;
	supervisor->doubted = supervisor->state != ENDING &&
			      goes_on_in_child(supervisor, ended, status);
	supervisor->left |= supervisor->doubted;
	if (supervisor->doubted)
		return;
	supervisor->command = -1;
	fail(supervisor, ENDED);
	end(supervisor);
}

/* Where it fails COMMAND is dead, as a rule: it has a moment to say why, and
 * with what status. */
static void judge_probe(struct supervisor *supervisor, int status)
{
	supervisor->probe = -1;
	if (is_clean(status)) {
		serve(supervisor);
	} else if (supervisor->state == STARTING ||
		   (supervisor->state == SERVING && supervisor->left)) {
		supervisor->closed = true;
		supervisor->deadline = deadline_in(1);
	}
}

/* What COMMAND left behind may be the filesystem, or helpers of one that is no
 * more: the kernel knows whether anybody has a device fd. */
static void settle_doubt(struct supervisor *supervisor)
{
	if (!supervisor->doubted || supervisor->state != SERVING ||
	    supervisor->probe != -1)
		return;
	supervisor->doubted = false;
	supervisor->probe = survivors_probe(&supervisor->mounted);
}

static void bury_children(struct supervisor *supervisor)
{
	pid_t child;
	int status;

	while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (WIFSTOPPED(status)) {
			terminal_undo_stop(&supervisor->terminal, child,
					   WSTOPSIG(status));
			continue;
		}
		if (children_forget_stranger(child))
			continue;
		if (child == supervisor->probe)
			judge_probe(supervisor, status);
		else if (child == supervisor->command ||
			 (supervisor->command == -1 &&
			  supervisor->state != ENDING))
			judge_end(supervisor, child, status);
	}
	/* What COMMAND leaves at its end has not heard that this is one. */
	if (supervisor->state == ENDING && supervisor->command == -1)
		children_signal(SIGTERM, supervisor->probe);
}

static void take_notice(struct supervisor *supervisor)
{
	pid_t sender;

	switch (notify_read(supervisor->events[ON_NOTIFY].fd,
			    supervisor->launch->owner.uid, &sender)) {
	case NOTICE_READY:
		if (supervisor->state == STARTING)
			supervisor->ready = sender;
		serve(supervisor);
		break;
	case NOTICE_STOPPING:
		/* The fusermount of --unmodified was asked to unmount, and who
		 * asked may wait for the end of the connection. */
		if (supervisor->state == SERVING)
			unmount(supervisor);
		break;
	case NOTICE_NONE:
		break;
	}
}

static void take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo signal_;

	while (read(supervisor->events[ON_SIGNAL].fd, &signal_,
		    sizeof(signal_)) == sizeof(signal_)) {
		if (signal_.ssi_signo == SIGCHLD)
			bury_children(supervisor);
		else
			supervisor->told |=
				children_forward(&signal_, supervisor->command,
						 supervisor->probe);
	}
}

/* After a lazy unmount, COMMAND serves those who still have files open. */
static void check_mount(struct supervisor *supervisor)
{
	if (supervisor->state != SERVING ||
	    !mounted_is_gone(&supervisor->mounted))
		return;
	mounted_let_go(&supervisor->mounted);
	if (mounted_is_used(&supervisor->mounted)) {
		supervisor->deadline = deadline_in(1);
		return;
	}
	supervisor->state = ENDING;
	supervisor->deadline = deadline_in(UNMOUNTED_PATIENCE);
}

/* None of those whom COMMAND left behind is the filesystem. */
static void end_survivors(struct supervisor *supervisor)
{
	if (mounted_is_gone(&supervisor->mounted))
		return;
	supervisor->command = -1;
	end(supervisor);
}

static void pass_deadline(struct supervisor *supervisor)
{
	switch (supervisor->state) {
	case STARTING:
		fail(supervisor, supervisor->closed ? CLOSED : SILENT);
		break;
	case SERVING:
		if (supervisor->closed)
			end_survivors(supervisor);
		check_mount(supervisor);
		break;
	case ENDING:
		if (!supervisor->asked) {
			ask_to_end(supervisor);
			break;
		}
		/* The probe waits where no signal ends it as long as somebody
		 * holds a device fd; it may be somebody who is none of our
		 * children. */
		if (!children_signal(SIGKILL, supervisor->probe))
			supervisor->probe = -1;
		supervisor->deadline = deadline_in(1);
	}
}

/* ---- The loop ------------------------------------------------------------- */

static bool is_over(struct supervisor *supervisor)
{
	if (supervisor->state != ENDING ||
	    children_signal(0, supervisor->probe))
		return false;
	if (supervisor->probe == -1)
		return true;
	if (supervisor->deadline > deadline_now() + 1000)
		supervisor->deadline = deadline_in(1);
	return false;
}

/* poll(2) takes no more fds than RLIMIT_NOFILE, and a user may set ours. None
 * of these would block. */
static int pretend_events(struct pollfd *events)
{
	const struct timespec pause = {.tv_nsec = 100000000};

	(void)nanosleep(&pause, NULL);
	for (size_t i = 0; i < EVENTS; i++)
		events[i].revents =
			i != ON_FRONT && events[i].fd >= 0 ? POLLIN : 0;
	return EVENTS;
}

static void wait_for_events(struct supervisor *supervisor)
{
	struct pollfd *events = supervisor->events;
	const int timeout = deadline_timeout(supervisor->deadline);
	int count = poll(events, EVENTS, timeout);

	if (count < 0 && errno == EINVAL)
		count = pretend_events(events);
	/* Events that never cease must not put it off. */
	if (deadline_timeout(supervisor->deadline) == 0)
		pass_deadline(supervisor);
	if (count <= 0)
		return;
	if (events[ON_OUTPUT].revents) {
		output_relay(&supervisor->output);
		events[ON_OUTPUT].fd = supervisor->output.from;
	}
	if (events[ON_NOTIFY].revents)
		take_notice(supervisor);
	if (events[ON_SIGNAL].revents)
		take_signals(supervisor);
	if (events[ON_MOUNTS].revents)
		check_mount(supervisor);
	if (events[ON_FRONT].revents) {
		events[ON_FRONT].fd = -1;
		fail(supervisor, INTERRUPTED);
	}
	settle_doubt(supervisor);
}

/* ---- How it ends ---------------------------------------------------------- */

static noreturn void finish(struct supervisor *supervisor)
{
	const int status = supervisor->status;

	output_relay(&supervisor->output);
	terminal_give_back(&supervisor->terminal);
	if (supervisor->failure)
		failure_die(supervisor->failure, supervisor->launch, status,
			    supervisor->fault);
	if (WIFSIGNALED(status) && !supervisor->told)
		TELL(supervisor, "%s was ended by signal %d (%s)",
		     quoted(supervisor->launch->options.command[0]),
		     WTERMSIG(status), strsignal(WTERMSIG(status)));
	_exit(children_exit_status(status));
}

/* ---- How it begins -------------------------------------------------------- */

static int open_mountinfo(void)
{
	const int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot watch the mounts: '/proc/self/mountinfo': %s",
		    strerror(errno));
	return fd;
}

/* What is COMMAND's alone: the connection has to die with COMMAND, and who
 * waits for the end of a pipe waits for COMMAND's. */
static void close_commands_fds(const struct launch *launch)
{
	for (size_t i = 0; i < launch->handoff.count; i++)
		close(launch->handoff.fds[i]);
	for (size_t i = 0; i < launch->options.keep_fd_count; i++)
		if (launch->options.keep_fds[i] > STDERR_FILENO)
			close(launch->options.keep_fds[i]);
}

static void watch(struct supervisor *supervisor, int what, int fd, short event)
{
	supervisor->events[what] = (struct pollfd){.fd = fd, .events = event};
}

static void start(struct supervisor *supervisor)
{
	struct launch *launch = supervisor->launch;
	struct terminal *terminal = NULL;
	struct signals signals;
	int output = -1;

	children_adopt_orphans();
	watch(supervisor, ON_SIGNAL, signals_take(&signals), POLLIN);
	watch(supervisor, ON_NOTIFY,
	      notify_open(&launch->handoff.notify_socket), POLLIN);
	watch(supervisor, ON_MOUNTS, open_mountinfo(), POLLPRI);
	if (launch->options.mode == RUN_BACKGROUND) {
		output = output_open(
			&supervisor->output,
			command_base_name(launch->options.command[0]));
		terminal = &supervisor->terminal;
		terminal_open(terminal);
	}
	watch(supervisor, ON_OUTPUT, supervisor->output.from, POLLIN);
	watch(supervisor, ON_FRONT, launch->front, 0);

	supervisor->command = start_command(launch, &signals, output, terminal);
	close_commands_fds(launch);
	if (output >= 0)
		close(output);
	supervisor->deadline = deadline_in(launch->options.ready_timeout);
	supervisor->probe = probe_start(launch->mount);
	/* The directory that it was started in is not the supervisor's to
	 * keep busy. */
	if (supervisor->probe < 0 || chdir("/") ||
	    !privileges_try_keep_none(&launch->privileges)) {
		supervisor->fault = strerror(errno);
		fail(supervisor, UNATTACHED);
	}
}

void supervise_command(struct launch *launch)
{
	struct supervisor supervisor = {
		.launch = launch,
		.output.from = -1,
		.terminal.fd = -1,
	};

	start(&supervisor);
	while (!is_over(&supervisor))
		wait_for_events(&supervisor);
	finish(&supervisor);
}
