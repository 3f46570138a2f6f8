/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/mount_list.h"

#include <stdlib.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct mount_list read_list(const char *text)
{
	struct mount_list list;

	memset(&list, 0xff, sizeof(list));
	mount_list_read(&list, text, false);
	return list;
}

static const char *text_of(const struct text *text)
{
	return text->bytes ? text->bytes : "";
}

static void each_option_goes_where_it_belongs(void **state)
{
	static const struct {
		const char *list, *mount, *filesystem;
	} rows[] = {
		{"", "", ""},
		{",,", "", ""},
		{"rw", "rw", ""},
		{"rw,uid=3,noexec,,big_writes", "rw,noexec",
		 "uid=3,big_writes"},
		{"allow_other,max_read=4096", "allow_other,max_read=4096", ""},
		{"fsname=a", "fsname=a", ""},
		{"ROot,roo,ro_x", "", "ROot,roo,ro_x"},
		/* Refused later, by name, rather than handed on. */
		{"fd=3,user_id=0,suid=1", "fd=3,user_id=0,suid=1", ""},
		{"fds=4,setuid=x,ready_timeout=1,a", "", "a"},
		{"command=a b,remount", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mount_list list = read_list(rows[i].list);

		assert_row(rows[i].list,
			   strcmp(text_of(&list.mount), rows[i].mount) == 0);
		assert_row(rows[i].list, strcmp(text_of(&list.filesystem),
						rows[i].filesystem) == 0);
	}
}

static void what_concerns_others_is_dropped(void **state)
{
	static const char *const dropped[] = {
		"defaults",
		"auto",
		"noauto",
		"user",
		"user=alice",
		"nouser",
		"users",
		"nousers",
		"owner",
		"noowner",
		"group",
		"nogroup",
		"_netdev",
		"nofail",
		"comment=x y",
		"x-systemd.automount",
		"x-a=b",
		"X-mount.mkdir=0755",
		"x-",
		"uhelper=x",
		"silent",
		"loud",
		"mand",
		"lazytime",
		"nostrictatime",
		"iversion",
	};
	static const char *const kept[] = {
		"users=3", "defaults=", "autox",   "xattr",    "x",
		"X",	   "usermap=a", "comment", "_netdev2",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(dropped); i++) {
		const struct mount_list list = read_list(dropped[i]);

		assert_row(dropped[i], !list.mount.length);
		assert_row(dropped[i], !list.filesystem.length);
	}
	for (size_t i = 0; i < COUNT(kept); i++)
		assert_row(kept[i],
			   strcmp(text_of(&(struct text){
					  .bytes = read_list(kept[i])
							   .filesystem.bytes}),
				  kept[i]) == 0);
}

static void the_launchers_options_are_kept_apart(void **state)
{
	const struct mount_list list =
		read_list("fds=4,setuid=alice:crew,keep_caps=chown:fowner,"
			  "ready_timeout=5,stop_timeout=0,command=a {} b,"
			  "fds=,fsname=x,remount");

	(void)state;
	assert_string_equal(list.launch['n'], "");
	assert_string_equal(list.launch['u'], "alice:crew");
	assert_string_equal(list.launch['c'], "chown:fowner");
	assert_string_equal(list.launch[OPTION_READY_TIMEOUT], "5");
	assert_string_equal(list.launch[OPTION_STOP_TIMEOUT], "0");
	assert_string_equal(list.command, "a {} b");
	assert_true(list.has_fsname);
	assert_true(list.remount);
}

static void names_of_the_table_are_for_the_launcher(void **state)
{
	(void)state;
	for (const struct option_row *row = option_table; row->name; row++) {
		struct mount_list list;
		char option[64];

		if (!row->fstab)
			continue;
		snprintf(option, sizeof(option), "%s%s", row->fstab,
			 row->value ? "=1" : "");
		list = read_list(option);
		assert_row(option, list.launch[row->number]);
		assert_string_equal(list.launch[row->number],
				    row->value ? "1" : "");
		assert_string_equal(text_of(&list.filesystem), "");
	}
}

static void without_options_there_are_none(void **state)
{
	const struct mount_list list = read_list("");

	(void)state;
	for (size_t i = 0; i < OPTIONS_END; i++)
		assert_null(list.launch[i]);
	assert_null(list.command);
	assert_false(list.has_fsname);
	assert_false(list.remount);
}

/* Commas within quotes and behind backslashes are mount(8)'s; what comes out
 * is libfuse's and mount_options_parse()'s. */
static void commas_can_be_part_of_a_value(void **state)
{
	static const struct {
		const char *list, *filesystem;
	} rows[] = {
		{"a=\"b,c\",d", "a=b\\,c,d"},
		{"a=b\\,c,d", "a=b\\,c,d"},
		{"\"a=b,c\"", "a=b\\,c"},
		{"a=\"b\"", "a=b"},
		{"a=\"\"", "a="},
		{"a=b\\c", "a=b\\\\c"},
		{"a=b\\\\c", "a=b\\\\c"},
		{"a=b\\\\,c", "a=b\\\\,c"},
		{"a=b\\", "a=b\\\\"},
		{"a=\"x\\\",b", "a=x\\\\,b"},
		{"a='b,c'", "a='b,c'"},
		{"a=\"b\\,c\"", "a=b\\,c"},
		{"a=b c", "a=b c"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mount_list list = read_list(rows[i].list);

		assert_row(rows[i].list, strcmp(text_of(&list.filesystem),
						rows[i].filesystem) == 0);
	}
	assert_string_equal(read_list("command=\"sh -c 'a, b'\"").command,
			    "sh -c 'a, b'");
	assert_dies(125, "a double quote that is not closed",
		    read_list("ro,a=\"b,suid"));
}

/* A value that could pass for another option downstream. */
static void a_value_stays_one_option(void **state)
{
	const struct mount_list list =
		read_list("fsname=\"a,suid\",fsname=b\\\\\\,dev");

	(void)state;
	assert_string_equal(list.mount.bytes,
			    "fsname=a\\,suid,fsname=b\\\\\\,dev");
}

static void options_of_ours_need_a_value(void **state)
{
	(void)state;
	assert_dies(125, "'fds' needs a value: fds=VALUE", read_list("ro,fds"));
	assert_dies(125, "'command' needs a value", read_list("command"));
	assert_dies(125, "'setuid' needs a value", read_list("setuid"));
}

static void read_sloppily(const char *text)
{
	struct mount_list list;

	mount_list_read(&list, text, true);
	_exit(list.filesystem.length || list.mount.length ? 1 : SURVIVED);
}

static void what_this_version_lacks_is_named(void **state)
{
	static const char *const lacking[] = {
		"restart",	  "restart=5",	 "passthrough",
		"passthrough=16", "nosymfollow",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lacking); i++) {
		assert_dies(125, "this version has no such option",
			    read_list(lacking[i]));
		assert_dies(SURVIVED, "is left out", read_sloppily(lacking[i]));
	}
	assert_string_equal(
		read_list("restarts,passthroughs=1").filesystem.bytes,
		"restarts,passthroughs=1");
}

static void the_callers_text_is_left_alone(void **state)
{
	char text[] = "a=\"b,c\",fds=3,ro";

	(void)state;
	read_list(text);
	assert_string_equal(text, "a=\"b,c\",fds=3,ro");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_goes_where_it_belongs),
		cmocka_unit_test(what_concerns_others_is_dropped),
		cmocka_unit_test(the_launchers_options_are_kept_apart),
		cmocka_unit_test(names_of_the_table_are_for_the_launcher),
		cmocka_unit_test(without_options_there_are_none),
		cmocka_unit_test(commas_can_be_part_of_a_value),
		cmocka_unit_test(a_value_stays_one_option),
		cmocka_unit_test(options_of_ours_need_a_value),
		cmocka_unit_test(what_this_version_lacks_is_named),
		cmocka_unit_test(the_callers_text_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
