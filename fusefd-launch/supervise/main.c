/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-supervise: COMMAND as a child, with the mount attached while it serves.
 *
 * The launcher has made the mount and executes this program with the device fds
 * and the socket of a keeper; it has no privilege. The mount is detached while
 * COMMAND starts, so that nobody meets a mountpoint that hangs; it is attached
 * while COMMAND serves; and whatever goes first, the mount or COMMAND, the other
 * follows. The table of states is in supervisor.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/command/command.h"
#include "launch/command/unmodified.h"
#include "lib/protocol.h"
#include "supervise/background.h"
#include "supervise/capabilities.h"
#include "supervise/children.h"
#include "supervise/command_environment.h"
#include "supervise/notify.h"
#include "supervise/restriction.h"
#include "supervise/signals.h"
#include "supervise/start.h"
#include "supervise/supervisor.h"

/* How long mount events gather, in milliseconds. Each supervisor of a machine is
 * woken by each of its mounts; that its own is gone, COMMAND tells as a rule. */
#define GATHERING 1000

/* ---- What comes to pass --------------------------------------------------- */

/* COMMAND does not serve before it has been done, so that nobody ever meets a
 * mount that was to be read-only and is not yet. */
static void restrict_mount(struct supervisor *supervisor, uint32_t flags)
{
	const char *reason;

	if (!flags || supervisor->state >= SERVING)
		return;
	reason = restriction_apply(&supervisor->keeper, flags);
	if (reason)
		supervisor_fail_to_mount(supervisor, reason);
}

/* The fusermount of --unmodified was asked to unmount, and whoever asked may wait
 * for the end of the connection. */
static void stop_serving(struct supervisor *supervisor)
{
	if (supervisor->state < SERVING || supervisor->state > IN_USE)
		return;
	supervisor_unmount(supervisor);
	supervisor_check_mount(supervisor);
}

static void take_notice(void *owner)
{
	struct supervisor *supervisor = owner;
	uint32_t restrictions;
	pid_t sender;
	const enum notice notice =
		notify_read(supervisor->notify, supervisor->handoff->owner,
			    &sender, &restrictions);

	restrict_mount(supervisor, restrictions);
	if (notice == NOTICE_STOPPING)
		stop_serving(supervisor);
	if (notice != NOTICE_READY || supervisor->state >= SERVING)
		return;
	supervisor->ready_pid = sender;
	supervisor_serve(supervisor);
}

static void take_signal(void *owner)
{
	struct supervisor *supervisor = owner;
	struct signalfd_siginfo signal_;

	if (!signals_next(supervisor->signals, &signal_))
		return;
	if (signal_.ssi_signo == SIGCHLD)
		supervisor_reap(supervisor);
	else
		supervisor->told_to_end |= children_forward(
			&signal_, supervisor->command, supervisor->probe);
}

static void take_output(void *owner)
{
	struct supervisor *supervisor = owner;

	if (output_relay(&supervisor->output))
		return;
	loop_forget(&supervisor->loop, ON_OUTPUT);
	output_close(&supervisor->output);
}

static void take_mount_event(void *owner)
{
	supervisor_check_mount(owner);
}

static void hear_front_hang_up(void *owner)
{
	supervisor_fail(owner, FRONT_WAS_INTERRUPTED);
}

static void hear_keeper_hang_up(void *owner)
{
	supervisor_lose_keeper(owner);
}

/* A probe waits where no signal ends it as long as somebody holds a device fd,
 * who may be none of our children. */
static void kill_children(struct supervisor *supervisor)
{
	if (!children_signal(SIGKILL, supervisor->probe))
		supervisor->probe = -1;
	supervisor_set_timer(supervisor, deadline_in(1));
}

static void pass_time(void *owner)
{
	struct supervisor *supervisor = owner;

	switch (supervisor->state) {
	case STARTING:
		supervisor_fail(supervisor, COMMAND_IS_LATE);
		break;
	case CUT_OFF:
		supervisor_fail(supervisor, CONNECTION_IS_DEAD);
		break;
	case DESERTED:
		supervisor_check_mount(supervisor);
		if (supervisor->state != DESERTED)
			break;
		supervisor->command = -1;
		supervisor_end(supervisor);
		break;
	case SERVING:
	case IN_USE:
		supervisor_check_mount(supervisor);
		break;
	case UNMOUNTED:
		supervisor_ask_to_end(supervisor);
		break;
	case ENDING:
		kill_children(supervisor);
	}
}

/* ---- How it begins -------------------------------------------------------- */

/* argv[0] is the launcher's own, whose messages and exit statuses these are. */
static void take_name(const char *name)
{
	static const char mount_helper[] = "mount.fusefd";

	if (strncmp(command_base_name(name), mount_helper,
		    sizeof(mount_helper) - 1) == 0)
		die_as_mount_helper();
	die_means(MOUNT_FAILED);
}

/* COMMAND's user is not the one whose terminal this is, and must get neither at
 * it nor at a process that has it: not by ptrace(2), and not by what it inherits
 * (TIOCSTI types for whoever reads there). */
static void hide_terminal(void)
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0)
		die("cannot leave the terminal: %s", strerror(errno));
	close(null);
}

static void find_command(struct supervise_options *options,
			 const char *mountpoint)
{
	if (options->path)
		return;
	options->path = command_find(options->command[0], environ);
	command_check_place(options->path, mountpoint);
}

static int open_mountinfo(void)
{
	const int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot watch the mounts: '/proc/self/mountinfo': %s",
		    strerror(errno));
	return fd;
}

