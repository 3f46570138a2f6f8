/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * {}, {fd}, {fds} and {mountpoint} in COMMAND's arguments; and {source} and
 * {options}, where mount.fusefd put the command together.
 */
#ifndef FUSEFD_LAUNCH_PLACEHOLDERS_H
#define FUSEFD_LAUNCH_PLACEHOLDERS_H

#include <stdbool.h>

struct placeholder_values {
	const char *path;	/* {}: /dev/fd/N of the primary */
	const char *fd;		/* {fd}: its number */
	const char *fds;	/* {fds}: all numbers, with commas */
	const char *mountpoint; /* {mountpoint} */
	const char *source;	/* {source}; NULL: it stays as it is */
	const char *options;	/* {options}, likewise */
};

/* Does an argument of COMMAND take one fd, by {} or {fd}? */
bool placeholders_name_one_fd(char *const *command);

/* Replace the placeholders in COMMAND's arguments; not in its name, and not
 * in what was put in. Anything else in braces stays as it is. */
void placeholders_replace(char **command,
			  const struct placeholder_values *values);

#endif
