/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One launch, as main() has put it together: what becoming COMMAND and
 * supervising it both need.
 */
#ifndef FUSEFD_LAUNCH_LAUNCH_H
#define FUSEFD_LAUNCH_LAUNCH_H

#include "launch/command/handoff.h"
#include "launch/mount/fuse_conf.h"
#include "launch/mount/mountpoint.h"
#include "launch/options.h"
#include "launch/privilege/privileges.h"

struct launch {
	struct options options;
	struct caller caller;
	struct fuse_conf conf; /* a user's; root asks nobody */
	struct owner owner;
	struct privileges privileges;
	struct mountpoint mountpoint;
	struct handoff handoff;
	char **callers_environment;
	const char *path; /* of COMMAND */
	int mount;	  /* detached, until it is attached */
	int front;	  /* see background.h */
};

#endif
