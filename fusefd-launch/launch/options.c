/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"
#include "common/option_values.h"
#include "launch/command/placeholders.h"
#include "launch/command/unmodified.h"
#include "launch/option_table.h"
#include "launch/options_judge.h"
#include "launch/privilege/capabilities.h"

/* More CPUs than this seldom find work for a queue of their own. */
#define AUTO_FDS_MAX 8

#define USAGE                                                                  \
	"Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND [ARG]..."

static size_t count_cpus(void)
{
	cpu_set_t cpus;
	size_t count;

	/* More CPUs than the set has room for are more than we count to. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return AUTO_FDS_MAX;
	count = (size_t)CPU_COUNT(&cpus);
	return count < AUTO_FDS_MAX ? count : AUTO_FDS_MAX;
}

static size_t parse_fds(const char *text)
{
	unsigned long number;

	if (strcmp(text, "auto") == 0)
		return count_cpus();
	if (!number_parse(text, DEVICE_FDS_MAX, &number) || number == 0)
		die("option --fds: %s is not a number from 1 to %d, nor "
		    "'auto'",
		    quoted(text), DEVICE_FDS_MAX);
	return number;
}

/* A program that is handed one fd in its arguments uses that one, and would
 * leak the others to its children; but not where it is lent the others. */
static size_t choose_fds(const struct options *options)
{
	if (!options->literal && !options->unmodified &&
	    placeholders_name_one_fd(options->command))
		return 1;
	return count_cpus();
}

static bool begins_a_long_option(const char *argument)
{
	size_t length;

	if (strncmp(argument, "--", 2) != 0)
		return false;
	length = strcspn(argument + 2, "=");
	for (const struct option_row *row = option_table; row->name; row++)
		if (strncmp(row->name, argument + 2, length) == 0)
			return true;
	return false;
}

/* argument: whole, as the user wrote it. */
static noreturn void die_of_option(int option, const char *argument)
{
	if (option == ':')
		die("option %s needs a value\n"
		    "Try 'fusefd-launch --help'.",
		    quoted(argument));
	/* getopt_long(3) sets optopt for a long option that it knows. */
	if (strncmp(argument, "--", 2) == 0 && optopt)
		die("option %s takes no value", quoted(argument));
	if (begins_a_long_option(argument))
		die("option %s could be several: write more of it",
		    quoted(argument));
	die("unknown option %s\n"
	    "Try 'fusefd-launch --help'. Options of COMMAND go behind it.",
	    quoted(argument));
}

static void choose_mode(struct options *options, enum run_mode mode)
{
	if (options->mode != RUN_EXEC && options->mode != mode)
		die("options --supervise, --background, --detached, --receive "
		    "and --unmount exclude each other");
	options->mode = mode;
}

static void parse_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'n':
		options->fds = parse_fds(value);
		break;
	case 'o':
		mount_options_parse(&options->mount, value);
		break;
	case 'c':
		options->keep_caps |= capabilities_parse(value);
		break;
	case 'k':
		options->keep_fds[options->keep_fd_count++] =
			option_fd("--keep-fd", value);
		break;
	case 'S':
		choose_mode(options, RUN_SUPERVISE);
		break;
	case 'b':
		choose_mode(options, RUN_BACKGROUND);
		break;
	case OPTION_DETACHED:
		choose_mode(options, RUN_DETACHED);
		break;
	case OPTION_SEND:
		address_parse(&options->send, "--send", value);
		break;
	case OPTION_PAYLOAD:
		options->payload = option_payload("--payload", value);
		break;
	case OPTION_RECEIVE:
		address_parse(&options->receive, "--receive", value);
		choose_mode(options, RUN_RECEIVE);
		break;
	case OPTION_UNMOUNT:
		choose_mode(options, RUN_UNMOUNT);
		break;
	case OPTION_READY_TIMEOUT:
		options->ready_timeout =
			option_seconds("--ready-timeout", value);
		break;
	case OPTION_STOP_TIMEOUT:
		options->stop_timeout = option_seconds("--stop-timeout", value);
		break;
	case 'h':
	case 'V':
		options->mode = RUN_HELP;
	}
}

static void take_receive_operands(struct options *options, char **operands)
{
	if (!*operands)
		die("no COMMAND given to serve what comes from %s\n"
		    "Usage: fusefd-launch --receive=ADDRESS [OPTION]... [--] "
		    "COMMAND [ARG]...",
		    quoted(options->receive.text));
	options->command = operands;
}

