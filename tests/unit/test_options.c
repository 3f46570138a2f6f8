/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "dies.h"
#include "launch/option_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PARSE(...) parse((char *[]){"fusefd-launch", __VA_ARGS__, NULL})

/* getopt's state as a fresh process has it. */
static void reset_getopt(void)
{
	optind = 0;
	(void)getopt(1, (char *[]){"", NULL}, "+");
}

static struct options parse(char **argv)
{
	struct options options;
	int argc = 0;

	while (argv[argc])
		argc++;
	reset_getopt();
	memset(&options, 0xff, sizeof(options));
	options_parse(&options, argc, argv);
	return options;
}

/* In a line that begins an entry of a list, and as a whole word. Tests run in
 * the folder of the sources. */
static bool manual_has(const char *path, const char *entry)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[256];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file)) {
		const char *place = strstr(line, entry);

		found = place && strncmp(line, ".It ", 4) == 0 &&
			strchr(" \n", place[strlen(entry)]);
	}
	fclose(file);
	return found;
}

/* What --fds=auto is to be on this machine. */
static size_t automatic(void)
{
	cpu_set_t cpus;
	int count;

	assert_return_code(sched_getaffinity(0, sizeof(cpus), &cpus), errno);
	count = CPU_COUNT(&cpus);
	return count < 8 ? (size_t)count : 8;
}

static void parse_unprepared(char **argv, int argc)
{
	struct options options;

	options_parse(&options, argc, argv);
}

/* The first test: nobody has called getopt yet, so that it is the parser under
 * test who tells getopt where options end. */
static void a_fresh_process_takes_no_option_behind_an_operand(void **state)
{
	(void)state;
	assert_exits(SURVIVED, "",
		     parse_unprepared(
			     (char *[]){"x", "m", "c", "--bogus", NULL}, 4));
}

