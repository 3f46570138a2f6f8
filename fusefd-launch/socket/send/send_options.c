/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/send_options.h"

#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "common/die.h"
#include "common/option_values.h"

enum { OPTION_SEND = 256, OPTION_PAYLOAD, OPTION_READY_TIMEOUT };

static const struct option known[] = {
	{"supervise", no_argument, NULL, 'S'},
	{"background", no_argument, NULL, 'b'},
	{"send", required_argument, NULL, OPTION_SEND},
	{"payload", required_argument, NULL, OPTION_PAYLOAD},
	{"ready-timeout", required_argument, NULL, OPTION_READY_TIMEOUT},
	{"verbose", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

static void parse_option(struct send_options *options, int option)
{
	switch (option) {
	case 'S':
		options->stay = true;
		break;
	case 'b':
		options->stay = true;
		options->background = true;
		break;
	case OPTION_SEND:
		address_parse(&options->address, "--send", optarg);
		break;
	case OPTION_PAYLOAD:
		options->payload = option_payload("--payload", optarg);
		break;
	case OPTION_READY_TIMEOUT:
		options->ready_timeout =
			option_seconds("--ready-timeout", optarg);
		break;
	case 'v':
		options->verbose = true;
		break;
	default:
		die("wrong options\n"
		    "Usage: fusefd-send [--supervise | --background] "
		    "--send=ADDRESS [--payload=TEXT] [--ready-timeout=SECONDS] "
		    "[--verbose]");
	}
}

void send_options_parse(struct send_options *options, int argc, char **argv)
{
	int option;

	*options =
		(struct send_options){.ready_timeout = READY_TIMEOUT_DEFAULT};
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:Sbv", known, NULL)) != -1)
		parse_option(options, option);
	if (optind != argc)
		die("nothing goes behind the options, and there is %s",
		    quoted(argv[optind]));
	if (options->address.kind == ADDRESS_NONE)
		die("option --send is missing: nobody knows whom to send to");
	if (options->address.kind == ADDRESS_FD &&
	    fcntl(options->address.fd, F_GETFD) < 0)
		die("cannot use fd %d: it is not open", options->address.fd);
}
