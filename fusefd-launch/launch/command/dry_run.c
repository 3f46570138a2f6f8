/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/dry_run.h"

#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "lib/protocol.h"

noreturn void dry_run_end(const struct launch *launch)
{
	const struct options *options = &launch->options;
	char **environment = handoff_environment(&launch->handoff, options,
						 launch->callers_environment);

	if (options->silent)
		_exit(0);
	say("would mount on %s with %zu device fds",
	    quoted(launch->mountpoint.path), options->fds);
	for (; *environment; environment++)
		if (strncmp(*environment, FUSEFD_PREFIX,
			    strlen(FUSEFD_PREFIX)) == 0)
			say("would set %s", quoted(*environment));
	if (options->send.kind) {
		say("would send them to %s", quoted(options->send.text));
		_exit(0);
	}
	say("would execute %s", quoted(launch->path));
	for (int i = 1; options->command[i]; i++)
		say("would pass argument %d: %s", i,
		    quoted(options->command[i]));
	_exit(0);
}
