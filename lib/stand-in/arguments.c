/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand-in/arguments.h"

#include <getopt.h>
#include <stddef.h>

#include "preload/fuse_calls.h"

static const struct option long_options[] = {
	{"unmount", no_argument, NULL, 'u'},
	{"lazy", no_argument, NULL, 'z'},
	{"quiet", no_argument, NULL, 'q'},
	{"options", required_argument, NULL, 'o'},
	{"auto-unmount", no_argument, NULL, 'U'},
	{"comm-fd", required_argument, NULL, 'c'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static void take(struct arguments *arguments, int option, const char *argument)
{
	switch (option) {
	case 'u':
		arguments->request = REQUEST_UNMOUNT;
		break;
	case 'q':
		arguments->quiet = true;
		break;
	case 'o':
		arguments->options = optarg;
		break;
	case 'U':
		arguments->stays = true;
		break;
	case 'c':
		arguments->socket = optarg;
		break;
	case 'h':
		arguments->request = REQUEST_HELP;
		break;
	case 'V':
		arguments->request = REQUEST_VERSION;
		break;
	case '?':
		arguments->request = REQUEST_WRONG;
		arguments->wrong = argument;
	}
}

/* Where it is mounted already, libfuse 3.13 and later asks with nothing but
 * --auto-unmount. */
static void finish(struct arguments *arguments, bool has_options)
{
	if (arguments->request != REQUEST_MOUNT)
		return;
	if (arguments->stays && !has_options)
		arguments->request = REQUEST_WATCH;
	if (has_option(arguments->options, "auto_unmount"))
		arguments->stays = true;
}

void arguments_read(struct arguments *arguments, int argc, char **argv)
{
	bool has_options = false;
	int option, index;

	*arguments = (struct arguments){.options = ""};
	opterr = 0;
	for (;;) {
		index = optind < argc ? optind : argc - 1;
		option = getopt_long(argc, argv, "uzqo:Uc:hV", long_options,
				     NULL);
		if (option == -1)
			break;
		take(arguments, option, argv[index]);
		if (arguments->request > REQUEST_UNMOUNT)
			return;
		has_options |= option == 'o';
	}
	if (optind < argc)
		arguments->mountpoint = argv[optind];
	finish(arguments, has_options);
}
