/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/mount_request.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "launch/command/command.h"

#define USAGE                                                                  \
	"Usage: " MOUNT_HELPER_NAME " SOURCE MOUNTPOINT [-sfnv] [-o OPTIONS] " \
	"[-t fusefd.TYPE]"

/* Under its own name, such a link gets no -t. */
static const char *type_of_name(const char *argv0)
{
	const char *suffix =
		command_base_name(argv0) + strlen(MOUNT_HELPER_NAME);

	return *suffix && suffix[1] ? suffix + 1 : NULL;
}

static const char *parse_type(const char *type)
{
	static const char prefix[] = "fusefd.";

	if (strcmp(type, "fusefd") == 0)
		return NULL;
	if (strncmp(type, prefix, strlen(prefix)) != 0 || !type[strlen(prefix)])
		die("option -t: %s is not 'fusefd', nor 'fusefd.TYPE'",
		    quoted(type));
	return type + strlen(prefix);
}

static noreturn void print_and_exit(const char *text)
{
	if (puts(text) < 0 || fflush(stdout))
		die("cannot write to stdout: %s", strerror(errno));
	exit(0);
}

/* It may come more than once; an empty list adds nothing. */
static void add_options(struct mount_request *request, const char *list)
{
	if (request->options.length)
		text_add(&request->options, ",");
	text_add(&request->options, list);
}

static void parse_option(struct mount_request *request, int option)
{
	switch (option) {
	case 's':
		request->sloppy = true;
		break;
	case 'f':
		request->fake = true;
		break;
	case 'n': /* There is no /etc/mtab to leave alone. */
		break;
	case 'v':
		request->verbose = true;
		break;
	case 'o':
		add_options(request, optarg);
		break;
	case 't':
		request->type = parse_type(optarg);
		break;
	case 'N':
		/* mount(8) leaves that namespace again before it runs us. To
		 * enter one for the mount alone would be to trust a path from
		 * the one with COMMAND from the other. */
		die("option -N: it cannot mount for another mount namespace\n"
		    "Enter that one first: nsenter --mount=NAMESPACE mount "
		    "...");
	case 'h':
		print_and_exit(USAGE "\nSee mount.fusefd(8).");
	case 'V':
		print_and_exit("fusefd-launch " VERSION);
	}
}

void mount_request_read(struct mount_request *request, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*request = (struct mount_request){.type = type_of_name(argv[0])};
	text_add(&request->options, "");
	/* 0: glibc starts afresh, as it must with another order. */
	optind = opterr = 0;
	while ((option = getopt_long(argc, argv, ":sfnvN:o:t:hV", long_options,
				     NULL)) != -1) {
		if (option == ':')
			die("option -%c needs a value\n" USAGE, optopt);
		if (option == '?')
			die("unknown option %s\n" USAGE,
			    quoted(optopt ? (const char[]){'-', (char)optopt, 0}
					  : argv[optind - 1]));
		parse_option(request, option);
	}
	if (argc - optind != 2)
		die("SOURCE and MOUNTPOINT are to be given, and no "
		    "more\n" USAGE);
	request->source = argv[optind];
	request->mountpoint = argv[optind + 1];
}

/* With the type 'fusefd', a SOURCE of TYPE#SOURCE names both. */
static const char *split_source(struct mount_request *request)
{
	const char *hash = strchr(request->source, '#');

	if (!hash || hash == request->source)
		die("%s does not say which filesystem it is\n"
		    "Write 'fusefd.TYPE' for the type, or TYPE#SOURCE for the "
		    "source.",
		    quoted(request->source));
	request->type = need_memory(
		strndup(request->source, (size_t)(hash - request->source)));
	return hash + 1;
}

const char *mount_request_find_source(struct mount_request *request,
				      bool has_command)
{
	const char *source = request->source;

	if (!request->type && !has_command)
		source = split_source(request);
	/* COMMAND would take it for an option. */
	if (*source == '-')
		die("the source %s begins with '-', as an option would",
		    quoted(source));
	return *source && strcmp(source, "none") != 0 ? source : NULL;
}
