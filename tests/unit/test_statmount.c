/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a kernel before 6.8 does not tell is not known, and nothing is gone.
 */
#include "launch/mount/mount_unique.h"

#include <fcntl.h>

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
	assert_false(mount_unique_is_gone(mount_unique_id(root)));
	close(root);
}

static void a_mount_that_never_was_is_gone(void **state)
{
	const int root = open_root();
	const uint64_t unique = mount_unique_id(root);

	(void)state;
	assert_int_equal(mount_unique_is_gone(UINT64_MAX / 2), unique != 0);
	close(root);
}

static void what_is_not_known_is_not_gone(void **state)
{
	(void)state;
	assert_false(mount_unique_is_gone(0));
	assert_int_equal(mount_unique_id(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_that_is_there_is_not_gone),
		cmocka_unit_test(a_mount_that_never_was_is_gone),
		cmocka_unit_test(what_is_not_known_is_not_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
