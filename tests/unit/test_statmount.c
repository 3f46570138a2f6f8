/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a kernel before 6.8 does not tell is not known, and nothing is gone.
 */
#include "launch/mount/statmount.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "dies.h"

static int open_root(void)
{
	const int root = open("/", O_PATH | O_CLOEXEC);

	assert_return_code(root, errno);
	return root;
}

static void a_mount_that_is_there_is_not_gone(void **state)
{
	const int root = open_root();

	(void)state;
	assert_false(statmount_is_gone(statmount_unique_id(root)));
	close(root);
}

static void a_mount_that_never_was_is_gone(void **state)
{
	const int root = open_root();
	const uint64_t unique = statmount_unique_id(root);

	(void)state;
	assert_int_equal(statmount_is_gone(UINT64_MAX / 2), unique != 0);
	close(root);
}

static void what_is_not_known_is_not_gone(void **state)
{
	(void)state;
	assert_false(statmount_is_gone(0));
	assert_int_equal(statmount_unique_id(-1), 0);
}

static uint64_t need_root_id(void)
{
	const int root = open_root();
	const uint64_t unique = statmount_unique_id(root);

	close(root);
	if (!unique)
		skip();
	return unique;
}

static void a_mount_is_asked_about(void **state)
{
	struct statmount_answer answer;
	struct statfs filesystem;
	struct stat stat_;
	const uint64_t unique = need_root_id();

	(void)state;
	assert_return_code(statfs("/", &filesystem), errno);
	assert_return_code(stat("/", &stat_), errno);
	assert_int_equal(statmount_ask(unique, &answer), 0);
	assert_string_equal(answer.mountpoint, "/");
	assert_int_equal(answer.magic, filesystem.f_type);
	assert_int_not_equal(answer.parent, 0);
	assert_int_equal(statmount_ask(UINT64_MAX / 2, &answer), ENOENT);
}

/* Nothing hides what this process can see at "/". */
static void what_hides_a_mount_is_looked_for(void **state)
{
	(void)state;
	assert_int_equal(statmount_find_cover(need_root_id()), 0);
	assert_int_equal(statmount_find_cover(UINT64_MAX / 2), ENOENT);
}

static void nothing_is_known_of_no_id(void **state)
{
	struct statmount_answer answer;

	(void)state;
	assert_int_equal(statmount_ask(0, &answer), ENOSYS);
	assert_int_equal(statmount_find_cover(0), ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_that_is_there_is_not_gone),
		cmocka_unit_test(a_mount_that_never_was_is_gone),
		cmocka_unit_test(what_is_not_known_is_not_gone),
		cmocka_unit_test(a_mount_is_asked_about),
		cmocka_unit_test(what_hides_a_mount_is_looked_for),
		cmocka_unit_test(nothing_is_known_of_no_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
