/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-launch: open /dev/fuse, mount, drop every privilege for good, and
 * become the filesystem.
 *
 * main() is the order of operations; each step is a file of that name. What
 * fails leaves nothing behind: until it is attached the mount dies with the
 * process, and then who attached it takes it away.
 */
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "launch/command/command.h"
#include "launch/command/environment.h"
#include "launch/command/exec.h"
#include "launch/command/handoff.h"
#include "launch/launch.h"
#include "launch/mount/device.h"
#include "launch/mount/mount.h"
#include "launch/mount/mountinfo.h"
#include "launch/mount/mountpoint.h"
#include "launch/mount/policy.h"
#include "launch/mount/unmount.h"
#include "launch/options.h"
#include "launch/privilege/privileges.h"
#include "launch/privilege/user.h"
#include "mount-helper/mount_helper.h"
#include "socket/receive/receive.h"
#include "socket/send/send.h"
#include "supervise/background.h"
#include "supervise/supervise.h"

/* What policy has to say to a user before the mountpoint is known. */
static void read_policy(struct launch *launch)
{
	if (launch->caller.root)
		return;
	fuse_conf_read(&launch->conf);
	policy_judge_options(&launch->options.mount, &launch->conf);
}

/* A mountpoint that only root can reach is root's to name, so root pins it
 * with the rights that it still has; a user pins as that user. */
static void pin_as_root(struct launch *launch)
{
	if (!launch->caller.root)
		return;
	mountpoint_pin(&launch->mountpoint, launch->options.mountpoint,
		       launch->options.user ? RESOLVE_ROOTS_LINKS
					    : RESOLVE_AS_ROOT);
}

static void pin_as_user(struct launch *launch)
{
	if (launch->caller.root)
		return;
	mountpoint_pin(&launch->mountpoint, launch->options.mountpoint,
		       RESOLVE_AS_USER);
	mountpoint_inspect(&launch->mountpoint);
	policy_judge_mountpoint(&launch->mountpoint, &launch->caller);
	policy_judge_count(mountinfo_count_fuse_of(launch->caller.uid),
			   &launch->conf);
}

static void find_command(struct launch *launch)
{
	launch->path = command_find(launch->options.command[0],
				    launch->callers_environment);
	command_check_place(launch->path, launch->mountpoint.path);
}

static noreturn void end_dry_run(const struct launch *launch,
				 char *const *environment)
{
	if (launch->options.silent)
		_exit(0);
	say("would mount on %s with %zu device fds",
	    quoted(launch->mountpoint.path), launch->options.fds);
	for (; *environment; environment++)
		if (strncmp(*environment, "FUSEFD_", 7) == 0)
			say("would set %s", quoted(*environment));
	if (launch->options.send.kind) {
		say("would send them to %s", quoted(launch->options.send.text));
		_exit(0);
	}
	say("would execute %s", quoted(launch->path));
	for (int i = 1; launch->options.command[i]; i++)
		say("would pass argument %d: %s", i,
		    quoted(launch->options.command[i]));
	_exit(0);
}

int main(int argc, char **argv)
{
	int fds[DEVICE_FDS_MAX];
	struct launch launch = {.front = -1};
	char **environment;
	bool tell;

	/* Nothing that the caller left may act on us. Signals are as the
	 * caller has them: only a supervisor waits, and COMMAND is to find
	 * them so; the same goes for umask, limits and the current
	 * directory. */
	privileges_forbid_inspection();
	fds_fill_standard();
	launch.callers_environment = environment_take();
	if (argc < 1)
		die("no arguments at all, not even a name");

	/* Who asks, and for what. No file is touched but, for root's --user,
	 * those of the user database. */
	if (mount_helper_is_called(argv[0]))
		mount_helper_parse(&launch.options, argc, argv);
	else
		options_parse(&launch.options, argc, argv);
	if (launch.options.mode == RUN_RECEIVE)
		receive_handoff(&launch);
	tell = launch.options.verbose ||
	       (launch.options.dry_run && !launch.options.silent);
	privileges_read(&launch.caller);
	if (mount_helper_is_called(argv[0]))
		launch.callers_environment = mount_helper_environment(
			launch.callers_environment, &launch.caller);
	if (launch.options.keep_caps && !launch.caller.root)
		die("option --keep-caps is for root: COMMAND has none");
	user_find(&launch.owner, launch.options.user, &launch.caller);
	fds_close_others(launch.options.keep_fds, launch.options.keep_fd_count);
	if (launch.options.mode == RUN_UNMOUNT)
		_exit(unmount_all(&launch.options, &launch.caller));

	/* The last acts with the rights that the launcher was installed with:
	 * who may run it may open the device. */
	read_policy(&launch);
	die_means(MOUNT_SYSTEM);
	device_open(fds, launch.options.fds, launch.options.first_fd);
	if (launch.options.listen_fds)
		handoff_check_listen_fds(fds, launch.options.fds);
	die_means(MOUNT_FAILED);
	pin_as_root(&launch);

	/* From here on the process is the user's, but for CAP_SYS_ADMIN, which
	 * is permitted, and effective around mount system calls only. */
	say_if(tell, "opened %zu device fds", launch.options.fds);
	privileges_narrow(&launch.privileges, &launch.owner,
			  launch.options.keep_caps, tell);
	pin_as_user(&launch);
	if (!launch.options.send.kind)
		find_command(&launch);

	launch.handoff = (struct handoff){
		.fds = fds,
		.count = launch.options.fds,
		.mountpoint = &launch.mountpoint,
		.owner = &launch.owner,
	};
	environment = handoff_environment(&launch.handoff, &launch.options,
					  launch.callers_environment);
	if (!launch.options.literal)
		handoff_fill_command(&launch.handoff, &launch.options);
	if (launch.options.dry_run)
		end_dry_run(&launch, environment);
	if (launch.options.mode == RUN_BACKGROUND)
		launch.front = background_start();

	/* A detached mount, that nobody sees and that dies with us. */
	privileges_raise(&launch.privileges);
	launch.mount =
		mount_create(&launch.options.mount, fds[0], &launch.owner,
			     &launch.mountpoint,
			     command_base_name(launch.options.command[0]));
	privileges_lower(&launch.privileges);
	device_clone(fds, launch.options.fds);
	device_inherit(fds, launch.options.fds);

	/* Either COMMAND is who we become, on an attached mount, or a child,
	 * or runs elsewhere, and the mount is attached when it is ready. */
	if (launch.options.send.kind)
		send_handoff(&launch);
	say_if(tell, "mounting on %s and executing %s",
	       quoted(launch.mountpoint.path), quoted(launch.path));
	if (launch.options.mode == RUN_EXEC)
		exec_command(&launch, environment);
	supervise_command(&launch);
}
