/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount_options.h"

#include <stdlib.h>
#include <sys/mount.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t defaults = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

static struct mount_options parse_without_end(const char *list)
{
	struct mount_options options;

	mount_options_init(&options);
	mount_options_parse(&options, list);
	return options;
}

static struct mount_options parse(const char *list)
{
	struct mount_options options = parse_without_end(list);

	mount_options_finish(&options);
	return options;
}

/* head, and as many more bytes as make it that long. */
static char *filled(const char *head, size_t length, char byte)
{
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, byte, length);
	memcpy(text, head, strlen(head));
	text[length] = '\0';
	return text;
}

/* A list of that length: an fsname, and ro again and again. */
static char *list_of(size_t length)
{
	static const char name[] = "fsname=";
	const size_t head = strlen(name) + 3 + (length - strlen(name)) % 3;
	char *const list = filled(name, length, 'a');

	for (size_t at = head; at < length; at++)
		list[at] = ",ro"[(at - head) % 3];
	return list;
}

static void without_options_a_mount_is_nosuid_and_nodev(void **state)
{
	struct mount_options options;

	(void)state;
	memset(&options, 0xff, sizeof(options));
	mount_options_init(&options);
	mount_options_finish(&options);
	assert_int_equal(options.attributes, defaults);
	assert_false(options.read_only);
	assert_false(options.synchronous);
	assert_false(options.dirsync);
	assert_false(options.allow_other);
	assert_false(options.allow_root);
	assert_false(options.default_permissions);
	assert_false(options.no_default_permissions);
	assert_false(options.fuseblk);
	assert_false(options.suid);
	assert_false(options.dev);
	assert_null(options.fsname);
	assert_null(options.subtype);
	assert_null(options.max_read);
	assert_null(options.blksize);
	for (size_t i = 0; i < LABELS; i++)
		assert_null(options.labels[i]);
}

static void options_set_attributes_and_the_last_wins(void **state)
{
	static const struct {
		const char *list;
		uint64_t attributes;
	} rows[] = {
		{"ro", defaults | MOUNT_ATTR_RDONLY},
		{"rw", defaults},
		{"ro,rw", defaults},
		{"rw,ro", defaults | MOUNT_ATTR_RDONLY},
		{"noexec", defaults | MOUNT_ATTR_NOEXEC},
		{"exec", defaults},
		{"noexec,exec", defaults},
		{"suid", MOUNT_ATTR_NODEV},
		{"nosuid", defaults},
		{"suid,nosuid", defaults},
		{"nosuid,suid", MOUNT_ATTR_NODEV},
		{"dev", MOUNT_ATTR_NOSUID},
		{"nodev", defaults},
		{"dev,nodev", defaults},
		{"dev,suid", 0},
		{"noatime", defaults | MOUNT_ATTR_NOATIME},
		{"relatime", defaults | MOUNT_ATTR_RELATIME},
		{"strictatime", defaults | MOUNT_ATTR_STRICTATIME},
		{"noatime,strictatime", defaults | MOUNT_ATTR_STRICTATIME},
		{"strictatime,noatime", defaults | MOUNT_ATTR_NOATIME},
		{"noatime,atime", defaults},
		{"strictatime,relatime", defaults | MOUNT_ATTR_RELATIME},
		{"nodiratime", defaults | MOUNT_ATTR_NODIRATIME},
		{"nodiratime,diratime", defaults},
		{"nodiratime,noatime",
		 defaults | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME},
		{"sync", defaults},
		{"allow_other", defaults},
		{"fsname=suid", defaults},
		{"ro,ro,ro", defaults | MOUNT_ATTR_RDONLY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].list, parse(rows[i].list).attributes ==
						 rows[i].attributes);
}

static void options_set_members_and_the_last_wins(void **state)
{
	(void)state;
	assert_true(parse("ro").read_only);
	assert_false(parse("ro,rw").read_only);
	assert_true(parse("sync").synchronous);
	assert_false(parse("sync,async").synchronous);
	assert_true(parse("dirsync").dirsync);
	assert_true(parse("fuseblk").fuseblk);
	assert_true(parse("allow_other").allow_other);
	assert_false(parse("allow_other").allow_root);
	assert_true(parse("allow_root").allow_root);
	assert_false(parse("allow_root").allow_other);
	/* What policy asks about. */
	assert_true(parse("suid").suid);
	assert_false(parse("suid").dev);
	assert_false(parse("suid,nosuid").suid);
	assert_true(parse("dev").dev);
	assert_false(parse("dev,nodev").dev);
}

