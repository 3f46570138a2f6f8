/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-launch: open /dev/fuse, mount, drop every privilege for good, and
 * become the filesystem.
 *
 * main() is the order of operations; each step is a file of that name. What
 * fails leaves nothing behind: until it is attached the mount dies with the
 * process, and then who attached it takes it away.
 */
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "launch/command/become.h"
#include "launch/command/command.h"
#include "launch/command/companion.h"
#include "launch/command/dry_run.h"
#include "launch/command/environment.h"
#include "launch/launch.h"
#include "launch/mount/device.h"
#include "launch/mount/mount.h"
#include "launch/mount/policy.h"
#include "launch/mount/unmount.h"
#include "launch/privilege/user.h"

/* What needs no privilege is done by a program that has none. */
static void leave_the_rest(const struct launch *launch)
{
	const char *companion;

	switch (launch->options.mode) {
	case RUN_HELP:
		companion = "fusefd-help";
		break;
	case RUN_RECEIVE:
		companion = "fusefd-receive";
		break;
	default:
		return;
	}
	privileges_renounce(&launch->caller);
	companion_execute(companion, launch->arguments,
			  launch->callers_environment);
}

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
	policy_judge_count(&launch->attachment.info, launch->caller.uid,
			   &launch->conf);
}

static void find_command(struct launch *launch)
{
	if (launch->options.send.kind)
		return;
	launch->path = command_find(launch->options.command[0],
				    launch->callers_environment);
	command_check_place(launch->path, launch->mountpoint.path);
}

static void fill_handoff(struct launch *launch)
{
	launch->handoff = (struct handoff){
		.fds = launch->fds,
		.count = launch->options.fds,
		.mountpoint = &launch->mountpoint,
		.owner = &launch->owner,
	};
	if (!launch->options.literal)
		handoff_fill_command(&launch->handoff, &launch->options);
}

static void create_mount(struct launch *launch)
{
	struct attachment *attachment = &launch->attachment;
	const struct new_mount request = {
		.options = &launch->options.mount,
		.device = launch->fds[0],
		.owner = &launch->owner,
		.mountpoint = &launch->mountpoint,
		.name = command_base_name(launch->options.command[0]),
	};

	attachment->mount = mount_create(&request, &launch->privileges);
	attachment->look = -1;
	if (launch->options.mode != RUN_EXEC)
		attachment->look =
			mount_create_look(&request, &launch->privileges);
	attachment->attributes = launch->options.mount.attributes;
	attachment->mountpoint = &launch->mountpoint;
	attachment->privileges = &launch->privileges;
	attachment->judged = !launch->caller.root;
	attachment->limited = launch->conf.limited;
	attachment->limit = launch->conf.mount_max;
	attach_know_mount(attachment, launch->owner.uid);
}

int main(int argc, char **argv)
{
	/* Too large for a small stack. */
	static struct launch launch = {.attachment.info = MOUNTINFO_CLOSED};
	const struct options *options = &launch.options;
	bool is_mount_helper, tell;

	/* All rights laid aside, nothing that the caller left may act on us.
	 * Signals are as the caller has them, for COMMAND is to find them so;
	 * the same goes for umask, limits and the current directory. */
	privileges_lay_aside(&launch.caller);
	fds_fill_standard();
	launch.arguments = argv;
	launch.callers_environment = environment_take();
	if (argc < 1)
		die("no arguments at all, not even a name");
	is_mount_helper = die_by_name(argv[0]);

	/* The caller, and what is asked for. No file is touched but, for
	 * root's --user, those of the user database. */
	options_parse(&launch.options, argc, argv);
	leave_the_rest(&launch);
	launch.options.silent = is_mount_helper && !options->verbose;
	privileges_expect_admin(&launch.caller);
	if (options->keep_caps && !launch.caller.root)
		die("option --keep-caps is for root: COMMAND has none");
	user_find(&launch.owner, options->user, &launch.caller);
	fds_close_others(options->keep_fds, options->keep_fd_count);
	if (options->mode == RUN_UNMOUNT)
		_exit(unmount_all(options, &launch.caller));

	/* The last acts with the rights that the launcher was installed with,
	 * but for CAP_SYS_ADMIN: who may run it may open the device. */
	privileges_take_up(&launch.caller);
	read_policy(&launch);
	die_means(MOUNT_SYSTEM);
	device_open(launch.fds, options->fds, options->first_fd);
	if (options->listen_fds)
		handoff_check_listen_fds(launch.fds, options->fds);
	die_means(MOUNT_FAILED);
	pin_as_root(&launch);
	if (!launch.caller.root)
		shield_lift_limits(&launch.shield);

	/* From here on the process is the user's, but for CAP_SYS_ADMIN, which
	 * is permitted, and effective around mount system calls only. */
	tell = options->verbose || (options->dry_run && !options->silent);
	privileges_narrow(&launch.privileges, &launch.owner, options->keep_caps,
			  tell);
	say_if(tell, "opened %zu device fds", options->fds);
	pin_as_user(&launch);
	find_command(&launch);
	fill_handoff(&launch);
	if (options->dry_run)
		dry_run_end(&launch);

	/* A detached mount, that nobody sees and that dies with us. */
	create_mount(&launch);
	device_clone(launch.fds, options->fds);
	device_inherit(launch.fds, options->fds);

	/* Either COMMAND serves on an attached mount, with no process of ours
	 * left; or a keeper stays, and attaches it when it is told to. */
	if (options->mode == RUN_EXEC)
		become_command(&launch);
	become_kept(&launch);
}
