/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusermount's command line, in the words of all that call it: libfuse 2 and 3,
 * go-fuse, bazil, jacobsa, mergerfs. Pure.
 */
#ifndef FUSEFD_STAND_IN_ARGUMENTS_H
#define FUSEFD_STAND_IN_ARGUMENTS_H

#include <stdbool.h>

enum request {
	REQUEST_MOUNT,
	REQUEST_WATCH, /* --auto-unmount alone, of what is mounted already */
	REQUEST_UNMOUNT,
	REQUEST_HELP,
	REQUEST_VERSION,
	REQUEST_WRONG,
};

struct arguments {
	const char *options;	/* -o; "" where there was none */
	const char *mountpoint; /* NULL: none */
	const char *socket;	/* --comm-fd; NULL: none */
	const char *wrong;	/* with REQUEST_WRONG: what is */
	enum request request;
	bool stays; /* until its socket is closed */
	bool quiet;
};

void arguments_read(struct arguments *arguments, int argc, char **argv);

#endif
