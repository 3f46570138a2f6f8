/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list of options that mount(8) hands to mount.fusefd: what fstab says
 * about a mount, all in one, and whose each of them is.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_LIST_H
#define FUSEFD_LAUNCH_MOUNT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text.h"
#include "launch/option_table.h"

struct mount_list {
	/* By an option's number in fusefd-launch's table: its value, "" of one
	 * that takes none; NULL: not given. */
	const char *launch[OPTIONS_END];
	const char *command;	/* NULL: not given */
	struct text mount;	/* a list for fusefd-launch's --options */
	struct text filesystem; /* a list for the filesystem's own -o */
	bool has_fsname;
	bool remount;
};

/* Cuts it at commas; not at those within double quotes or behind a backslash,
 * as mount(8) has it, which hands both on as they are. sloppy: what this
 * version lacks is named and left out; else it is death. */
void mount_list_read(struct mount_list *list, const char *text, bool sloppy);

/* Add an option to a list, with a backslash before each comma and backslash in
 * it: what mount_options_parse() takes, and libfuse. */
void mount_list_add(struct text *list, const char *option);

#endif
