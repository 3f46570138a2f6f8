/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What COMMAND writes to stdout and stderr, in the background: to the caller
 * until it is ready, to the system log from then on.
 */
#ifndef FUSEFD_LAUNCH_OUTPUT_H
#define FUSEFD_LAUNCH_OUTPUT_H

#include <stdbool.h>

struct output {
	int from;	  /* -1: COMMAND writes where the caller does */
	bool to_log;	  /* it is ready, and nobody listens any more */
	const char *name; /* in the log */
	char line[1024];
	unsigned int length;
};

/* Returns COMMAND's end. */
int output_open(struct output *output, const char *name);

/* Pass on what there is. false if there will be no more. */
bool output_relay(struct output *output);
void output_close(struct output *output);

/* From now on to the system log. */
void output_to_log(struct output *output);

#endif
