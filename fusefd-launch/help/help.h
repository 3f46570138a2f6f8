/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --help and --version show, each as one text.
 */
#ifndef FUSEFD_LAUNCH_HELP_H
#define FUSEFD_LAUNCH_HELP_H

/* What an option does, with a newline between the lines; NULL: the option is
 * hidden, since only mount.fusefd gives it. */
struct help_row {
	int number; /* of option_table.h */
	const char *text;
};

/* In no order of its own; it ends with a row whose number is 0. */
extern const struct help_row help_rows[];

char *help_text(void);

extern const char help_version[];

#endif