static void watch(struct supervisor *supervisor)
{
	struct loop *loop = &supervisor->loop;

	loop_watch(loop, ON_SIGNAL, supervisor->signals, EPOLLIN, take_signal);
	loop_watch(loop, ON_NOTIFY, supervisor->notify, EPOLLIN, take_notice);
	loop_watch_gathered(loop, ON_MOUNTS, open_mountinfo(), EPOLLPRI,
			    GATHERING, take_mount_event);
	loop_watch(loop, ON_OUTPUT, supervisor->output.from, EPOLLIN,
		   take_output);
	loop_watch(loop, ON_FRONT, supervisor->front, 0, hear_front_hang_up);
	loop_watch(loop, ON_KEEPER, supervisor->keeper.socket, 0,
		   hear_keeper_hang_up);
	loop_time(loop, ON_TIME, pass_time);
}

/* Asked before COMMAND runs, so that nothing but a death is left to do if it
 * cannot be had. */
static void copy_mount(struct supervisor *supervisor)
{
	const int error =
		keeper_copy(&supervisor->keeper, -1, &supervisor->detached);

	if (error)
		die("cannot mount on %s: %s",
		    quoted(supervisor->mount.mountpoint), strerror(error));
	supervisor->mount.connection =
		attached_mount_connection(supervisor->detached);
}

static void open_background(struct supervisor *supervisor,
			    struct command *command)
{
	command->output = output_open(&supervisor->output,
				      command_base_name(command->arguments[0]));
	if (supervisor->options->other_user) {
		command->isolated = true;
		return;
	}
	command->terminal = &supervisor->terminal;
	terminal_open(command->terminal);
}

static void build_environment(const struct supervise_options *options,
			      struct environment *environment,
			      const char *notify_socket)
{
	command_environment_build(environment, notify_socket,
				  UNMODIFIED_VARIABLES + LISTEN_FDS_VARIABLES);
	if (options->unmodified)
		command_environment_add_stand_ins(environment);
}

static void start(struct supervisor *supervisor)
{
	const struct supervise_options *options = supervisor->options;
	struct command command = {
		.path = options->path,
		.arguments = options->command,
		.listen_fds = options->listen_fds,
		.device_fds = supervisor->handoff->fds,
		.device_fd_count = supervisor->handoff->count,
		.keep_fds = options->keep_fds,
		.keep_fd_count = options->keep_fd_count,
		.output = -1,
	};
	const char *notify_socket;
	struct signals signals;

	children_adopt_orphans();
	supervisor->signals = signals_take(&signals);
	supervisor->notify = notify_open(&notify_socket);
	build_environment(options, &command.environment, notify_socket);
	if (options->background)
		open_background(supervisor, &command);
	copy_mount(supervisor);
	watch(supervisor);

	supervisor->command = start_command(&command, &signals);
	if (command.output >= 0)
		close(command.output);
	supervisor_set_timer(supervisor, deadline_in(options->ready_timeout));
	/* COMMAND alone keeps those of --keep-caps; and the directory that the
	 * supervisor was started in is not its to keep busy. */
	if (!capabilities_give_up() || chdir("/"))
		supervisor_fail_to_mount(supervisor, strerror(errno));
	else
		supervisor_probe(supervisor);
}

/* ---- How it ends ---------------------------------------------------------- */

static bool is_over(struct supervisor *supervisor)
{
	deadline_t *end = &supervisor->loop.timers[ON_TIME].at;

	if (supervisor->state < UNMOUNTED ||
	    children_signal(0, supervisor->probe))
		return false;
	if (supervisor->probe == -1)
		return true;
	if (*end > deadline_now() + 1000)
		*end = deadline_in(1);
	return false;
}

static noreturn void finish(struct supervisor *supervisor)
{
	const char *name = supervisor->options->command[0];
	const int status = supervisor->status;

	if (supervisor->output.from >= 0)
		(void)output_relay(&supervisor->output);
	terminal_give_back(&supervisor->terminal);
	if (supervisor->failure)
		start_failure_die(&(struct failed_start){
			.failure = supervisor->failure,
			.command = name,
			.mountpoint = supervisor->mount.mountpoint,
			.timeout = supervisor->options->ready_timeout,
			.status = status,
			.reason = supervisor->reason,
		});
	if (WIFSIGNALED(status) && !supervisor->told_to_end)
		TELL(supervisor, "%s was ended by signal %d (%s)", quoted(name),
		     WTERMSIG(status), strsignal(WTERMSIG(status)));
	_exit(children_exit_status(status));
}

int main(int argc, char **argv)
{
	struct supervise_options options;
	struct inherited_handoff handoff;
	/* Too large for a small stack. */
	static struct supervisor supervisor;

	if (argc < 1)
		die("no arguments at all, not even a name");
	take_name(argv[0]);
	supervise_options_parse(&options, argc, argv);
	inherited_handoff_read(&handoff);
	supervisor = (struct supervisor){
		.options = &options,
		.handoff = &handoff,
		.mount.mountpoint = handoff.announcement.mountpoint,
		.front = -1,
		.output.from = -1,
		.terminal.fd = -1,
		.probe = -1,
	};
	keeper_find(&supervisor.keeper);
	find_command(&options, supervisor.mount.mountpoint);

	if (options.background && options.other_user)
		hide_terminal();
	if (options.background)
		supervisor.front = background_start();
	if (options.background && options.other_user)
		(void)setsid();
	loop_open(&supervisor.loop, &supervisor);
	start(&supervisor);
	while (!is_over(&supervisor)) {
		loop_wait(&supervisor.loop);
		supervisor_settle_doubt(&supervisor);
	}
	finish(&supervisor);
}
