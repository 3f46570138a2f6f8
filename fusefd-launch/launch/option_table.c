/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/option_table.h"

#include <stddef.h>

const struct option option_table[] = {
	{"fds", required_argument, NULL, 'n'},
	{"options", required_argument, NULL, 'o'},
	{"user", required_argument, NULL, 'u'},
	{"keep-caps", required_argument, NULL, 'c'},
	{"keep-fd", required_argument, NULL, 'k'},
	{"supervise", no_argument, NULL, 'S'},
	{"background", no_argument, NULL, 'b'},
	{"ready-timeout", required_argument, NULL, OPTION_READY_TIMEOUT},
	{"stop-timeout", required_argument, NULL, OPTION_STOP_TIMEOUT},
	{"unmodified", no_argument, NULL, OPTION_UNMODIFIED},
	{"listen-fds", no_argument, NULL, OPTION_LISTEN_FDS},
	{"literal", no_argument, NULL, OPTION_LITERAL},
	{"send", required_argument, NULL, OPTION_SEND},
	{"payload", required_argument, NULL, OPTION_PAYLOAD},
	{"receive", required_argument, NULL, OPTION_RECEIVE},
	{"unmount", no_argument, NULL, OPTION_UNMOUNT},
	{"lazy", no_argument, NULL, OPTION_LAZY},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

const char *option_name(int option)
{
	const struct option *known = option_table;

	while (known->name && known->val != option)
		known++;
	return known->name;
}
