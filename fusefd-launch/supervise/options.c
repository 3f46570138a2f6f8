/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/options.h"

#include <getopt.h>
#include <stdlib.h>

#include "common/die.h"
#include "common/option_values.h"

enum {
	BACKGROUND = 256,
	EXECUTE,
	KEEP_FD,
	LISTEN_FDS,
	OTHER_USER,
	READY,
	STOP,
	UNMODIFIED,
	VERBOSE,
};

static const struct option table[] = {
	{"background", no_argument, NULL, BACKGROUND},
	{"execute", required_argument, NULL, EXECUTE},
	{"keep-fd", required_argument, NULL, KEEP_FD},
	{"listen-fds", no_argument, NULL, LISTEN_FDS},
	{"other-user", no_argument, NULL, OTHER_USER},
	{"ready-timeout", required_argument, NULL, READY},
	{"stop-timeout", required_argument, NULL, STOP},
	{"unmodified", no_argument, NULL, UNMODIFIED},
	{"verbose", no_argument, NULL, VERBOSE},
	{NULL, 0, NULL, 0},
};

static void parse_option(struct supervise_options *options, int option,
			 const char *argument)
{
	switch (option) {
	case BACKGROUND:
		options->background = true;
		break;
	case EXECUTE:
		options->path = optarg;
		break;
	case KEEP_FD:
		options->keep_fds[options->keep_fd_count++] =
			option_fd("--keep-fd", optarg);
		break;
	case LISTEN_FDS:
		options->listen_fds = true;
		break;
	case OTHER_USER:
		options->other_user = true;
		break;
	case READY:
		options->ready_timeout =
			option_seconds("--ready-timeout", optarg);
		break;
	case STOP:
		options->stop_timeout =
			option_seconds("--stop-timeout", optarg);
		break;
	case UNMODIFIED:
		options->unmodified = true;
		break;
	case VERBOSE:
		options->verbose = true;
		break;
	default:
		die("fusefd-supervise has no option %s, or it needs a value, "
		    "or takes none",
		    quoted(argument));
	}
}

void supervise_options_parse(struct supervise_options *options, int argc,
			     char **argv)
{
	int option, index;

	*options = (struct supervise_options){
		.ready_timeout = READY_TIMEOUT_DEFAULT,
		.stop_timeout = STOP_TIMEOUT_DEFAULT,
		.keep_fds = need_memory(
			calloc((size_t)argc + 1, sizeof(*options->keep_fds))),
	};
	opterr = 0; /* the messages are ours */
	for (;;) {
		index = optind < argc ? optind : argc - 1;
		option = getopt_long(argc, argv, "+", table, NULL);
		if (option == -1)
			break;
		parse_option(options, option, argv[index]);
	}
	if (optind >= argc)
		die("no COMMAND given to supervise\n"
		    "Usage: fusefd-launch --detached MOUNTPOINT -- "
		    "fusefd-supervise [OPTION]... [--] COMMAND [ARG]...");
	options->command = argv + optind;
}
