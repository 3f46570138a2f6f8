/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"
#include "launch/command/placeholders.h"
#include "launch/command/unmodified.h"
#include "launch/help.h"
#include "launch/option_table.h"
#include "launch/options_judge.h"
#include "launch/privilege/privileges.h"

/* More CPUs than this seldom find work for a queue of their own. */
#define AUTO_FDS_MAX 8

#define READY_TIMEOUT 30
#define STOP_TIMEOUT  10

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

static unsigned long parse_seconds(const char *option, const char *text)
{
	unsigned long seconds;

	/* A poll(2) counts milliseconds in an int. */
	if (!number_parse(text, INT_MAX / 1000, &seconds))
		die("option %s: %s is not a number of seconds, from 0 to %d",
		    option, quoted(text), INT_MAX / 1000);
	return seconds;
}

static void parse_keep_fd(struct options *options, const char *text)
{
	unsigned long number;

	if (!number_parse(text, INT_MAX, &number))
		die("option --keep-fd: %s is not the number of an fd",
		    quoted(text));
	options->keep_fds[options->keep_fd_count++] = (int)number;
}

static bool begins_a_long_option(const char *argument)
{
	size_t length;

	if (strncmp(argument, "--", 2) != 0)
		return false;
	length = strcspn(argument + 2, "=");
	for (const struct option *known = option_table; known->name; known++)
		if (strncmp(known->name, argument + 2, length) == 0)
			return true;
	return false;
}

static noreturn void die_of_option(char **argv, int option, int index)
{
	const char *argument = argv[index];

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

/* The argument that getopt_long is about to read: where it fails, that is the
 * one to name, whole, as the user wrote it. */
static int argument_at_hand(int argc)
{
	return optind < argc ? optind : argc - 1;
}

static const char *parse_payload(const char *text)
{
	const size_t length = strlen(text);

	if (length == 0 || length >= HANDOFF_PAYLOAD_MAX)
		die("option --payload: it is of %zu bytes, and 1 to %d can be "
		    "sent",
		    length, HANDOFF_PAYLOAD_MAX - 1);
	return text;
}

static void choose_mode(struct options *options, enum run_mode mode)
{
	if (options->mode != RUN_EXEC && options->mode != mode)
		die("options --supervise, --background, --receive and "
		    "--unmount exclude each other");
	options->mode = mode;
}

static void parse_option(struct options *options, int option)
{
	switch (option) {
	case 'n':
		options->fds = parse_fds(optarg);
		break;
	case 'o':
		mount_options_parse(&options->mount, optarg);
		break;
	case 'u':
		options->user = optarg;
		break;
	case 'c':
		options->keep_caps |= privileges_parse(optarg);
		break;
	case 'k':
		parse_keep_fd(options, optarg);
		break;
	case 'S':
		choose_mode(options, RUN_SUPERVISE);
		break;
	case 'b':
		choose_mode(options, RUN_BACKGROUND);
		break;
	case OPTION_SEND:
		address_parse(&options->send, "--send", optarg);
		break;
	case OPTION_PAYLOAD:
		options->payload = parse_payload(optarg);
		break;
	case OPTION_RECEIVE:
		address_parse(&options->receive, "--receive", optarg);
		choose_mode(options, RUN_RECEIVE);
		break;
	case OPTION_UNMOUNT:
		choose_mode(options, RUN_UNMOUNT);
		break;
	case OPTION_LAZY:
		options->lazy = true;
		break;
	case OPTION_READY_TIMEOUT:
		options->ready_timeout =
			parse_seconds("--ready-timeout", optarg);
		break;
	case OPTION_STOP_TIMEOUT:
		options->stop_timeout = parse_seconds("--stop-timeout", optarg);
		break;
	case OPTION_UNMODIFIED:
		options->unmodified = true;
		break;
	case OPTION_LISTEN_FDS:
		options->listen_fds = true;
		break;
	case OPTION_LITERAL:
		options->literal = true;
		break;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'h':
		help_print();
	case 'V':
		help_print_version();
	}
}

static void parse_unmount_operands(struct options *options, int argc,
				   char **argv)
{
	if (optind == argc)
		die("no MOUNTPOINT given\n"
		    "Usage: fusefd-launch --unmount [--lazy] MOUNTPOINT...");
	options->unmount = argv + optind;
	for (char **mountpoint = options->unmount; *mountpoint; mountpoint++)
		if (!**mountpoint)
			die("the MOUNTPOINT given is an empty name");
}

/* What COMMAND is called where it runs elsewhere: the mount gets the name. */
static char *somebody[] = {"fusefd", NULL};

static void end_send_operands(struct options *options, int operand, int argc)
{
	if (operand < argc)
		die("option --send: there is no COMMAND to give behind %s\n"
		    "Whoever receives runs it: 'fusefd-launch "
		    "--receive=ADDRESS COMMAND [ARG]...'.",
		    quoted(options->mountpoint));
	options->command = somebody;
}

static void parse_receive_operands(struct options *options, int argc,
				   char **argv)
{
	if (optind == argc)
		die("no COMMAND given to serve what comes from %s\n"
		    "Usage: fusefd-launch --receive=ADDRESS [OPTION]... [--] "
		    "COMMAND [ARG]...",
		    quoted(options->receive.text));
	options->command = argv + optind;
}

static void parse_operands(struct options *options, int argc, char **argv)
{
	int operand = optind;

	if (operand == argc)
		die("no MOUNTPOINT given\n"
		    "Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND "
		    "[ARG]...");
	options->mountpoint = argv[operand++];
	if (!*options->mountpoint)
		die("the MOUNTPOINT given is an empty name");
	if (operand < argc && strcmp(argv[operand], "--") == 0)
		operand++;
	if (options->send.kind) {
		end_send_operands(options, operand, argc);
		return;
	}
	if (operand == argc)
		die("no COMMAND given to serve %s\n"
		    "Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND "
		    "[ARG]...",
		    quoted(options->mountpoint));
	options->command = argv + operand;
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

void options_parse(struct options *options, int argc, char **argv)
{
	bool given[OPTIONS_END] = {false};
	int option, index;

	*options = (struct options){
		.first_fd = STDERR_FILENO + 1,
		.ready_timeout = READY_TIMEOUT,
		.stop_timeout = STOP_TIMEOUT,
	};
	mount_options_init(&options->mount);
	options->keep_fds = need_memory(
		calloc((size_t)argc + 1, sizeof(*options->keep_fds)));

	/* '+': options end at the first operand, as POSIX has it; ':': the
	 * messages are ours. */
	opterr = 0;
	for (;;) {
		index = argument_at_hand(argc);
		option = getopt_long(argc, argv, "+:n:o:u:c:k:SbvhV",
				     option_table, NULL);
		if (option == -1)
			break;
		if (option == '?' || option == ':')
			die_of_option(argv, option, index);
		parse_option(options, option);
		given[option] = true;
	}
	if (options->send.kind && options->mode == RUN_EXEC)
		options->mode = RUN_SEND;
	options_judge_given(options, given);
	keep_socket(options, &options->send);
	keep_socket(options, &options->receive);
	if (options->unmodified)
		options->first_fd = UNMODIFIED_FIRST_FD;
	if (options->mode == RUN_UNMOUNT) {
		parse_unmount_operands(options, argc, argv);
		return;
	}
	if (options->mode == RUN_RECEIVE) {
		parse_receive_operands(options, argc, argv);
		options_judge_together(options);
		return;
	}
	parse_operands(options, argc, argv);
	mount_options_finish(&options->mount);
	options_judge_together(options);
	if (!options->fds)
		options->fds = choose_fds(options);
}
