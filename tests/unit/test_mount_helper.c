/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/mount_helper.h"

#include <getopt.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "common/die.h"
#include "dies.h"
#include "launch/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PARSE(...) parse((char *[]){"/sbin/mount.fusefd", __VA_ARGS__, NULL})

static struct command_line translate(char **argv)
{
	struct command_line line;
	int argc = 0;

	while (argv[argc])
		argc++;
	die_as_mount_helper();
	memset(&line, 0xff, sizeof(line));
	mount_helper_translate(&line, argc, argv);
	assert_null(line.arguments[line.count]);
	return line;
}

/* What fusefd-launch makes of it. */
static struct options parse(char **argv)
{
	const struct command_line line = translate(argv);
	struct options options;

	/* 0: glibc starts afresh, as it must where the order is another. */
	optind = 0;
	memset(&options, 0xff, sizeof(options));
	options_parse(&options, line.count, line.arguments);
	return options;
}

/* As mount(8) calls it: -o LIST behind the operands, then -t. */
static struct options parse_list(const char *list)
{
	return PARSE("s", "m", "-o", (char *)list, "-t", "fusefd.sshfs");
}

/* COMMAND's words with a bar between them. */
static const char *command_of(const struct options *options)
{
	static char text[4096];
	char *end = text;

	for (char **word = options->command; *word; word++)
		end += sprintf(end, "%s%s", end == text ? "" : "|", *word);
	return text;
}

#define assert_command(expected, ...)                                          \
	do {                                                                   \
		const struct options options_ = PARSE(__VA_ARGS__);            \
		assert_string_equal(command_of(&options_), expected);          \
	} while (0)

/* The whole of it, in one example: what comes from fstab stands in one argument
 * each, and in none that is looked at for placeholders. */
