/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/option_table.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "launch/options.h"

#define WAITING	 (RUN_SUPERVISE | RUN_BACKGROUND | RUN_RECEIVE) /* for COMMAND */
#define LAUNCH	 (RUN_EXEC | RUN_SUPERVISE | RUN_BACKGROUND | RUN_DETACHED)
#define MOUNT	 (LAUNCH | RUN_SEND)
#define COMMAND	 (LAUNCH | RUN_RECEIVE)
#define ANYTHING (MOUNT | RUN_RECEIVE | RUN_UNMOUNT)

const struct option_row option_table[] = {
	{"fds", "N|auto", 'n', MOUNT, .fstab = "fds"},
	{"options", "LIST", 'o', .modes = MOUNT},
	{"user", "USER[:GROUP]", 'u', MOUNT, .fstab = "setuid"},
	{"keep-caps", "LIST", 'c', LAUNCH, .fstab = "keep_caps",
	 .fstab_comma = ':'},
	{"keep-fd", "N", 'k', .modes = COMMAND},
	{"supervise", NULL, 'S', .modes = RUN_SUPERVISE | RUN_SEND},
	{"background", NULL, 'b', .modes = RUN_BACKGROUND | RUN_SEND},
	{"ready-timeout", "SECONDS", OPTION_READY_TIMEOUT, WAITING | RUN_SEND,
	 .fstab = "ready_timeout"},
	{"stop-timeout", "SECONDS", OPTION_STOP_TIMEOUT, WAITING,
	 .fstab = "stop_timeout"},
	{"detached", NULL, OPTION_DETACHED, .modes = RUN_DETACHED},
	{"unmodified", NULL, OPTION_UNMODIFIED, COMMAND, .fstab = "unmodified"},
	{"listen-fds", NULL, OPTION_LISTEN_FDS, .modes = COMMAND},
	{"literal", NULL, OPTION_LITERAL, .modes = COMMAND},
	{"send", "ADDRESS", OPTION_SEND, .modes = RUN_SEND},
	{"payload", "TEXT", OPTION_PAYLOAD, .modes = RUN_SEND},
	{"receive", "ADDRESS", OPTION_RECEIVE, .modes = RUN_RECEIVE},
	{"unmount", NULL, OPTION_UNMOUNT, .modes = RUN_UNMOUNT},
	{"lazy", NULL, OPTION_LAZY, .modes = RUN_UNMOUNT},
	{"dry-run", NULL, OPTION_DRY_RUN, .modes = MOUNT},
	{"source", "TEXT", OPTION_SOURCE, .modes = LAUNCH},
	{"filesystem-options", "TEXT", OPTION_FILESYSTEM_OPTIONS,
	 .modes = LAUNCH},
	{"verbose", NULL, 'v', .modes = ANYTHING},
	{"help", NULL, 'h', .modes = ANYTHING},
	{"version", NULL, 'V', .modes = ANYTHING},
	{.name = NULL},
};

#define ROWS (sizeof(option_table) / sizeof(option_table[0]))

int option_next(int argc, char **argv)
{
	static struct option known[ROWS];
	static char letters[2 * ROWS + 3] = "+:";
	char *end = letters + 2;

	for (size_t i = 0; option_table[i].name; i++) {
		const struct option_row *row = &option_table[i];

		known[i].name = row->name;
		known[i].has_arg = row->value ? required_argument : no_argument;
		known[i].val = row->number;
		if (row->number <= UCHAR_MAX)
			end += sprintf(end, "%c%s", row->number,
				       row->value ? ":" : "");
	}
	opterr = 0;
	return getopt_long(argc, argv, letters, known, NULL);
}
