/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-launch: open /dev/fuse, mount, drop every privilege for good, and
 * become the filesystem.
 *
 * main() is the order of operations; each step is a file of that name. What
 * fails leaves nothing behind: until mount_attach() the mount dies with the
 * process, and then the guard takes it away.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "device.h"
#include "die.h"
#include "environment.h"
#include "fds.h"
#include "fuse_conf.h"
#include "guard.h"
#include "handoff.h"
#include "mount.h"
#include "mountinfo.h"
#include "mountpoint.h"
#include "options.h"
#include "policy.h"
#include "privileges.h"
#include "user.h"

/* What policy has to say to a user before the mountpoint is known. */
static void read_policy(struct fuse_conf *conf, const struct options *options,
			const struct caller *caller)
{
	if (caller->root)
		return;
	fuse_conf_read(conf);
	policy_judge_options(&options->mount, conf);
}

/* A mountpoint that only root can reach is root's to name, so root pins it
 * with the rights that it still has; a user pins as that user. */
static void pin_as_root(struct mountpoint *mountpoint,
			const struct options *options,
			const struct caller *caller)
{
	if (!caller->root)
		return;
	mountpoint_pin(mountpoint, options->mountpoint,
		       options->user ? RESOLVE_ROOTS_LINKS : RESOLVE_AS_ROOT);
}

static void pin_as_user(struct mountpoint *mountpoint,
			const struct options *options,
			const struct caller *caller,
			const struct fuse_conf *conf)
{
	if (caller->root)
		return;
	mountpoint_pin(mountpoint, options->mountpoint, RESOLVE_AS_USER);
	mountpoint_inspect(mountpoint);
	policy_judge_mountpoint(mountpoint, caller);
	policy_judge_count(mountinfo_count_fuse_of(caller->uid), conf);
}

/* What only shows when the mount is attached, because others were as quick;
 * NULL where all is well.
 *
 * The kernel attaches to what is topmost there. Where somebody has mounted
 * something on the mountpoint since it was judged, that has not been judged.
 *
 * And launches at the same moment may all have found room for one mount more:
 * each looks again when its own one counts, so that no two of them pass. */
static const char *find_fault(int mount, const struct mountpoint *mountpoint,
			      const struct caller *caller,
			      const struct fuse_conf *conf)
{
	const uint64_t id = mount_id(mount);
	struct mountinfo info;

	if (!id || !mountinfo_read(&info, caller->uid, id))
		return strerror(errno);
	if (info.parent != mountpoint->mount_id)
		return "something else was mounted there meanwhile";
	if (!caller->root && !policy_allows_count(info.count, conf))
		return "with what you mount elsewhere at the same moment it "
		       "is more than 'mount_max' in " FUSE_CONF_PATH " allows";
	return NULL;
}

static noreturn void end_dry_run(const struct options *options,
				 const struct mountpoint *mountpoint,
				 const char *path, char *const *environment)
{
	say("would mount on %s with %zu device fds", quoted(mountpoint->path),
	    options->fds);
	for (; *environment; environment++)
		if (strncmp(*environment, "FUSEFD_", 7) == 0)
			say("would set %s", quoted(*environment));
	say("would execute %s", quoted(path));
	for (int i = 1; options->command[i]; i++)
		say("would pass argument %d: %s", i,
		    quoted(options->command[i]));
	_exit(0);
}

int main(int argc, char **argv)
{
	char **callers_environment, **environment;
	struct privileges privileges;
	struct mountpoint mountpoint;
	int fds[DEVICE_FDS_MAX];
	struct options options;
	struct fuse_conf conf;
	struct caller caller;
	struct guard guard;
	struct owner owner;
	const char *path, *fault;
	bool tell, prepared;
	int mount, error;

	/* Nothing that the caller left may act on us. Signals are as the
	 * caller has them: nothing here waits, and COMMAND is to find them so;
	 * the same goes for umask, limits and the current directory. */
	privileges_forbid_inspection();
	fds_fill_standard();
	callers_environment = environment_take();
	if (argc < 1)
		die("no arguments at all, not even a name");

	/* Who asks, and for what. No file is touched but, for root's --user,
	 * those of the user database. */
	options_parse(&options, argc, argv);
	tell = options.verbose || options.dry_run;
	privileges_read(&caller);
	if (options.keep_caps && !caller.root)
		die("option --keep-caps is for root: COMMAND has none");
	user_find(&owner, options.user, &caller);
	fds_close_others(options.keep_fds, options.keep_fd_count);

	/* The last acts with the rights that the launcher was installed with:
	 * who may run it may open the device. */
	read_policy(&conf, &options, &caller);
	device_open(fds, options.fds);
	if (options.listen_fds)
		handoff_check_listen_fds(fds, options.fds);
	pin_as_root(&mountpoint, &options, &caller);

	/* From here on the process is the user's, but for CAP_SYS_ADMIN, which
	 * is permitted, and effective around mount system calls only. */
	say_if(tell, "opened %zu device fds", options.fds);
	privileges_narrow(&privileges, &owner, options.keep_caps, tell);
	pin_as_user(&mountpoint, &options, &caller, &conf);
	path = command_find(options.command[0], callers_environment);
	command_check_place(path, mountpoint.path);

	const struct handoff handoff = {
		.fds = fds,
		.count = options.fds,
		.mountpoint = &mountpoint,
		.owner = &owner,
	};
	environment =
		handoff_environment(&handoff, &options, callers_environment);
	if (!options.literal)
		handoff_fill_command(&handoff, options.command);
	if (options.dry_run)
		end_dry_run(&options, &mountpoint, path, environment);

	/* A detached mount, that nobody sees and that dies with us. */
	privileges_raise(&privileges);
	mount = mount_create(&options.mount, fds[0], &owner, &mountpoint,
			     command_base_name(options.command[0]));
	privileges_lower(&privileges);
	device_clone(fds, options.fds);
	device_inherit(fds, options.fds);

	/* Attached, and served at once by who we become. The exec ends the last
	 * capability, which is kept for the case that it fails. */
	say_if(tell, "mounting on %s and executing %s", quoted(mountpoint.path),
	       quoted(path));
	privileges_raise(&privileges);
	guard_start(&guard, &privileges, mount);
	mount_attach(mount, &mountpoint);
	prepared = guard_prepare_exec(&guard);
	error = errno;
	fault = find_fault(mount, &mountpoint, &caller, &conf);
	if (prepared && !fault) {
		command_execute(path, options.command, environment);
		error = errno;
	}
	guard_take_back(&guard);
	if (!prepared)
		die("cannot lower CAP_SYS_ADMIN: %s", strerror(error));
	if (fault)
		die("cannot mount on %s: %s", quoted(mountpoint.path), fault);
	command_die_unexecuted(path, error);
}
