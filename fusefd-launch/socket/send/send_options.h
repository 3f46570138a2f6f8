/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line of fusefd-send, which the launcher has made of its own:
 *
 *     fusefd-send [--supervise | --background] --send=ADDRESS [--payload=TEXT]
 *                 [--ready-timeout=SECONDS] [--verbose]
 */
#ifndef FUSEFD_LAUNCH_SEND_OPTIONS_H
#define FUSEFD_LAUNCH_SEND_OPTIONS_H

#include <stdbool.h>

#include "common/address.h"

struct send_options {
	struct address address;
	const char *payload; /* in the place of ours; NULL: not given */
	bool stay;	     /* watch over the mount when it is attached */
	bool background;     /* the same, and let the caller go then */
	bool verbose;
	unsigned long ready_timeout; /* seconds; 0: for ever */
};

/* Dies with a line that names what is wrong. The result points into argv. */
void send_options_parse(struct send_options *options, int argc, char **argv);

#endif
