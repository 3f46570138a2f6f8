/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One thread, one poll loop. The mount is detached while COMMAND starts, so
 * that nobody meets a mountpoint that hangs; it is attached while COMMAND
 * serves; and whatever goes first, the mount or COMMAND, the other follows.
 */
#include "supervise/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/command/command.h"
#include "supervise/children.h"
#include "supervise/notify.h"
#include "supervise/probe.h"
#include "supervise/restriction.h"
#include "supervise/signals.h"
#include "supervise/start.h"
#include "supervise/supervisor.h"

/* ---- What comes to pass --------------------------------------------------- */

/* COMMAND does not serve before it has been done, so that nobody ever meets a
 * mount that was to be read-only and is not yet. */
static void restrict_mount(struct supervisor *supervisor, uint64_t attributes)
{
	if (!attributes || supervisor->state != STARTING)
		return;
	supervisor->fault = restriction_apply(supervisor->launch, attributes);
	if (supervisor->fault)
		supervisor_fail(supervisor, UNATTACHED);
}

static void take_notice(struct supervisor *supervisor)
{
	uint64_t restrictions;
	pid_t sender;
	const enum notice notice = notify_read(supervisor->events[ON_NOTIFY].fd,
					       supervisor->launch->owner.uid,
					       &sender, &restrictions);

	restrict_mount(supervisor, restrictions);
	switch (notice) {
	case NOTICE_READY:
		if (supervisor->state == STARTING)
			supervisor->ready = sender;
		supervisor_serve(supervisor);
		break;
	case NOTICE_STOPPING:
		/* The fusermount of --unmodified was asked to unmount, and who
		 * asked may wait for the end of the connection. */
		if (supervisor->state == SERVING)
			supervisor_unmount(supervisor);
		break;
	case NOTICE_NONE:
		break;
	}
}

static void take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo signal_;

	while (signals_next(supervisor->events[ON_SIGNAL].fd, &signal_)) {
		if (signal_.ssi_signo == SIGCHLD)
			supervisor_bury_children(supervisor);
		else
			supervisor->told |=
				children_forward(&signal_, supervisor->command,
						 supervisor->probe);
	}
}

/* A filesystem learns of the unmount from the kernel (ENODEV), and ends by
 * itself, with a status of its own. So many seconds later it has not. */
#define UNMOUNTED_PATIENCE 3

/* A probe keeps the connection as an open file does, and so COMMAND from
 * hearing of the unmount, for as long as nobody answers it. */
static bool is_used(struct supervisor *supervisor)
{
	if (!mounted_is_used(&supervisor->mounted))
		return false;
	if (supervisor->probe == -1)
		return true;
	if (!supervisor->patience)
		supervisor->patience =
			deadline_in(supervisor->launch->options.stop_timeout);
	return deadline_now() < supervisor->patience;
}

/* After a lazy unmount, COMMAND serves those who still have files open. */
static void check_mount(struct supervisor *supervisor)
{
	if (supervisor->state != SERVING ||
	    !mounted_is_gone(&supervisor->mounted))
		return;
	mounted_let_go(&supervisor->mounted);
	if (is_used(supervisor)) {
		supervisor->deadline = deadline_in(1);
		return;
	}
	supervisor->state = ENDING;
	supervisor->deadline = deadline_in(UNMOUNTED_PATIENCE);
}

static void pass_deadline(struct supervisor *supervisor)
{
	switch (supervisor->state) {
	case STARTING:
		supervisor_fail(supervisor,
				supervisor->closed ? CLOSED : SILENT);
		break;
	case SERVING:
		if (supervisor->closed)
			supervisor_end_survivors(supervisor);
		check_mount(supervisor);
		break;
	case ENDING:
		if (!supervisor->asked) {
			supervisor_ask_to_end(supervisor);
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
		supervisor_fail(supervisor, INTERRUPTED);
	}
	supervisor_settle_doubt(supervisor);
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
	if (output >= 0)
		close(output);
	supervisor->deadline = deadline_in(launch->options.ready_timeout);
	supervisor->probe = probe_start(launch->mount);
	/* The directory that it was started in is not the supervisor's to
	 * keep busy. */
	if (supervisor->probe < 0 || chdir("/") ||
	    !privileges_try_keep_none(&launch->privileges)) {
		supervisor->fault = strerror(errno);
		supervisor_fail(supervisor, UNATTACHED);
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
