/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/options_judge.h"

#include "common/die.h"
#include "launch/command/placeholders.h"
#include "launch/command/unmodified.h"
#include "launch/option_table.h"

static bool is_of_mount(int option)
{
	return option == 'n' || option == 'o' || option == 'u' ||
	       option == 'c' || option == OPTION_DRY_RUN ||
	       option == OPTION_SEND;
}

static bool is_of_command(int option)
{
	return option == 'c' || option == 'k' ||
	       option == OPTION_STOP_TIMEOUT || option == OPTION_LISTEN_FDS ||
	       option == OPTION_LITERAL || option == OPTION_UNMODIFIED;
}

/* An option that does nothing is a mistake of the one who gave it. */
static void judge_option(const struct options *options, int option)
{
	switch (option) {
	case OPTION_UNMOUNT:
	case OPTION_RECEIVE:
	case 'v':
		return;
	case OPTION_LAZY:
		if (options->mode != RUN_UNMOUNT)
			die("option --lazy needs --unmount");
		return;
	case OPTION_PAYLOAD:
		if (!options->send.kind)
			die("option --payload needs --send");
		return;
	case OPTION_READY_TIMEOUT:
	case OPTION_STOP_TIMEOUT:
		if (options->mode == RUN_EXEC)
			die("option --%s needs --supervise or --background",
			    option_name(option));
	}
	if (options->mode == RUN_UNMOUNT)
		die("option --%s does not go with --unmount",
		    option_name(option));
	if (options->mode == RUN_RECEIVE && is_of_mount(option))
		die("option --%s does not go with --receive",
		    option_name(option));
	if (options->send.kind && is_of_command(option))
		die("option --%s does not go with --send: COMMAND, and what is "
		    "about it, is the receiver's",
		    option_name(option));
}

void options_judge_given(const struct options *options, const bool *given)
{
	for (int option = 0; option < OPTIONS_END; option++)
		if (given[option])
			judge_option(options, option);
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
