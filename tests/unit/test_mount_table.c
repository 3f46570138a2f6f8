/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount_table.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the kernel could write of a machine where /data/homes is seen in /home
 * as well, and alice's mount with it. */
static const char *const lines[] = {
	"1 1 0:2 / / rw - rootfs rootfs rw",
	"20 1 8:1 / / rw - ext4 /dev/sda1 rw",
	"21 20 8:2 / /data rw shared:1 - ext4 /dev/sda2 rw",
	"22 20 8:2 /homes /home rw shared:1 - ext4 /dev/sda2 rw",
	"30 22 0:50 / /home/alice/mnt rw - fuse x rw,user_id=300",
	"31 21 0:50 / /data/homes/alice/mnt rw - fuse x rw,user_id=300",
	/* A bind mount by root, and one that hides it. */
	"32 20 0:50 / /srv/share rw - fuse x rw,user_id=300",
	"33 32 0:60 / /srv/share rw - tmpfs x rw",
	/* In alice's mount, and in that. */
	"40 30 0:51 / /home/alice/mnt/a rw - fuse y rw,user_id=300",
	"41 40 0:52 / /home/alice/mnt/a/b rw - tmpfs z rw",
	/* A name that only begins like hers. */
	"42 22 0:53 / /home/alice/mnt2 rw - fuse z rw,user_id=300",
	/* Whose parent is not to be seen; and two that are each other's. */
	"50 49 0:54 / /odd rw - fuse z rw,user_id=300",
	"60 61 0:55 / /loop rw - fuse z rw,user_id=300",
	"61 60 0:56 / /loop/x rw - fuse z rw,user_id=300",
};

static struct mount_table table;

static int set_up(void **state)
{
	(void)state;
	table.entries = calloc(COUNT(lines), sizeof(*table.entries));
	if (!table.entries)
		return -1;
	for (; table.count < COUNT(lines); table.count++)
		if (!mountinfo_parse(&table.entries[table.count],
				     strdup(lines[table.count])))
			return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mount_table_free(&table);
	return 0;
}

static const struct mount_entry *find(uint64_t id)
{
	const struct mount_entry *mount = mount_table_find(&table, id);

	assert_non_null(mount);
	return mount;
}

static uint64_t id_of(const struct mount_entry *mount)
{
	return mount ? mount->id : 0;
}

static void a_mount_is_found_by_its_id(void **state)
{
	(void)state;
	assert_string_equal(find(42)->mountpoint, "/home/alice/mnt2");
	assert_null(mount_table_find(&table, 4));
	assert_null(mount_table_find(&table, 0));
}

static size_t count_inner(uint64_t id)
{
	const struct mount_entry *inner = NULL;
	size_t count = 0;

	while ((inner = mount_table_find_inner(&table, find(id), inner)))
		count++;
	return count;
}

static void what_lies_in_a_mount_is_found(void **state)
{
	const struct mount_entry *inner;

	(void)state;
	inner = mount_table_find_inner(&table, find(30), NULL);
	assert_int_equal(id_of(inner), 40);
	inner = mount_table_find_inner(&table, find(30), inner);
	assert_int_equal(id_of(inner), 41);
	assert_null(mount_table_find_inner(&table, find(30), inner));
	assert_int_equal(count_inner(31), 0);
	assert_int_equal(count_inner(42), 0);
	assert_int_equal(count_inner(22), 4);
	/* All but those that are in nothing. */
	assert_int_equal(count_inner(1), COUNT(lines) - 4);
}

static void what_is_copied_is_found(void **state)
{
	(void)state;
	assert_int_equal(id_of(mount_table_find_original(&table, find(32))),
			 30);
	assert_int_equal(id_of(mount_table_find_original(&table, find(30))), 0);
	/* The same place, by way of a shared mount. */
	assert_int_equal(id_of(mount_table_find_original(&table, find(31))), 0);
	assert_int_equal(id_of(mount_table_find_original(&table, find(42))), 0);
	assert_int_equal(id_of(mount_table_find_original(&table, find(50))), 0);
}

static void a_failure_to_read_is_told(void **state)
{
	struct rlimit limit, none;
	struct mount_table machines;

	(void)state;
	assert_return_code(getrlimit(RLIMIT_NOFILE, &limit), errno);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_return_code(setrlimit(RLIMIT_NOFILE, &none), errno);
	assert_false(mount_table_read(&machines));
	assert_int_equal(errno, EMFILE);
	assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), errno);
}

static void the_machines_mounts_are_read(void **state)
{
	struct mount_table machines;

	(void)state;
	assert_true(mount_table_read(&machines));
	assert_true(machines.count > 0);
	for (size_t i = 0; i < machines.count; i++)
		assert_ptr_equal(
			mount_table_find(&machines, machines.entries[i].id),
			&machines.entries[i]);
	mount_table_free(&machines);
	assert_int_equal(machines.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_is_found_by_its_id),
		cmocka_unit_test(what_lies_in_a_mount_is_found),
		cmocka_unit_test(what_is_copied_is_found),
		/* Before the other, since the file stays open. */
		cmocka_unit_test(a_failure_to_read_is_told),
		cmocka_unit_test(the_machines_mounts_are_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
