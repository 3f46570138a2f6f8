/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "number.h"
#include "placeholders.h"
#include "privileges.h"

/* More CPUs than this seldom find work for a queue of their own. */
#define AUTO_FDS_MAX 8

enum { OPTION_LISTEN_FDS = 256, OPTION_LITERAL, OPTION_DRY_RUN };

static const struct option long_options[] = {
	{"fds", required_argument, NULL, 'n'},
	{"options", required_argument, NULL, 'o'},
	{"user", required_argument, NULL, 'u'},
	{"keep-caps", required_argument, NULL, 'c'},
	{"keep-fd", required_argument, NULL, 'k'},
	{"listen-fds", no_argument, NULL, OPTION_LISTEN_FDS},
	{"literal", no_argument, NULL, OPTION_LITERAL},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static const char help_text[] =
	"Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND [ARG]...\n"
	"Mount a FUSE filesystem, drop every privilege, and run COMMAND to "
	"serve it.\n"
	"\n"
	"  -n, --fds=N|auto      device fds in all, 1 to 253 (default: auto, "
	"one per CPU,\n"
	"                        at most 8; 1 where COMMAND takes {} or {fd})\n"
	"  -o, --options=LIST    mount options: ro, allow_other, fsname=NAME, "
	"...\n"
	"  -u, --user=USER[:GROUP]\n"
	"                        run COMMAND as that user (root only)\n"
	"  -c, --keep-caps=LIST  capabilities that COMMAND keeps (root only; "
	"default: none)\n"
	"  -k, --keep-fd=N       leave fd N open for COMMAND (repeatable)\n"
	"      --listen-fds      also set LISTEN_FDS, as sd_listen_fds(3) has "
	"it\n"
	"      --literal         replace no placeholders\n"
	"      --dry-run         check everything, say each step, change "
	"nothing\n"
	"  -v, --verbose         say each step\n"
	"  -h, --help            show this text\n"
	"  -V, --version         show the version\n"
	"\n"
	"In COMMAND's arguments, {} becomes /dev/fd/N of the primary device "
	"fd, {fd} its\n"
	"number, {fds} all numbers, {mountpoint} the absolute mountpoint.\n"
	"\n"
	"Exit status: that of COMMAND; 125 where fusefd-launch failed, 126 "
	"where COMMAND\n"
	"cannot be executed, 127 where it is not found. See "
	"fusefd-launch(8).\n";

static noreturn void print_and_exit(const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout))
		die("cannot write to stdout: %s", strerror(errno));
	exit(0);
}

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
 * leak the others to its children. */
static size_t choose_fds(const struct options *options)
{
	if (!options->literal && placeholders_name_one_fd(options->command))
		return 1;
	return count_cpus();
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
	for (const struct option *known = long_options; known->name; known++)
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
		print_and_exit(help_text);
	case 'V':
		print_and_exit("fusefd-launch " VERSION "\n");
	}
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
	if (operand == argc)
		die("no COMMAND given to serve %s\n"
		    "Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND "
		    "[ARG]...",
		    quoted(options->mountpoint));
	options->command = argv + operand;
}

/* The kernel knows no allow_root: it opens the mount to all, and the session
 * keeps them out. A program that is handed a bare fd does not know that it
 * should. */
static void judge_together(const struct options *options)
{
	if (options->mount.allow_root && !options->literal &&
	    placeholders_name_one_fd(options->command))
		die("mount option 'allow_root' does not go with {} or {fd}: "
		    "COMMAND would let everybody in\n"
		    "Give 'allow_other' here, and 'allow_root' to COMMAND, "
		    "where it has such an option.");
}

void options_parse(struct options *options, int argc, char **argv)
{
	int option, index;

	*options = (struct options){0};
	mount_options_init(&options->mount);
	options->keep_fds = need_memory(
		calloc((size_t)argc + 1, sizeof(*options->keep_fds)));

	/* '+': options end at the first operand, as POSIX has it; ':': the
	 * messages are ours. */
	opterr = 0;
	for (;;) {
		index = argument_at_hand(argc);
		option = getopt_long(argc, argv, "+:n:o:u:c:k:vhV",
				     long_options, NULL);
		if (option == -1)
			break;
		if (option == '?' || option == ':')
			die_of_option(argv, option, index);
		parse_option(options, option);
	}
	parse_operands(options, argc, argv);
	mount_options_finish(&options->mount);
	judge_together(options);
	if (!options->fds)
		options->fds = choose_fds(options);
}