static void settings_are_kept(void **state)
{
	(void)state;
	assert_string_equal(parse("fsname=a").fsname, "a");
	assert_string_equal(parse("fsname=a,ro,fsname=b").fsname, "b");
	assert_string_equal(parse("subtype=s3.x_y-Z9").subtype, "s3.x_y-Z9");
	assert_string_equal(parse("max_read=0").max_read, "0");
	assert_string_equal(parse("max_read=4294967295").max_read,
			    "4294967295");
	assert_string_equal(parse("fuseblk,blksize=512").blksize, "512");
	assert_string_equal(parse("context=a:b:c:s0").labels[LABEL_CONTEXT],
			    "a:b:c:s0");
	assert_string_equal(parse("fscontext=a").labels[LABEL_FS], "a");
	assert_string_equal(parse("defcontext=a").labels[LABEL_DEF], "a");
	assert_string_equal(parse("rootcontext=a").labels[LABEL_ROOT], "a");
	for (size_t i = 0; i < LABELS; i++) {
		assert_non_null(strstr(security_label_keys[i], "context"));
		assert_null(parse("ro").labels[i]);
	}
}

static void values_are_data(void **state)
{
	static const struct {
		const char *list, *fsname;
	} rows[] = {
		{"fsname=a=b", "a=b"},
		{"fsname==", "="},
		{"fsname=a b", "a b"},
		{"fsname=a\nb\t#\x1b", "a\nb\t#\x1b"},
		{"fsname=%s%n", "%s%n"},
		{"fsname=\"a\"", "\"a\""},
		{"fsname=x\\,allow_other", "x,allow_other"},
		{"fsname=\\,suid\\,dev", ",suid,dev"},
		{"fsname=a\\\\", "a\\"},
		{"fsname=a\\\\\\,suid", "a\\,suid"},
		{"fsname=\\\\\\\\", "\\\\"},
		/* A backslash before anything else is itself. */
		{"fsname=a\\b", "a\\b"},
		{"fsname=a\\", "a\\"},
		{"fsname=a\\ \\n\\=", "a\\ \\n\\="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mount_options options = parse(rows[i].list);

		assert_row(rows[i].list,
			   strcmp(options.fsname, rows[i].fsname) == 0);
		assert_row(rows[i].list, options.attributes == defaults);
		assert_row(rows[i].list, !options.allow_other);
	}
}

/* A comma that is not escaped ends the value, also behind a backslash that is
 * itself escaped: what follows is an option, which policy then judges. */
static void a_comma_that_is_not_escaped_separates(void **state)
{
	struct mount_options options;

	(void)state;
	options = parse("fsname=x,allow_other");
	assert_string_equal(options.fsname, "x");
	assert_true(options.allow_other);
	options = parse("fsname=x\\\\,suid");
	assert_string_equal(options.fsname, "x\\");
	assert_true(options.suid);
	options = parse("fsname=a\\,b,subtype=c,fsname=d\\,e");
	assert_string_equal(options.fsname, "d,e");
	assert_string_equal(options.subtype, "c");
}

static void empty_options_are_refused(void **state)
{
	static const char *const lists[] = {
		"",    ",",	 ",,,",	       "ro,",
		",ro", "ro,,rw", "fsname=a,,", ",fsname=a",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_dies(125, "empty mount option", parse(lists[i]));
}

static void unknown_options_are_refused_by_name(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"bogus", "unknown mount option 'bogus'\n"},
		{"a,,b", "unknown mount option 'a'\n"},
		{"ro,bogus,rw", "unknown mount option 'bogus'\n"},
		{"bogus=value", "unknown mount option 'bogus'\n"},
		{"ALLOW_OTHER", "unknown mount option 'ALLOW_OTHER'\n"},
		{"Ro", "unknown mount option 'Ro'\n"},
		{"allow_othe", "unknown mount option 'allow_othe'\n"},
		{"allow_other2", "unknown mount option 'allow_other2'\n"},
		{" ro", "unknown mount option ' ro'\n"},
		{"ro ", "unknown mount option 'ro '\n"},
		{"ro\n", "unknown mount option 'ro\\x0a'\n"},
		{"ro\\,rw", "unknown mount option 'ro,rw'\n"},
		{"fsname =a", "unknown mount option 'fsname '\n"},
		{"FSNAME=a", "unknown mount option 'FSNAME'\n"},
		{"=a", "unknown mount option ''\n"},
		{"\\", "unknown mount option '\\x5c'\n"},
		{"%s%n", "unknown mount option '%s%n'\n"},
		{"\033[2J", "unknown mount option '\\x1b[2J'\n"},
		{"a\nfusefd-launch: all is well",
		 "'a\\x0afusefd-launch: all is well'\n"},
		{"\xff", "unknown mount option '\\xff'\n"},
		/* Those of mount(8) that would change another mount. */
		{"bind", "unknown mount option 'bind'\n"},
		{"remount", "unknown mount option 'remount'\n"},
		{"shared", "unknown mount option 'shared'\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_dies(125, rows[i].message, parse(rows[i].list));
}

static void flags_take_no_value(void **state)
{
	static const char *const names[] = {
		"ro",
		"rw",
		"exec",
		"noexec",
		"suid",
		"nosuid",
		"dev",
		"nodev",
		"sync",
		"async",
		"dirsync",
		"atime",
		"noatime",
		"relatime",
		"strictatime",
		"diratime",
		"nodiratime",
		"allow_other",
		"allow_root",
		"fuseblk",
		"default_permissions",
		"no_default_permissions",
	};
	char list[64], message[64];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(message, sizeof(message), "'%s' takes no value\n",
			 names[i]);
		snprintf(list, sizeof(list), "%s=", names[i]);
		assert_dies(125, message, parse(list));
		snprintf(list, sizeof(list), "%s=1", names[i]);
		assert_dies(125, message, parse(list));
	}
}

static void settings_need_a_value(void **state)
{
	static const char *const names[] = {
		"fsname",  "subtype",	"max_read",   "blksize",
		"context", "fscontext", "defcontext", "rootcontext",
	};
	char list[64], message[64];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(message, sizeof(message), "'%s' needs a value",
			 names[i]);
		snprintf(list, sizeof(list), "%s", names[i]);
		assert_dies(125, message, parse(list));
		snprintf(list, sizeof(list), "%s=", names[i]);
		assert_dies(125, message, parse(list));
		snprintf(list, sizeof(list), "%s=,ro", names[i]);
		assert_dies(125, message, parse(list));
	}
}

