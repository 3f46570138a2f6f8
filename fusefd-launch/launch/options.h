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

/* What is sent beside them is less than this: there are receivers, with a format
 * of their own, that take ours, but have room for no more. */
#define HANDOFF_PAYLOAD_MAX 4096

/* How the launcher runs. */
enum run_mode {
	RUN_EXEC,      /* it becomes COMMAND */
	RUN_SUPERVISE, /* it stays, and ends as COMMAND does */
	RUN_BACKGROUND, /* it returns when COMMAND is ready; a part of it stays */
	RUN_SEND,	/* it returns when the receiver is ready */
	RUN_UNMOUNT,	/* there is no COMMAND */
	RUN_RECEIVE,	/* COMMAND serves what somebody else has mounted */
};

struct options {
	enum run_mode mode;
	const char *mountpoint;
	char **command; /* COMMAND and its arguments, NULL-ended */
	/* Where it runs elsewhere: --send, in any of the first four modes. */
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
	const char *source; /* what mount.fusefd has for {source}, else NULL */
	const char *filesystem_options; /* and for {options} */
	bool literal;
	bool dry_run;
	bool silent; /* a dry run that says nothing */
	bool verbose;
};

/* Dies with a line that names what is wrong; ends with 0 after --help and
 * --version. The result points into argv. */
void options_parse(struct options *options, int argc, char **argv);

#endif
