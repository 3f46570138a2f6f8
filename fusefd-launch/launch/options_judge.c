/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/options_judge.h"

#include "common/die.h"
#include "launch/command/placeholders.h"
#include "launch/command/unmodified.h"
#include "launch/option_table.h"

/* An option that chooses a mode does nothing in any other, and stands in front
 * of those that belong to it. */
static const struct option_row *chooser_of(unsigned mode)
{
	const struct option_row *row = option_table;

	while (row->name && row->modes != mode)
		row++;
	return row;
}

/* An option that does nothing is a mistake of the one who gave it. */
static noreturn void die_out_of_place(const struct option_row *row,
				      unsigned mode)
{
	const bool has_one_mode = (row->modes & (row->modes - 1)) == 0;

	if (has_one_mode && chooser_of(row->modes) != row)
		die("option --%s needs --%s", row->name,
		    chooser_of(row->modes)->name);
	if (mode == RUN_EXEC)
		die("option --%s needs --supervise or --background", row->name);
	die("option --%s does not go with --%s%s", row->name,
	    chooser_of(mode)->name,
	    mode == RUN_SEND
		    ? ": COMMAND, and what is about it, is the receiver's"
		    : "");
}

void options_judge_given(const struct options *options,
			 const char *const *given)
{
	const bool waits = options->mode & (RUN_SUPERVISE | RUN_BACKGROUND);
	const unsigned mode =
		waits && options->send.kind ? RUN_SEND : options->mode;

	for (const struct option_row *row = option_table; row->name; row++)
		if (given[row->number] && !(row->modes & mode))
			die_out_of_place(row, mode);
}

/* The kernel knows no allow_root: it opens the mount to all, and the session
 * keeps them out. A program that is handed a bare fd does not know that it
 * should. */
void options_judge_together(const struct options *options)
{
	if (options->unmodified)
		unmodified_judge(options);
	if (options->mount.allow_root && !options->literal &&
	    placeholders_name_one_fd(options->command))
		die("mount option 'allow_root' does not go with {} or {fd}: "
		    "COMMAND would let everybody in\n"
		    "Give 'allow_other' here, and 'allow_root' to COMMAND, "
		    "where it has such an option.");
}
