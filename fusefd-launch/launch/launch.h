/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One launch, as main() puts it together step by step.
 */
#ifndef FUSEFD_LAUNCH_LAUNCH_H
#define FUSEFD_LAUNCH_LAUNCH_H

#include "launch/command/handoff.h"
#include "launch/mount/attach.h"
#include "launch/mount/fuse_conf.h"
#include "launch/mount/mountpoint.h"
#include "launch/options.h"
#include "launch/privilege/privileges.h"
#include "launch/privilege/shield.h"

struct launch {
	char **arguments; /* as they were given */
	char **callers_environment;
	struct options options;
	struct caller caller;
	struct fuse_conf conf; /* a user's; root asks nobody */
	struct owner owner;
	struct shield shield;
	struct privileges privileges;
	struct mountpoint mountpoint;
	int fds[DEVICE_FDS_MAX];
	struct handoff handoff;
	const char *path; /* of COMMAND */
	struct attachment attachment;
};

#endif
