/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options that there are. One that has a letter is known by it, any other
 * by a number that is no letter's.
 */
#ifndef FUSEFD_LAUNCH_OPTION_TABLE_H
#define FUSEFD_LAUNCH_OPTION_TABLE_H

#include <getopt.h>

enum {
	OPTION_READY_TIMEOUT = 256,
	OPTION_STOP_TIMEOUT,
	OPTION_UNMODIFIED,
	OPTION_LISTEN_FDS,
	OPTION_LITERAL,
	OPTION_SEND,
	OPTION_PAYLOAD,
	OPTION_RECEIVE,
	OPTION_UNMOUNT,
	OPTION_LAZY,
	OPTION_DRY_RUN,
	OPTIONS_END,
};

/* For getopt_long(3); it ends with one that has no name. */
extern const struct option option_table[];

/* The long name, without the dashes, of an option in the table. */
const char *option_name(int option);

#endif
