/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line. Reading it touches no file and needs no privilege.
 */
#ifndef FUSEFD_LAUNCH_OPTIONS_H
#define FUSEFD_LAUNCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "mount_options.h"

/* SCM_MAX_FD: what one message over a Unix socket can carry (net/scm.h). */
#define DEVICE_FDS_MAX 253

struct options {
	const char *mountpoint;
	char **command; /* COMMAND and its arguments, NULL-ended */
	size_t fds;	/* device fds in all, the primary included */
	struct mount_options mount;
	const char *user;   /* --user, NULL where not given */
	uint64_t keep_caps; /* a bit for each capability number */
	int *keep_fds;
	size_t keep_fd_count;
	bool listen_fds;
	bool literal;
	bool dry_run;
	bool verbose;
};

/* Dies with a line that names what is wrong; ends with 0 after --help and
 * --version. The result points into argv. */
void options_parse(struct options *options, int argc, char **argv);

#endif
