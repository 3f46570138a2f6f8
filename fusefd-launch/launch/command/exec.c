/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/exec.h"

#include <errno.h>
#include <string.h>

#include "common/die.h"
#include "launch/command/command.h"
#include "launch/mount/attach.h"
#include "launch/privilege/guard.h"

/* The exec ends the last capability, which is kept for the case that it
 * fails. */
void exec_command(const struct launch *launch, char **environment)
{
	const char *const where = quoted(launch->mountpoint.path);
	struct guard guard;
	const char *fault;
	bool prepared;
	int error;

	privileges_raise(&launch->privileges);
	guard_start(&guard, &launch->privileges, launch->mount);
	fault = attach_mount(launch);
	if (fault)
		die("cannot mount on %s: %s", where, fault);
	prepared = guard_prepare_exec(&guard);
	error = errno;
	fault = attach_find_fault(launch);
	if (prepared && !fault) {
		command_execute(launch->path, launch->options.command,
				environment);
		error = errno;
	}
	guard_take_back(&guard);
	if (!prepared)
		die("cannot lower CAP_SYS_ADMIN: %s", strerror(error));
	if (fault)
		die("cannot mount on %s: %s", where, fault);
	command_die_unexecuted(launch->path, error);
}
