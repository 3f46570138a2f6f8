/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mount(8)'s request, as mount.fusefd finds it on its command line.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_REQUEST_H
#define FUSEFD_LAUNCH_MOUNT_REQUEST_H

#include <stdbool.h>

#include "common/text.h"

/* A link of this name and ".TYPE" is as good: mount(8) looks for it first. */
#define MOUNT_HELPER_NAME "mount.fusefd"

struct mount_request {
	const char *source; /* as fstab has it */
	const char *mountpoint;
	const char *type; /* the program; NULL: SOURCE names it */
	struct text options;
	bool fake;
	bool sloppy;
	bool verbose;
};

/* Dies where it is wrong; ends with 0 after --help and --version. argv[0] is
 * that name. */
void mount_request_read(struct mount_request *request, int argc, char **argv);

/* What COMMAND is given as its source; NULL where there is nothing to give. Of
 * TYPE#SOURCE, unless the command is known, it also finds the type. */
const char *mount_request_find_source(struct mount_request *request,
				      bool has_command);

#endif