static void the_launchers_own_keys_are_refused(void **state)
{
	static const char *const names[] = {
		"fd", "rootmode", "user_id", "group_id", "source",
	};
	char list[64], message[64];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(message, sizeof(message), "'%s' is not yours to set",
			 names[i]);
		snprintf(list, sizeof(list), "%s=0", names[i]);
		assert_dies(125, message, parse(list));
		snprintf(list, sizeof(list), "ro,%s=", names[i]);
		assert_dies(125, message, parse(list));
		assert_dies(125, message, parse(names[i]));
	}
}

static void numbers_are_strict(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"max_read=-1", "'max_read': '-1' is not a number"},
		{"max_read=4294967296", "'4294967296' is not a number"},
		{"max_read=12345678901234567890", "is not a number"},
		{"max_read=1x", "'1x' is not a number"},
		{"max_read= 1", "' 1' is not a number"},
		{"max_read=+1", "'+1' is not a number"},
		{"max_read=0x1000", "'0x1000' is not a number"},
		{"max_read=4k", "'4k' is not a number"},
		{"max_read=1\\,ro", "'1,ro' is not a number"},
		{"max_read=\033[m", "'\\x1b[m' is not a number"},
		{"fuseblk,blksize=x", "'blksize': 'x' is not a number"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_dies(125, rows[i].message, parse(rows[i].list));
}

static void a_subtype_is_of_few_characters(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"subtype=a b", "'subtype': 'a b' has characters"},
		{"subtype=a/b", "'a/b' has characters"},
		{"subtype=a\\,b", "'a,b' has characters"},
		{"subtype=a#b", "'a#b' has characters"},
		{"subtype=a\\\\b", "'a\\x5cb' has characters"},
		{"subtype=a=b", "'a=b' has characters"},
		{"subtype=a\nb", "'a\\x0ab' has characters"},
		{"subtype=\xc3\xa4", "'\\xc3\\xa4' has characters"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_dies(125, rows[i].message, parse(rows[i].list));
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = {'a', (char)byte, '\0'};
		const bool letter = (byte >= 'a' && byte <= 'z') ||
				    (byte >= 'A' && byte <= 'Z');
		const bool digit = byte >= '0' && byte <= '9';

		assert_row(text, mount_options_is_subtype(text) ==
					 (letter || digit || byte == '_' ||
					  byte == '.' || byte == '-'));
	}
}

static void contradictions_are_refused(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"allow_other,allow_root", "exclude each other"},
		{"allow_root,ro,allow_other", "exclude each other"},
		{"default_permissions,no_default_permissions",
		 "exclude each other"},
		{"no_default_permissions,default_permissions",
		 "exclude each other"},
		{"blksize=512", "'blksize' goes with 'fuseblk' only"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_dies(125, rows[i].message, parse(rows[i].list));
}