static void operands_alone_leave_the_defaults(void **state)
{
	const struct options options = PARSE("m", "c", "a");

	(void)state;
	assert_string_equal(options.mountpoint, "m");
	assert_string_equal(options.command[0], "c");
	assert_string_equal(options.command[1], "a");
	assert_null(options.command[2]);
	assert_int_equal(options.fds, automatic());
	assert_int_equal(options.mount.attributes,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	assert_false(options.mount.default_permissions);
	assert_null(options.user);
	assert_int_equal(options.keep_fd_count, 0);
	assert_int_equal(options.keep_caps, 0);
	assert_false(options.listen_fds);
	assert_false(options.literal);
	assert_false(options.dry_run);
	assert_false(options.verbose);
}

static void every_option_is_read(void **state)
{
	const struct options options =
		PARSE("--fds=4", "--options=ro", "--user=alice:users",
		      "--keep-fd=7", "--keep-caps=chown", "--listen-fds",
		      "--literal", "--dry-run", "--verbose", "m", "c");
	const struct options brief =
		PARSE("-n", "4", "-oro", "-u", "alice", "-k", "7", "-cchown",
		      "-v", "m", "c");

	(void)state;
	assert_int_equal(options.fds, 4);
	assert_true(options.mount.read_only);
	assert_string_equal(options.user, "alice:users");
	assert_int_equal(options.keep_fd_count, 1);
	assert_int_equal(options.keep_fds[0], 7);
	assert_int_equal(options.keep_caps, 1 << CAP_CHOWN);
	assert_true(options.listen_fds);
	assert_true(options.literal);
	assert_true(options.dry_run);
	assert_true(options.verbose);
	assert_int_equal(brief.fds, 4);
	assert_true(brief.mount.read_only);
	assert_string_equal(brief.user, "alice");
	assert_int_equal(brief.keep_fds[0], 7);
	assert_int_equal(brief.keep_caps, 1 << CAP_CHOWN);
	assert_true(brief.verbose);
}

static void options_end_at_the_first_operand(void **state)
{
	static char *const rows[][8] = {
		{"x", "m", "c", "-n", "1", "--bogus"},
		{"x", "m", "--", "c", "-n", "1", "--bogus"},
		{"x", "--", "m", "c", "-n", "1", "--bogus"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *argv[8];

		memcpy(argv, rows[i], sizeof(argv));

		const struct options options = parse(argv);

		assert_string_equal(options.mountpoint, "m");
		assert_string_equal(options.command[0], "c");
		assert_string_equal(options.command[1], "-n");
		assert_string_equal(options.command[3], "--bogus");
		assert_null(options.command[4]);
		assert_int_equal(options.fds, automatic());
	}
}

static void only_the_first_dashes_are_ours(void **state)
{
	const struct options twice = PARSE("m", "--", "--", "c");
	const struct options later = PARSE("m", "c", "--", "a");
	const struct options both = PARSE("--", "m", "--", "c");

	(void)state;
	assert_string_equal(twice.command[0], "--");
	assert_string_equal(twice.command[1], "c");
	assert_string_equal(later.command[1], "--");
	assert_string_equal(later.command[2], "a");
	assert_string_equal(both.mountpoint, "m");
	assert_string_equal(both.command[0], "c");
}

static void a_mountpoint_may_begin_with_a_dash(void **state)
{
	const struct options options = PARSE("-v", "--", "-n", "c");

	(void)state;
	assert_string_equal(options.mountpoint, "-n");
	assert_string_equal(options.command[0], "c");
}

static void operands_are_needed(void **state)
{
	(void)state;
	assert_dies(125, "no MOUNTPOINT given\nUsage: ",
		    parse((char *[]){"fusefd-launch", NULL}));
	assert_dies(125, "no MOUNTPOINT given\n", PARSE("--"));
	assert_dies(125, "no MOUNTPOINT given\n", PARSE("-n", "4"));
	assert_dies(125, "no COMMAND given to serve 'm'\nUsage: ", PARSE("m"));
	assert_dies(125, "no COMMAND given to serve 'm'\n", PARSE("m", "--"));
	assert_dies(125, "no COMMAND given to serve '-m'\n",
		    PARSE("--", "-m", "--"));
	assert_dies(125, "no COMMAND given to serve '/\\x1b[m\\x0a%s'\n",
		    PARSE("/\033[m\n%s"));
}

static void fds_are_counted(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-n1", "m", "c").fds, 1);
	assert_int_equal(PARSE("-n", "2", "m", "c").fds, 2);
	assert_int_equal(PARSE("--fds", "32", "m", "c").fds, 32);
	assert_int_equal(PARSE("--fds=253", "m", "c").fds, 253);
	assert_int_equal(PARSE("-n5", "--fds=6", "m", "c").fds, 6);
	assert_int_equal(PARSE("-n5", "-nauto", "m", "c").fds, automatic());
}

static void other_counts_are_refused(void **state)
{
	static const struct {
		char *count;
		const char *message;
	} rows[] = {
		{"0", "option --fds: '0' is not a number from 1 to 253"},
		{"254", "'254' is not a number from 1 to 253"},
		{"-1", "'-1' is not a number"},
		{"2147483648", "'2147483648' is not a number"},
		{"4294967297", "'4294967297' is not a number"},
		{"12345678901234567890", "is not a number"},
		{"18446744073709551617", "is not a number"},
		{"1x", "'1x' is not a number"},
		{" 1", "' 1' is not a number"},
		{"1 ", "'1 ' is not a number"},
		{"+1", "'+1' is not a number"},
		{"0x1", "'0x1' is not a number"},
		{"", "'' is not a number"},
		{"AUTO", "'AUTO' is not a number"},
		{"auto ", "'auto ' is not a number"},
		{"\033[m\n%n", "'\\x1b[m\\x0a%n' is not a number"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_dies(125, rows[i].message,
			    PARSE("-n", rows[i].count, "m", "c"));
	assert_dies(125, "'-1' is not a number", PARSE("--fds=-1", "m", "c"));
	assert_dies(125, "'' is not a number", PARSE("--fds=", "m", "c"));
}

static void automatic_is_one_for_each_cpu_it_may_run_on(void **state)
{
	cpu_set_t all, one;
	size_t given, wanted;
	size_t cpu = 0;

	(void)state;
	assert_return_code(sched_getaffinity(0, sizeof(all), &all), errno);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_return_code(sched_setaffinity(0, sizeof(one), &one), errno);
	given = PARSE("m", "c").fds;
	wanted = PARSE("-n", "auto", "m", "c").fds;
	assert_return_code(sched_setaffinity(0, sizeof(all), &all), errno);
	assert_int_equal(given, 1);
	assert_int_equal(wanted, 1);
}

static void a_command_that_takes_one_fd_gets_one(void **state)
{
	(void)state;
	assert_int_equal(PARSE("m", "c", "{}").fds, 1);
	assert_int_equal(PARSE("m", "c", "a", "--fd={fd}").fds, 1);
	assert_int_equal(PARSE("m", "c", "{fd}", "{fds}").fds, 1);
	/* The user's word is the last. */
	assert_int_equal(PARSE("-n3", "m", "c", "{}").fds, 3);
	assert_int_equal(PARSE("-nauto", "m", "c", "{}").fds, automatic());
	/* These are no placeholders that take one. */
	assert_int_equal(PARSE("m", "c", "{fds}").fds, automatic());
	assert_int_equal(PARSE("m", "c", "{mountpoint}").fds, automatic());
	assert_int_equal(PARSE("m", "{}").fds, automatic());
	assert_int_equal(PARSE("{}", "c").fds, automatic());
	assert_int_equal(PARSE("--literal", "m", "c", "{}").fds, automatic());
}

static void fds_to_keep_are_collected(void **state)
{
	const struct options options =
		PARSE("-k5", "-k", "0", "--keep-fd=2147483647", "-vk7", "-k5",
		      "m", "c");
	static const int expected[] = {5, 0, 2147483647, 7, 5};

	(void)state;
	assert_int_equal(options.keep_fd_count, COUNT(expected));
	assert_memory_equal(options.keep_fds, expected, sizeof(expected));
}

static void as_many_fds_may_be_kept_as_there_are_arguments(void **state)
{
	static char *argv[1003];
	struct options options;

	(void)state;
	argv[0] = "fusefd-launch";
	for (size_t i = 1; i < 1000; i++)
		argv[i] = "-k9";
	argv[1000] = "m";
	argv[1001] = "c";
	options = parse(argv);
	assert_int_equal(options.keep_fd_count, 999);
	assert_int_equal(options.keep_fds[998], 9);
}

static void other_fds_to_keep_are_refused(void **state)
{
	static char *const numbers[] = {
		"-1", "2147483648", "4294967296", "1x",	 " 1",
		"+1", "",	    "x",	  "3,4",
	};
	char message[128];

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		snprintf(message, sizeof(message),
			 "option --keep-fd: '%s' is not the number of an fd\n",
			 numbers[i]);
		assert_dies(125, message, PARSE("-k", numbers[i], "m", "c"));
	}
}

static void mount_options_add_up_and_are_finished(void **state)
{
	const struct options options =
		PARSE("-o", "ro,fsname=a", "-oallow_other",
		      "--options=fsname=b", "m", "c");

	(void)state;
	assert_true(options.mount.read_only);
	assert_string_equal(options.mount.fsname, "b");
	assert_true(options.mount.allow_other);
	assert_true(options.mount.default_permissions);
	assert_dies(125, "exclude each other",
		    PARSE("-oallow_other", "-oallow_root", "m", "c"));
	assert_dies(125, "unknown mount option 'bogus'",
		    PARSE("-obogus", "m", "c"));
	assert_dies(125, "empty mount option", PARSE("-o", "", "m", "c"));
	assert_dies(125, "has characters other than",
		    PARSE("-osubtype=a/b", "m", "c"));
}

static void unknown_options_are_refused_by_name(void **state)
{
	(void)state;
	assert_dies(125, "unknown option '--bogus'\n",
		    PARSE("--bogus", "m", "c"));
	assert_dies(125, "unknown option '--bogus=1'\n",
		    PARSE("-v", "--bogus=1", "m", "c"));
	assert_dies(125, "unknown option '-x'\n", PARSE("-x", "m", "c"));
	assert_dies(125, "unknown option '-vxv'\n", PARSE("-vxv", "m", "c"));
	assert_dies(125, "unknown option '-:'\n", PARSE("-:", "m", "c"));
	assert_dies(125, "unknown option '-?'\n", PARSE("-?", "m", "c"));
	assert_dies(125, "unknown option '-\\xff'\n", PARSE("-\xff", "m", "c"));
	assert_dies(125, "unknown option '--\\x1b[2J\\x0a%s%n'\n",
		    PARSE("--\033[2J\n%s%n", "m", "c"));
	assert_dies(125, "unknown option '--bogus'\n", PARSE("--bogus"));
}

static void options_need_their_values(void **state)
{
	(void)state;
	assert_dies(125, "option '-n' needs a value\n", PARSE("-n"));
	assert_dies(125, "option '--fds' needs a value\n", PARSE("--fds"));
	assert_dies(125, "option '-vo' needs a value\n", PARSE("-n3", "-vo"));
	assert_dies(125, "option '--user' needs a value\n",
		    PARSE("-v", "--user"));
	assert_dies(125, "option '-k' needs a value\n", PARSE("-k"));
}

static void abbreviations_are_taken_where_they_are_clear(void **state)
{
	(void)state;
	assert_true(PARSE("--lit", "m", "c").literal);
	assert_dies(125, "'--li' could be several", PARSE("--li", "m", "c"));
	assert_dies(125, "'--verbose=1' takes no value",
		    PARSE("--verbose=1", "m", "c"));
}

static void capabilities_to_keep_add_up(void **state)
{
	const struct options options =
		PARSE("-c", "chown,CAP_Fowner", "--keep-caps=cap_chown,kill",
		      "m", "c");

	(void)state;
	assert_int_equal(options.keep_caps, UINT64_C(1) << CAP_CHOWN |
						    UINT64_C(1) << CAP_FOWNER |
						    UINT64_C(1) << CAP_KILL);
	assert_int_equal(PARSE("m", "c").keep_caps, 0);
}

static void other_capabilities_are_refused(void **state)
{
	static const struct {
		char *list;
		const char *message;
	} rows[] = {
		{"", "no capability is named ''\n"},
		{",", "no capability is named ''\n"},
		{"chown,", "no capability is named ''\n"},
		{"chown,,kill", "no capability is named ''\n"},
		{"cap_", "no capability is named "},
		{"bogus", "no capability is named 'bogus'\n"},
		{"chown,bogus,kill", "no capability is named 'bogus'\n"},
		{" chown", "no capability is named ' chown'\n"},
		{"chown=ep", "no capability is named 'chown=ep'\n"},
		{"cap_cap_chown", "no capability is named 'cap_chown'\n"},
		{"\033[m\n%n", "no capability is named '\\x1b[m\\x0a%n'\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_dies(125, rows[i].message,
			    PARSE("-c", rows[i].list, "m", "c"));
}

static void help_and_version_are_asked_for_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--help").mode, RUN_HELP);
	assert_int_equal(PARSE("-V").mode, RUN_HELP);
	assert_int_equal(PARSE("-vh", "--bogus").mode, RUN_HELP);
	assert_int_equal(PARSE("--version", "-S", "-b").mode, RUN_HELP);
	assert_int_equal(PARSE("--unmount", "-n3", "-h").mode, RUN_HELP);
	assert_dies(125, "unknown option '--bogus'\n",
		    PARSE("--bogus", "--help"));
	assert_int_equal(PARSE("m", "c", "--help").mode, RUN_EXEC);
}

static void a_detached_mount_is_commands(void **state)
{
	const struct options options =
		PARSE("--detached", "-n3", "m", "c", "{}");

	(void)state;
	assert_int_equal(options.mode, RUN_DETACHED);
	assert_string_equal(options.mountpoint, "m");
	assert_string_equal(options.command[0], "c");
	assert_int_equal(options.fds, 3);
	assert_int_equal(PARSE("--detached", "--unmodified", "m", "c").first_fd,
			 10);
	assert_dies(125, "no MOUNTPOINT given\n", PARSE("--detached"));
	assert_dies(125, "no COMMAND given to serve 'm'\n",
		    PARSE("--detached", "m"));
	assert_dies(125, "option --ready-timeout does not go with --detached\n",
		    PARSE("--detached", "--ready-timeout=1", "m", "c"));
	assert_dies(125, "option --stop-timeout does not go with --detached\n",
		    PARSE("--stop-timeout=1", "--detached", "m", "c"));
	assert_dies(125, "option --payload needs --send\n",
		    PARSE("--detached", "--payload=x", "m", "c"));
}

static void source_and_options_are_texts(void **state)
{
	const struct options none = PARSE("m", "c");
	const struct options options = PARSE(
		"--source=a b", "--filesystem-options={source}", "m", "c");
	const struct options empty =
		PARSE("--source=", "--filesystem-options=", "m", "c");

	(void)state;
	assert_null(none.source);
	assert_null(none.filesystem_options);
	assert_string_equal(options.source, "a b");
	assert_string_equal(options.filesystem_options, "{source}");
	assert_string_equal(empty.source, "");
	assert_string_equal(empty.filesystem_options, "");
}

/* ---- The table ------------------------------------------------------------ */

/* A command line of each mode, with room for one more option. */
static const struct {
	enum run_mode mode;
	char *chooses;
	char *operands[4];
} modes[] = {
	{RUN_EXEC, "-v", {"m", "c", "{}"}},
	{RUN_SUPERVISE, "--supervise", {"m", "c", "{}"}},
	{RUN_BACKGROUND, "--background", {"m", "c", "{}"}},
	{RUN_DETACHED, "--detached", {"m", "c", "{}"}},
	{RUN_SEND, "--send=connect:/s", {"m"}},
	{RUN_RECEIVE, "--receive=connect:/s", {"c", "{}"}},
	{RUN_UNMOUNT, "--unmount", {"m"}},
};

static char *with_value(const struct option_row *row)
{
	static const char *const values[][2] = {
		{"fds", "1"},	       {"options", "ro"},
		{"user", "alice"},     {"keep-caps", "chown"},
		{"keep-fd", "0"},      {"ready-timeout", "1"},
		{"stop-timeout", "1"}, {"send", "connect:/s"},
		{"payload", "x"},      {"receive", "connect:/s"},
		{"source", "x"},       {"filesystem-options", "x"},
	};
	static char text[64];

	snprintf(text, sizeof(text), "--%s", row->name);
	for (size_t i = 0; row->value && i < COUNT(values); i++)
		if (strcmp(row->name, values[i][0]) == 0)
			snprintf(text, sizeof(text), "--%s=%s", row->name,
				 values[i][1]);
	assert_row(row->name, !row->value == !strchr(text, '='));
	return text;
}

static bool chooses_a_mode(const struct option_row *row)
{
	for (size_t i = 1; i < COUNT(modes); i++)
		if (strncmp(modes[i].chooses + 2, row->name,
			    strlen(row->name)) == 0)
			return true;
	return false;
}

/* In the mode that a command line chooses, an option is taken or refused. */
static void parse_in_mode(size_t i, const struct option_row *row)
{
	char *const *operands = modes[i].operands;

	(void)parse((char *[]){"x", modes[i].chooses, with_value(row),
			       operands[0], operands[1], operands[2], NULL});
}

static void an_option_goes_with_its_modes_alone(void **state)
{
	char message[64];

	(void)state;
	for (const struct option_row *row = option_table; row->name; row++) {
		snprintf(message, sizeof(message), "option --%s ", row->name);
		for (size_t i = 0; i < COUNT(modes); i++) {
			if (chooses_a_mode(row))
				continue;
			if (row->modes & modes[i].mode)
				assert_exits(SURVIVED, "",
					     parse_in_mode(i, row));
			else
				assert_dies(125, message,
					    parse_in_mode(i, row));
		}
	}
}

/* The options that choose a mode: --send goes with two others, no other one
 * with any but itself. */
static void modes_exclude_each_other(void **state)
{
	(void)state;
	for (const struct option_row *row = option_table; row->name; row++) {
		if (!chooses_a_mode(row))
			continue;
		for (size_t i = 1; i < COUNT(modes); i++) {
			const bool is_same = (row->modes & modes[i].mode) != 0;
			const bool sends = row->number == OPTION_SEND &&
					   (modes[i].mode == RUN_SUPERVISE ||
					    modes[i].mode == RUN_BACKGROUND);

			if (sends)
				assert_exits(
					SURVIVED, "",
					(void)parse((char *[]){
						"x", modes[i].chooses,
						with_value(row), "m", NULL}));
			else if (is_same)
				assert_exits(SURVIVED, "",
					     parse_in_mode(i, row));
			else
				assert_dies(125, "", parse_in_mode(i, row));
		}
	}
	assert_dies(125,
		    "options --supervise, --background, --detached, --receive "
		    "and --unmount exclude each other\n",
		    PARSE("-S", "--detached", "m", "c"));
	assert_dies(125, "option --send does not go with --detached\n",
		    PARSE("--detached", "--send=connect:/s", "m"));
}

static void a_row_is_one_of_a_kind(void **state)
{
	(void)state;
	for (const struct option_row *row = option_table; row->name; row++) {
		assert_row(row->name, row->number > 0);
		assert_row(row->name, row->number < OPTIONS_END);
		assert_row(row->name, row->modes);
		assert_row(row->name, row->fstab || !row->fstab_comma);
		for (const struct option_row *other = option_table;
		     other != row; other++) {
			assert_row(row->name, other->number != row->number);
			assert_row(row->name,
				   strcmp(other->name, row->name) != 0);
		}
	}
}

static void the_manual_has_an_entry_for_every_option(void **state)
{
	(void)state;
	for (const struct option_row *row = option_table; row->name; row++) {
		char entry[64];

		snprintf(entry, sizeof(entry), "Fl -%s", row->name);
		assert_row(row->name, manual_has("man/fusefd-launch.8", entry));
		if (!row->fstab)
			continue;
		snprintf(entry, sizeof(entry), "Cm %s", row->fstab);
		assert_row(row->fstab, manual_has("man/mount.fusefd.8", entry));
	}
}

/* The first argument is the caller's to choose. */
static void our_own_name_is_not_taken_from_the_caller(void **state)
{
	(void)state;
	assert_dies(125, "fusefd-launch: unknown option '-x'\n",
		    parse((char *[]){"%s\033[m", "-x", NULL}));
	assert_dies(125, "fusefd-launch: no MOUNTPOINT given\n",
		    parse((char *[]){"", NULL}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_fresh_process_takes_no_option_behind_an_operand),
		cmocka_unit_test(operands_alone_leave_the_defaults),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(options_end_at_the_first_operand),
		cmocka_unit_test(only_the_first_dashes_are_ours),
		cmocka_unit_test(a_mountpoint_may_begin_with_a_dash),
		cmocka_unit_test(operands_are_needed),
		cmocka_unit_test(fds_are_counted),
		cmocka_unit_test(other_counts_are_refused),
		cmocka_unit_test(automatic_is_one_for_each_cpu_it_may_run_on),
		cmocka_unit_test(a_command_that_takes_one_fd_gets_one),
		cmocka_unit_test(fds_to_keep_are_collected),
		cmocka_unit_test(
			as_many_fds_may_be_kept_as_there_are_arguments),
		cmocka_unit_test(other_fds_to_keep_are_refused),
		cmocka_unit_test(mount_options_add_up_and_are_finished),
		cmocka_unit_test(unknown_options_are_refused_by_name),
		cmocka_unit_test(options_need_their_values),
		cmocka_unit_test(abbreviations_are_taken_where_they_are_clear),
		cmocka_unit_test(capabilities_to_keep_add_up),
		cmocka_unit_test(other_capabilities_are_refused),
		cmocka_unit_test(
			help_and_version_are_asked_for_and_nothing_else),
		cmocka_unit_test(a_detached_mount_is_commands),
		cmocka_unit_test(source_and_options_are_texts),
		cmocka_unit_test(an_option_goes_with_its_modes_alone),
		cmocka_unit_test(modes_exclude_each_other),
		cmocka_unit_test(a_row_is_one_of_a_kind),
		cmocka_unit_test(the_manual_has_an_entry_for_every_option),
		cmocka_unit_test(our_own_name_is_not_taken_from_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
