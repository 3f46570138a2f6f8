/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the stand-ins of --unmodified take for theirs, and the dialects of those
 * who call fusermount.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "dies.h"
#include "preload/fuse_calls.h"
#include "stand-in/arguments.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void the_device_is_opened_by_its_path_to_read_and_write(void **state)
{
	static const struct {
		const char *path;
		int flags;
		bool ours;
	} rows[] = {
		{"/dev/fuse", O_RDWR, true},
		{"/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK, true},
		{"/dev/fuse", O_RDWR | O_LARGEFILE, true},
		{"/dev/fuse", O_RDONLY, false},
		{"/dev/fuse", O_WRONLY, false},
		{"/dev/fuse", O_RDWR | O_PATH, false},
		{"/dev/fuse/", O_RDWR, false},
		{"/dev/fuse1", O_RDWR, false},
		{"//dev/fuse", O_RDWR, false},
		{"dev/fuse", O_RDWR, false},
		{"", O_RDWR, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].path,
			   opens_fuse_device(rows[i].path, rows[i].flags) ==
				   rows[i].ours);
	assert_false(opens_fuse_device(NULL, O_RDWR));
}

static void types_are_those_of_fuse(void **state)
{
	static const struct {
		const char *type;
		bool ours;
	} rows[] = {
		{"fuse", true},
		{"fuse.sshfs", true},
		{"fuse.", true},
		{"fuseblk", true},
		{"fuseblk.ntfs", true},
		{"fusectl", false},
		{"fusebl", false},
		{"fuseblks", false},
		{"fuse3", false},
		{"fus", false},
		{"", false},
		{"tmpfs", false},
		{"xfuse", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].type,
			   is_fuse_type(rows[i].type) == rows[i].ours);
	assert_false(is_fuse_type(NULL));
}

static void an_option_is_a_whole_word_of_a_list(void **state)
{
	static const struct {
		const char *list;
		bool there;
	} rows[] = {
		{"allow_other", true},
		{"rw,allow_other", true},
		{"allow_other,rw", true},
		{"rw,allow_other,ro", true},
		{",,allow_other", true},
		{"fsname=a\\\\,allow_other", true},
		{"fsname=a\\,allow_other", false},
		{"fsname=\\", false},
		{"no_allow_other", false},
		{"allow_others", false},
		{"allow_other=1", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].list,
			   has_option(rows[i].list, "allow_other") ==
				   rows[i].there);
	assert_false(has_option(NULL, "allow_other"));
}

#define READ(...) read_arguments((char *[]){"fusermount3", __VA_ARGS__, NULL})

static struct arguments read_arguments(char **argv)
{
	struct arguments arguments;
	int argc = 0;

	while (argv[argc])
		argc++;
	/* getopt's state as a fresh process has it. */
	optind = 0;
	(void)getopt(1, (char *[]){"", NULL}, "");
	memset(&arguments, 0xff, sizeof(arguments));
	arguments_read(&arguments, argc, argv);
	return arguments;
}

static void a_mount_is_asked_for_in_either_order(void **state)
{
	const struct arguments rows[] = {
		READ("-o", "rw,fsname=x", "--", "/m"),
		READ("/m", "-o", "rw,fsname=x"),
		READ("--options=rw,fsname=x", "/m"),
		READ("-orw,fsname=x", "/m"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(rows[i].request, REQUEST_MOUNT);
		assert_string_equal(rows[i].options, "rw,fsname=x");
		assert_string_equal(rows[i].mountpoint, "/m");
		assert_null(rows[i].socket);
		assert_false(rows[i].stays);
	}
	assert_string_equal(READ("/m").options, "");
	assert_null(READ("-o", "rw").mountpoint);
	assert_string_equal(READ("--", "-m").mountpoint, "-m");
	assert_string_equal(READ("--comm-fd=5", "/m").socket, "5");
}

static void auto_unmount_stays(void **state)
{
	(void)state;
	assert_true(READ("-o", "rw,auto_unmount", "--", "/m").stays);
	assert_true(READ("-U", "-o", "rw", "/m").stays);
	assert_int_equal(READ("-U", "-o", "rw", "/m").request, REQUEST_MOUNT);
	assert_int_equal(READ("-o", "auto_unmount", "/m").request,
			 REQUEST_MOUNT);
	/* libfuse 3.13 and later, where it could mount by itself. */
	assert_int_equal(READ("--auto-unmount", "--", "/m").request,
			 REQUEST_WATCH);
	assert_true(READ("--auto-unmount", "--", "/m").stays);
}

static void unmounts_are_told_from_mounts(void **state)
{
	const struct arguments rows[] = {
		READ("-u", "/m"),
		READ("-u", "-z", "-q", "--", "/m"),
		READ("-uzq", "/m"),
		READ("/m", "-u"),
		READ("--unmount", "--quiet", "--lazy", "/m"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(rows[i].request, REQUEST_UNMOUNT);
}

static void questions_and_mistakes(void **state)
{
	(void)state;
	assert_int_equal(READ("-V").request, REQUEST_VERSION);
	assert_int_equal(READ("--version").request, REQUEST_VERSION);
	assert_int_equal(READ("-h").request, REQUEST_HELP);
	assert_int_equal(READ("--bogus", "/m").request, REQUEST_WRONG);
	assert_string_equal(READ("--bogus", "/m").wrong, "--bogus");
	assert_int_equal(READ("-x", "/m").request, REQUEST_WRONG);
	assert_int_equal(READ("-o").request, REQUEST_WRONG);
	assert_string_equal(READ("-o").wrong, "-o");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_device_is_opened_by_its_path_to_read_and_write),
		cmocka_unit_test(types_are_those_of_fuse),
		cmocka_unit_test(an_option_is_a_whole_word_of_a_list),
		cmocka_unit_test(a_mount_is_asked_for_in_either_order),
		cmocka_unit_test(auto_unmount_stays),
		cmocka_unit_test(unmounts_are_told_from_mounts),
		cmocka_unit_test(questions_and_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
