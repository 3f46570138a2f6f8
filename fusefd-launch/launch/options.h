/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line. Reading it touches no file and needs no privilege.
 */
#ifndef FUSEFD_LAUNCH_OPTIONS_H
#define FUSEFD_LAUNCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/address.h"
#include "launch/mount/mount_options.h"

/* SCM_MAX_FD: what one message over a Unix socket can carry (net/scm.h). */
#define DEVICE_FDS_MAX 253

/* How the launcher runs; a bit each, for option_table.h. */
enum run_mode {
	RUN_EXEC = 1 << 0,	 /* it becomes COMMAND */
	RUN_SUPERVISE = 1 << 1,	 /* it stays, and ends as COMMAND does */
	RUN_BACKGROUND = 1 << 2, /* it returns when COMMAND is ready */
	RUN_DETACHED = 1 << 3,	 /* COMMAND has the mount attached */
	RUN_SEND = 1 << 4,	 /* it returns when the receiver is ready */
	RUN_RECEIVE = 1 << 5,	 /* COMMAND serves what is mounted elsewhere */
	RUN_UNMOUNT = 1 << 6,	 /* there is no COMMAND */
	RUN_HELP = 1 << 7,	 /* --help or --version: nothing is done */
};

struct options {
	enum run_mode mode;
	const char *mountpoint;
	char **command; /* COMMAND and its arguments, NULL-ended */
	/* --send, in RUN_SUPERVISE and RUN_BACKGROUND too: COMMAND is elsewhere. */
	struct address send;
	struct address receive;
	const char *payload; /* in the place of ours; NULL: not given */
	size_t fds;	     /* device fds in all, the primary included */
	int first_fd;	     /* the lowest number that one of them may have */
	struct mount_options mount;
	const char *user;   /* --user, NULL where not given */
	uint64_t keep_caps; /* a bit for each capability number */
	int *keep_fds;
	size_t keep_fd_count;
	bool unmodified;
	bool listen_fds;
	unsigned long ready_timeout; /* seconds, as the next; 0: for ever */
	unsigned long stop_timeout;
	char **unmount; /* with RUN_UNMOUNT: mountpoints, NULL-ended */
	bool lazy;
	const char *source; /* for {source}; NULL: that is no placeholder */
	const char *filesystem_options; /* for {options}, likewise */
	bool literal;
	bool dry_run;
	bool silent; /* a dry run that says nothing */
	bool verbose;
};

/* Dies with a line that names what is wrong; with RUN_HELP the rest of the
 * result means nothing. The result points into argv. */
void options_parse(struct options *options, int argc, char **argv);

#endif