static void access_for_others_brings_default_permissions(void **state)
{
	static const struct {
		const char *list;
		bool expected;
	} rows[] = {
		{"ro", false},
		{"default_permissions", true},
		{"no_default_permissions", false},
		{"allow_other", true},
		{"allow_root", true},
		{"allow_other,default_permissions", true},
		{"allow_other,no_default_permissions", false},
		{"no_default_permissions,allow_root", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].list,
			   parse(rows[i].list).default_permissions ==
				   rows[i].expected);
}

static void lists_add_up(void **state)
{
	struct mount_options options;

	(void)state;
	mount_options_init(&options);
	mount_options_parse(&options, "ro,noexec,fsname=a");
	mount_options_parse(&options, "rw,fsname=b");
	mount_options_parse(&options, "allow_root");
	mount_options_finish(&options);
	assert_int_equal(options.attributes, defaults | MOUNT_ATTR_NOEXEC);
	assert_string_equal(options.fsname, "b");
	assert_true(options.allow_root);
}

static void the_callers_list_is_left_alone(void **state)
{
	static const char list[] = "ro,fsname=a\\,b,subtype=c";
	char text[sizeof(list)];
	struct mount_options options;

	(void)state;
	memcpy(text, list, sizeof(list));
	options = parse(text);
	assert_string_equal(text, list);
	memset(text, 'x', sizeof(text));
	assert_string_equal(options.fsname, "a,b");
	assert_string_equal(options.subtype, "c");
}

static void parse_twice(const char *one, const char *other)
{
	struct mount_options options = parse_without_end(one);

	mount_options_parse(&options, other);
}

static void lists_have_a_limit(void **state)
{
	char *const largest = list_of(MOUNT_OPTIONS_MAX);
	char *const larger = list_of(MOUNT_OPTIONS_MAX + 1);
	char *const commas = filled("", 1000000, ',');

	(void)state;
	assert_true(parse(largest).read_only);
	assert_dies(125, "longer than 4096 bytes", parse(larger));
	assert_dies(125, "longer than 4096 bytes", parse(commas));
	free(largest);
	free(larger);
	free(commas);
}

/* fsconfig(2)'s limit for a string, which it would tell by EINVAL alone. */
static void values_have_a_limit(void **state)
{
	char *const largest = filled("fsname=", strlen("fsname=") + 255, 'a');
	char *const larger = filled("fsname=", strlen("fsname=") + 256, 'a');

	(void)state;
	assert_int_equal(strlen(parse(largest).fsname), 255);
	assert_dies(125, "'fsname': its value is longer than 255 bytes",
		    parse(larger));
	free(largest);
	free(larger);
}

/* The limit is for all lists of a command line together. */
static void lists_have_a_limit_together(void **state)
{
	char *const largest = list_of(MOUNT_OPTIONS_MAX);

	(void)state;
	assert_dies(125, "longer than 4096 bytes", parse_twice("ro", largest));
	assert_dies(125, "longer than 4096 bytes", parse_twice(largest, "ro"));
	free(largest);
}

static void names_are_known(void **state)
{
	static const char *const known[] = {
		"ro",	  "allow_other",  "fsname",  "fsname=x",
		"suid=1", "rootcontext=", "user_id", "fd=3",
	};
	static const char *const unknown[] = {
		"", "=", "r", "rox", "ro_", "fsnames=x", "=ro", " ro", "uid=3",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		assert_row(known[i], mount_options_knows(known[i]));
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_row(unknown[i], !mount_options_knows(unknown[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_a_mount_is_nosuid_and_nodev),
		cmocka_unit_test(options_set_attributes_and_the_last_wins),
		cmocka_unit_test(options_set_members_and_the_last_wins),
		cmocka_unit_test(settings_are_kept),
		cmocka_unit_test(values_are_data),
		cmocka_unit_test(a_comma_that_is_not_escaped_separates),
		cmocka_unit_test(empty_options_are_refused),
		cmocka_unit_test(unknown_options_are_refused_by_name),
		cmocka_unit_test(flags_take_no_value),
		cmocka_unit_test(settings_need_a_value),
		cmocka_unit_test(the_launchers_own_keys_are_refused),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(a_subtype_is_of_few_characters),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(access_for_others_brings_default_permissions),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(the_callers_list_is_left_alone),
		cmocka_unit_test(lists_have_a_limit),
		cmocka_unit_test(values_have_a_limit),
		cmocka_unit_test(lists_have_a_limit_together),
		cmocka_unit_test(names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
