/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-help: what fusefd-launch executes for --help and --version, without
 * any privilege and with its own arguments. Whichever of the two is first is
 * what is asked for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "help/help.h"
#include "launch/option_table.h"

static const char *choose_text(int argc, char **argv)
{
	int option;

	while ((option = option_next(argc, argv)) != -1)
		if (option == 'V')
			return help_version;
		else if (option == 'h')
			break;
	return help_text();
}

int main(int argc, char **argv)
{
	die_by_name(argc ? argv[0] : "");
	if (fputs(choose_text(argc, argv), stdout) < 0 || fflush(stdout))
		die("cannot write to stdout: %s", strerror(errno));
	/* The text was allocated; nothing is left to do. */
	_exit(0);
}