static void it_is_a_command_line_of_fusefd_launch(void **state)
{
	static const char *const expected[] = {
		"mount.fusefd.x",
		"--background",
		"--source={} {fd}",
		"--filesystem-options=a={source},b=\\,c",
		"--fds=2",
		"--user=0",
		"--keep-caps=chown,kill",
		"--ready-timeout=7",
		"--unmodified",
		"--options=subtype=x,fsname={} {fd}",
		"--options=ro",
		"--verbose",
		"--dry-run",
		"--",
		"-m",
		"--",
		"x",
		"{source}",
		"{mountpoint}",
		"-o",
		"{options}",
	};
	static char list[] =
		"ready_timeout=7,keep_caps=chown:kill,a={source},ro,setuid=0,"
		"unmodified,fds=2,\"b=,c\"";
	const struct command_line line =
		translate((char *[]){"mount.fusefd.x", "-fv", "-o", list, "--",
				     "{} {fd}", "-m", NULL});

	(void)state;
	assert_int_equal(line.count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_string_equal(line.arguments[i], expected[i]);
}

static void it_runs_in_the_background_with_one_fd(void **state)
{
	const struct options options =
		PARSE("h:/d", "/m", "-o", "rw", "-t", "fusefd.sshfs");

	(void)state;
	assert_int_equal(options.mode, RUN_BACKGROUND);
	assert_string_equal(options.mountpoint, "/m");
	assert_string_equal(command_of(&options), "sshfs|{source}|{}");
	assert_string_equal(options.source, "h:/d");
	assert_string_equal(options.filesystem_options, "");
	assert_string_equal(options.mount.fsname, "h:/d");
	assert_string_equal(options.mount.subtype, "sshfs");
	assert_int_equal(options.mount.attributes,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	assert_int_equal(options.fds, 1);
	assert_int_equal(options.ready_timeout, 30);
	assert_null(options.user);
	assert_false(options.dry_run || options.verbose);
}

static void the_type_comes_from_t_or_the_source_or_the_name(void **state)
{
	struct options options = PARSE("sshfs#h:/d#e", "m", "-o", "rw");

	(void)state;
	assert_string_equal(command_of(&options), "sshfs|{source}|{}");
	assert_string_equal(options.source, "h:/d#e");
	assert_string_equal(options.mount.fsname, "sshfs#h:/d#e");
	assert_string_equal(options.mount.subtype, "sshfs");

	options = PARSE("a#b", "m", "-t", "fusefd.sshfs");
	assert_string_equal(options.source, "a#b");
	assert_command("c|{source}|{}", "c#b", "m", "-t", "fusefd");

	options = parse((char *[]){"mount.fusefd.bindfs", "/s", "m", NULL});
	assert_string_equal(command_of(&options), "bindfs|{source}|{}");
	options = parse((char *[]){"mount.fusefd.bindfs", "/s", "m", "-t",
				   "fusefd.sshfs", NULL});
	assert_string_equal(command_of(&options), "sshfs|{source}|{}");

	options = PARSE("/opt/x/fs#s", "m");
	assert_string_equal(command_of(&options), "/opt/x/fs|{source}|{}");
	assert_string_equal(options.mount.subtype, "fs");
	options = PARSE("a+b#s", "m");
	assert_null(options.mount.subtype);
}

static void no_source_is_no_argument(void **state)
{
	(void)state;
	assert_command("x|{}", "none", "m", "-t", "fusefd.x");
	assert_command("x|{}", "", "m", "-t", "fusefd.x");
	assert_command("x|{}", "x#", "m");
	assert_command("x|{}", "x#none", "m");
	assert_string_equal(PARSE("none", "m", "-t", "fusefd.x").mount.fsname,
			    "none");
	assert_null(PARSE("", "m", "-t", "fusefd.x").mount.fsname);
	assert_string_equal(PARSE("x#", "m").source, "");
}

static void options_are_handed_on(void **state)
{
	const struct options options = parse_list(
		"ro,noexec,uid=3,_netdev,p=\"a,b\",fds=4,allow_other,"
		"setuid=0,keep_caps=chown:cap_fowner,ready_timeout=7,"
		"stop_timeout=8,max_read=9");

	(void)state;
	assert_string_equal(command_of(&options),
			    "sshfs|{source}|{}|-o|{options}");
	assert_string_equal(options.filesystem_options, "uid=3,p=a\\,b");
	assert_true(options.mount.read_only && options.mount.allow_other);
	assert_true(options.mount.default_permissions);
	assert_true(options.mount.attributes & MOUNT_ATTR_NOEXEC);
	assert_string_equal(options.mount.max_read, "9");
	assert_int_equal(options.fds, 4);
	assert_int_equal(options.keep_caps, 1 << CAP_CHOWN | 1 << CAP_FOWNER);
	assert_int_equal(options.ready_timeout, 7);
	assert_int_equal(options.stop_timeout, 8);
}

static void several_lists_are_one(void **state)
{
	const struct options options = PARSE("-o", "a", "s", "-o", "", "m",
					     "-o", "b,ro", "-t", "fusefd.x");

	(void)state;
	assert_string_equal(options.filesystem_options, "a,b");
	assert_true(options.mount.read_only);
}

static void names_can_be_chosen(void **state)
{
	char source[300];
	const struct options options = parse_list("fsname=a,subtype=b");

	(void)state;
	assert_string_equal(options.mount.fsname, "a");
	assert_string_equal(options.mount.subtype, "b");
	assert_string_equal(
		PARSE("a,suid\\", "m", "-t", "fusefd.x").mount.fsname,
		"a,suid\\");

	memset(source, 'x', sizeof(source) - 1);
	source[sizeof(source) - 1] = '\0';
	assert_string_equal(
		PARSE(source, "m", "-t", "fusefd.x", "-o", "fsname=a").source,
		source);
	assert_dies(1, "longer than the 255 bytes",
		    PARSE(source, "m", "-t", "fusefd.x"));
}

static void a_command_takes_the_place_of_the_usual_one(void **state)
{
	const struct options options =
		PARSE("a#b", "m", "-o",
		      "command=fs -f '{source} {options}' {fd},ro,x=y");

	(void)state;
	assert_string_equal(command_of(&options),
			    "fs|-f|{source} {options}|{fd}");
	assert_string_equal(options.source, "a#b");
	assert_string_equal(options.mount.fsname, "a#b");
	assert_null(options.mount.subtype);
	assert_int_equal(options.fds, 1);

	assert_command("a|-o", "s", "m", "-o", "command=a -o");
	assert_command("a|b", "", "m", "-o",
		       "command=a -o {options} {source} b");
	assert_command("{source}|b", "", "m", "-o", "command={source} b");
	assert_dies(1, "'x' are for the filesystem",
		    PARSE("s", "m", "-o", "command={options},x"));
	assert_command("a|x{source}", "", "m", "-o", "command=a x{source}");
	assert_true(PARSE("s", "m", "-o", "command=a {source},allow_root")
			    .mount.allow_root);
	assert_command("a|-o|{options}", "", "m", "-o",
		       "command=a -o {options},x");
	assert_string_equal(
		PARSE("s", "m", "-t", "fusefd.t", "-o", "command=a {}")
			.mount.subtype,
		"t");
}

static void options_that_nobody_takes_are_refused(void **state)
{
	(void)state;
	assert_dies(1, "options 'x,y=1' are for the filesystem",
		    PARSE("s", "m", "-o", "command=a {},x,ro,y=1"));
	assert_string_equal(PARSE("s", "m", "-s", "-o", "command=a {},x")
				    .filesystem_options,
			    "");
}

static void letters_are_mounts(void **state)
{
	struct options options =
		PARSE("s", "m", "-sn", "-v", "-o", "rw", "-t", "fusefd.x");

	(void)state;
	assert_true(options.verbose);
	assert_false(options.dry_run);
	options = PARSE("s", "m", "-f", "-t", "fusefd.x");
	assert_true(options.dry_run && !options.verbose);
	options = PARSE("s", "m", "-fv", "-t", "fusefd.x");
	assert_true(options.dry_run && options.verbose);
}

static void what_is_wrongly_asked_for_is_refused(void **state)
{
	(void)state;
	assert_dies(1, "SOURCE and MOUNTPOINT",
		    parse((char *[]){"mount.fusefd", NULL}));
	assert_dies(1, "SOURCE and MOUNTPOINT", PARSE("a"));
	assert_dies(1, "SOURCE and MOUNTPOINT", PARSE("a", "b", "c"));
	assert_dies(1, "option -o needs a value", PARSE("a", "b", "-o"));
	assert_dies(1, "unknown option '-x'", PARSE("a", "b", "-x"));
	assert_dies(1, "unknown option '--bogus'", PARSE("a", "b", "--bogus"));
	assert_dies(1, "option -N", PARSE("a", "b", "-N", "/x"));
	assert_dies(1, "'fuse.x' is not 'fusefd'",
		    PARSE("a", "b", "-t", "fuse.x"));
	assert_dies(1, "'fusefd.' is not", PARSE("a", "b", "-t", "fusefd."));
	assert_dies(1, "'a' does not say which", PARSE("a", "b"));
	assert_dies(1, "'#a' does not say which", PARSE("#a", "b"));
	assert_dies(1, "'./x' is neither", PARSE("./x#a", "b"));
	assert_dies(1, "'' is neither",
		    PARSE("a", "b", "-o", "command='' {source}"));
	assert_dies(1, "'bin/x' is neither",
		    PARSE("a", "b", "-o", "command=bin/x"));
	assert_dies(1, "'-x' is neither", PARSE("a", "b", "-t", "fusefd.-x"));
	assert_dies(1, "begins with '-'", PARSE("x#-oa", "b"));
	assert_dies(1, "empty name", PARSE("x#a", ""));
	assert_dies(1, "'7x' is not a number", parse_list("fds=7x"));
	assert_dies(1, "'' is not a number", parse_list("ready_timeout="));
	assert_dies(1, "no capability is named ''",
		    parse_list("keep_caps=chown:"));
	assert_dies(1, "option 'fd' is not yours", parse_list("fd=3"));
	assert_dies(1, "'allow_root' does not go with {}",
		    parse_list("allow_root"));
}

static void a_mountpoint_may_look_like_an_option(void **state)
{
	(void)state;
	assert_string_equal(PARSE("--", "x#a", "-b").mountpoint, "-b");
}

static void a_remount_is_a_failed_mount(void **state)
{
	(void)state;
	assert_dies(32, "cannot remount 'm'", parse_list("ro,remount"));
}

static void help_is_given(void **state)
{
	(void)state;
	assert_exits(0, "Usage: mount.fusefd SOURCE", PARSE("--help"));
	assert_exits(0, "Usage: mount.fusefd SOURCE", PARSE("a", "-h"));
	assert_exits(0, VERSION, PARSE("-V"));
}

struct user {
	uid_t uid;
	char name[64];
};

/* One who is in the file: oneself, or for root anybody. */
static struct user some_user(void)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;
	struct user user = {0};

	assert_non_null(file);
	do {
		entry = fgetpwent(file);
		assert_non_null(entry);
		user.uid = entry->pw_uid;
	} while (getuid() ? user.uid != getuid() : user.uid == 0);
	snprintf(user.name, sizeof(user.name), "%s", entry->pw_name);
	fclose(file);
	return user;
}

/* Survives where setuid=USER is the one's own, and none but that one is. */
static void parse_as(const struct user *user, const char *name)
{
	char list[256];

	if (getuid() == 0 && setresuid(user->uid, user->uid, 0))
		_exit(1);
	snprintf(list, sizeof(list), "setuid=%s", name);
	if (parse_list(list).user)
		_exit(2);
}

static void users_may_name_themselves(void **state)
{
	const struct user user = some_user();
	char number[16];

	(void)state;
	snprintf(number, sizeof(number), "%u", user.uid);
	assert_exits(SURVIVED, "", parse_as(&user, user.name));
	assert_exits(SURVIVED, "", parse_as(&user, number));
	assert_dies(1, "is not you", parse_as(&user, "root"));
	assert_dies(1, "is not you", parse_as(&user, "0"));
	assert_dies(1, "is not you", parse_as(&user, "0:0"));
	assert_dies(1, "is not you", parse_as(&user, ""));
	assert_dies(1, "'no\\x0aone' is not you", parse_as(&user, "no\none"));
}

static void roots_path_is_a_fixed_one(void **state)
{
	static char *callers[] = {"PATH=.", "A=b", "PATH=/tmp", "PATH=", NULL};
	static char *at_home[] = {"HOME=/h", NULL};
	char **const tests_own = environ;
	size_t count = 0;

	(void)state;
	environ = callers;
	mount_helper_set_environment();
	assert_string_equal(getenv("PATH"), ROOT_PATH);
	assert_string_equal(getenv("A"), "b");
	assert_int_equal(getenv("HOME")[0], '/');
	while (environ[count])
		count++;
	assert_int_equal(count, 3);

	environ = at_home;
	mount_helper_set_environment();
	assert_string_equal(getenv("HOME"), "/h");
	environ = tests_own;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_a_command_line_of_fusefd_launch),
		cmocka_unit_test(it_runs_in_the_background_with_one_fd),
		cmocka_unit_test(
			the_type_comes_from_t_or_the_source_or_the_name),
		cmocka_unit_test(no_source_is_no_argument),
		cmocka_unit_test(options_are_handed_on),
		cmocka_unit_test(several_lists_are_one),
		cmocka_unit_test(names_can_be_chosen),
		cmocka_unit_test(a_command_takes_the_place_of_the_usual_one),
		cmocka_unit_test(options_that_nobody_takes_are_refused),
		cmocka_unit_test(letters_are_mounts),
		cmocka_unit_test(what_is_wrongly_asked_for_is_refused),
		cmocka_unit_test(a_mountpoint_may_look_like_an_option),
		cmocka_unit_test(a_remount_is_a_failed_mount),
		cmocka_unit_test(help_is_given),
		cmocka_unit_test(users_may_name_themselves),
		cmocka_unit_test(roots_path_is_a_fixed_one),
	};

	expected_prefix = "mount.fusefd: ";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
