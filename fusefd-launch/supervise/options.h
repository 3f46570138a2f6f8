/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line of fusefd-supervise, which fusefd-launch writes as a rule.
 */
#ifndef FUSEFD_LAUNCH_SUPERVISE_OPTIONS_H
#define FUSEFD_LAUNCH_SUPERVISE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct supervise_options {
	bool background;
	bool other_user; /* COMMAND's is not the one whose terminal this is */
	bool unmodified;
	bool listen_fds;
	bool verbose;
	unsigned long ready_timeout; /* seconds, as the next; 0: for ever */
	unsigned long stop_timeout;
	int *keep_fds;
	size_t keep_fd_count;
	const char *path; /* of COMMAND; NULL: it is to be found in PATH */
	char **command;	  /* its arguments, from its name on, NULL-ended */
};

/* Dies with a line that names what is wrong. The result points into argv. */
void supervise_options_parse(struct supervise_options *options, int argc,
			     char **argv);

#endif
