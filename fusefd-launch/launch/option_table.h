/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options that there are, a row each. getopt_long(3) is fed from it, --help
 * is printed from it, the options that do nothing in a mode are refused by it,
 * and mount.fusefd has its names from it. options.c has their handlers.
 */
#ifndef FUSEFD_LAUNCH_OPTION_TABLE_H
#define FUSEFD_LAUNCH_OPTION_TABLE_H

/* An option that has a letter is known by it, any other by a number that is no
 * letter's. */
enum {
	OPTION_READY_TIMEOUT = 256,
	OPTION_STOP_TIMEOUT,
	OPTION_DETACHED,
	OPTION_UNMODIFIED,
	OPTION_LISTEN_FDS,
	OPTION_LITERAL,
	OPTION_SEND,
	OPTION_PAYLOAD,
	OPTION_RECEIVE,
	OPTION_UNMOUNT,
	OPTION_LAZY,
	OPTION_DRY_RUN,
	OPTION_SOURCE,
	OPTION_FILESYSTEM_OPTIONS,
	OPTIONS_END,
};

struct option_row {
	const char *name;  /* the long one, without its dashes */
	const char *value; /* as --help calls it; NULL: there is none */
	int number;	   /* its letter, or one of the above */
	unsigned modes;	   /* enum run_mode in which it does something */
	const char *fstab; /* its name among mount options, or NULL */
	char fstab_comma;  /* what stands there for a comma in its value */
};

/* In the order of --help; it ends with a row that has no name. */
extern const struct option_row option_table[];

/* getopt_long(3) of these options, up to the first operand, as POSIX has it;
 * it says nothing itself. */
int option_next(int argc, char **argv);

#endif