static void take_unmount_operands(struct options *options, char **operands)
{
	if (!*operands)
		die("no MOUNTPOINT given\n"
		    "Usage: fusefd-launch --unmount [--lazy] MOUNTPOINT...");
	options->unmount = operands;
	for (; *operands; operands++)
		if (!**operands)
			die("the MOUNTPOINT given is an empty name");
}

/* With --send COMMAND runs elsewhere; the mount has its name from this. */
static char *somebody[] = {"fusefd", NULL};

static void take_operands(struct options *options, char **operands)
{
	if (!*operands)
		die("no MOUNTPOINT given\n" USAGE);
	options->mountpoint = *operands++;
	if (!*options->mountpoint)
		die("the MOUNTPOINT given is an empty name");
	if (*operands && strcmp(*operands, "--") == 0)
		operands++;
	if (options->send.kind && *operands)
		die("option --send: there is no COMMAND to give behind %s\n"
		    "Whoever receives runs it: 'fusefd-launch "
		    "--receive=ADDRESS COMMAND [ARG]...'.",
		    quoted(options->mountpoint));
	if (!options->send.kind && !*operands)
		die("no COMMAND given to serve %s\n" USAGE,
		    quoted(options->mountpoint));
	options->command = options->send.kind ? somebody : operands;
}

/* An fd that is an address is kept open like those that are COMMAND's. */
static void keep_socket(struct options *options, const struct address *address)
{
	if (address->kind != ADDRESS_FD)
		return;
	for (size_t i = 0; i < options->keep_fd_count; i++)
		if (options->keep_fds[i] == address->fd)
			die("option --keep-fd: fd %d is the socket, and not "
			    "COMMAND's",
			    address->fd);
	if (fcntl(address->fd, F_GETFD) < 0)
		die("cannot use fd %d: it is not open", address->fd);
	options->keep_fds[options->keep_fd_count++] = address->fd;
}

/* Those that are no more than a value, or given or not. */
static void take_given(struct options *options, const char *const *given)
{
	options->user = given['u'];
	options->source = given[OPTION_SOURCE];
	options->filesystem_options = given[OPTION_FILESYSTEM_OPTIONS];
	options->unmodified = given[OPTION_UNMODIFIED];
	options->listen_fds = given[OPTION_LISTEN_FDS];
	options->literal = given[OPTION_LITERAL];
	options->lazy = given[OPTION_LAZY];
	options->dry_run = given[OPTION_DRY_RUN];
	options->verbose = given['v'];
}

/* All that is in front of the operands; given: see options_judge_given(). */
static void parse_options(struct options *options, int argc, char **argv,
			  const char **given)
{
	while (options->mode != RUN_HELP) {
		/* What getopt_long(3) is about to read: if it fails, that is
		 * the argument to name. */
		const int index = optind < argc ? optind : argc - 1;
		const int option = option_next(argc, argv);

		if (option == -1)
			return;
		if (option == '?' || option == ':')
			die_of_option(option, argv[index]);
		given[option] = optarg ? optarg : "";
		parse_option(options, option, given[option]);
	}
}

void options_parse(struct options *options, int argc, char **argv)
{
	const char *given[OPTIONS_END] = {NULL};

	*options = (struct options){
		.mode = RUN_EXEC,
		.first_fd = STDERR_FILENO + 1,
		.ready_timeout = READY_TIMEOUT_DEFAULT,
		.stop_timeout = STOP_TIMEOUT_DEFAULT,
	};
	mount_options_init(&options->mount);
	options->keep_fds = need_memory(
		calloc((size_t)argc + 1, sizeof(*options->keep_fds)));
	parse_options(options, argc, argv, given);
	if (options->mode == RUN_HELP)
		return;
	if (options->send.kind && options->mode == RUN_EXEC)
		options->mode = RUN_SEND;
	options_judge_given(options, given);
	take_given(options, given);
	keep_socket(options, &options->send);
	keep_socket(options, &options->receive);
	if (options->mode == RUN_UNMOUNT) {
		take_unmount_operands(options, argv + optind);
		return;
	}
	if (options->mode == RUN_RECEIVE)
		take_receive_operands(options, argv + optind);
	else
		take_operands(options, argv + optind);
	mount_options_finish(&options->mount);
	options_judge_together(options);
	if (options->unmodified)
		options->first_fd = UNMODIFIED_FIRST_FD;
	if (!options->fds)
		options->fds = choose_fds(options);
}
