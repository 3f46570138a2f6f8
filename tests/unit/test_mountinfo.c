/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountinfo.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A line as the kernel writes it, of a mount with that type and source and
 * those options of the superblock. */
#define LINE(end) "36 25 0:31 / /mnt/x rw,nosuid,nodev shared:1 - " end "\n"

/* And of one whose name would be the rest of such a line. */
#define FORGED_NAME "36 25 0:31 / /x\\040-\\040fuse\\040y\\040rw,user_id=300 rw"

/* Memory of just its size, so that a read past its end is seen. */
static bool is_fuse_of(const char *line, uid_t owner)
{
	char *copy = strdup(line);
	bool result;

	assert_non_null(copy);
	result = mountinfo_is_fuse_of(copy, owner);
	free(copy);
	return result;
}

static void fuse_mounts_of_the_owner_count(void **state)
{
	static const char *const lines[] = {
		LINE("fuse x rw,user_id=300,group_id=300"),
		LINE("fuse.sshfs user@host: rw,user_id=300,group_id=0"),
		LINE("fuse.a.b x rw,user_id=300,group_id=0"),
		LINE("fuse. x rw,user_id=300,group_id=0"),
		LINE("fuseblk /dev/loop0 rw,user_id=300,group_id=0"),
		LINE("fuseblk.ntfs-3g /dev/sdb1 rw,user_id=300,group_id=0"),
		/* SELinux's options stand before. */
		LINE("fuse x ro,seclabel,user_id=300,group_id=0"),
		LINE("fuse x rw,user_id=300"),
		LINE("fuse x user_id=300,rw"),
		/* A source that is empty, and some that would be more. */
		LINE("fuse  rw,user_id=300,group_id=0"),
		LINE("fuse user_id=3001,x rw,user_id=300,group_id=0"),
		LINE("fuse a\\040-\\040tmpfs rw,user_id=300,group_id=0"),
		/* Without optional fields, with many, and names like ours. */
		"36 25 0:31 / /mnt rw - fuse x rw,user_id=300\n",
		"36 25 0:31 / / rw shared:1 master:2 - fuse x rw,user_id=300\n",
		"36 25 0:31 / / rw unbindable x:3 - fuse x rw,user_id=300\n",
		"36 25 0:31 / /a\\040-\\040tmpfs rw - fuse x rw,user_id=300\n",
		"36 25 0:31 /a-b /- rw - fuse x rw,user_id=300\n",
		"36 25 0:31 / /mnt//deleted rw - fuse x rw,user_id=300\n",
		/* No newline at the end of all. */
		"36 25 0:31 / /mnt rw - fuse x rw,user_id=300",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_row(lines[i], is_fuse_of(lines[i], 300));
		assert_row(lines[i], !is_fuse_of(lines[i], 0));
		assert_row(lines[i], !is_fuse_of(lines[i], 30));
		assert_row(lines[i], !is_fuse_of(lines[i], 3001));
	}
}

static void mounts_of_others_do_not_count(void **state)
{
	static const char *const lines[] = {
		LINE("fuse x rw,user_id=3001,group_id=300"),
		LINE("fuse x rw,user_id=30,group_id=300"),
		LINE("fuse x rw,user_id=1300,group_id=300"),
		LINE("fuse x rw,user_id=0,group_id=300"),
		LINE("fuse x rw,user_id=0,fsname=user_id=300"),
		/* In the source, the names and the mount's own options. */
		LINE("fuse user_id=300 rw,user_id=0,group_id=0"),
		LINE("fuse rw,user_id=300 rw,user_id=0,group_id=0"),
		"36 25 0:31 / /user_id=300 rw - fuse x rw,user_id=0\n",
		"36 25 0:31 / /mnt rw,user_id=300 - fuse x rw,user_id=0\n",
		FORGED_NAME " - fuse x rw,user_id=0\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_row(lines[i], !is_fuse_of(lines[i], 300));
}

static void what_is_not_fuse_does_not_count(void **state)
{
	static const char *const lines[] = {
		LINE("fusectl fusectl rw,user_id=300"),
		LINE("fuseblkx x rw,user_id=300"),
		LINE("fusefs x rw,user_id=300"),
		LINE("fus x rw,user_id=300"),
		LINE("xfuse x rw,user_id=300"),
		LINE("FUSE x rw,user_id=300"),
		LINE("virtiofs x rw,user_id=300"),
		LINE("tmpfs fuse rw,user_id=300"),
		LINE("tmpfs x\\040-\\040fuse rw,user_id=300"),
		LINE(" fuse x rw,user_id=300"),
		FORGED_NAME " - tmpfs x rw\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_row(lines[i], !is_fuse_of(lines[i], 300));
}

static void the_largest_uid_counts(void **state)
{
	(void)state;
	assert_true(
		is_fuse_of(LINE("fuse x rw,user_id=4294967294"), 4294967294U));
	assert_false(is_fuse_of(LINE("fuse x rw,user_id=4294967294"), 0));
	assert_true(is_fuse_of(LINE("fuse x rw,user_id=0"), 0));
}

/* The kernel writes no such lines; if one did come, a user must not get more
 * mounts by it. */
static void a_fuse_mount_of_nobody_known_counts(void **state)
{
	static const char *const lines[] = {
		LINE("fuse x rw,user_id=+300,group_id=0"),
		LINE("fuse x rw,user_id=300x,group_id=0"),
		LINE("fuse x rw,user_id= 300,group_id=0"),
		LINE("fuse x rw,user_id=,group_id=300"),
		LINE("fuse x rw,user_id=-300,group_id=0"),
		/* 300 after an overflow of 32 bits. */
		LINE("fuse x rw,user_id=4294967596,group_id=0"),
		LINE("fuse x rw,group_id=300"),
		LINE("fuse x rw,xuser_id=300,group_id=0"),
		LINE("fuse x"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_row(lines[i], is_fuse_of(lines[i], 300));
}

/* Every beginning of a line, as a read that breaks off would give it. */
static void a_truncated_line_does_no_harm(void **state)
{
	static const char line[] = LINE("fuse x rw,user_id=300,group_id=0");
	const size_t type =
		(size_t)(strstr(line, " - fuse") + strlen(" - fuse") - line);
	char beginning[sizeof(line)];

	(void)state;
	for (size_t length = 0; length < sizeof(line); length++) {
		const bool cut_in_number =
			strstr(line, "=3") + strlen("=3") - line <=
				(ptrdiff_t)length &&
			length < (size_t)(strstr(line, "=300") +
					  strlen("=300") - line);

		memcpy(beginning, line, length);
		beginning[length] = '\0';
		assert_row(beginning,
			   is_fuse_of(beginning, 300) ==
				   (length >= type && !cut_in_number));
	}
	assert_false(is_fuse_of(" - ", 300));
	assert_false(is_fuse_of(" - \n", 300));
	assert_false(is_fuse_of("-", 300));
}

static void a_long_line_is_read_to_its_end(void **state)
{
	static char line[200000];
	int length;

	(void)state;
	memset(line, 'x', sizeof(line));
	length = snprintf(line, 100, "36 25 0:31 / /");
	line[length] = 'x';
	length = snprintf(line + 100000, 100, " rw - fuse ");
	line[100000 + length] = 'x';
	snprintf(line + sizeof(line) - 100, 100, " rw,user_id=300\n");
	assert_true(is_fuse_of(line, 300));
	assert_false(is_fuse_of(line, 0));
}

/* This owner has no mounts on any machine: it is no uid. */
static void the_machines_mounts_are_read(void **state)
{
	(void)state;
	assert_int_equal(mountinfo_count_fuse_of((uid_t)-1), 0);
}

static void count_without_fds(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_NOFILE, &none) == 0)
		mountinfo_count_fuse_of(300);
}

static void mounts_that_cannot_be_counted_are_fatal(void **state)
{
	(void)state;
	assert_dies(125,
		    "cannot count your mounts: '/proc/self/mountinfo': "
		    "Too many open files\n",
		    count_without_fds());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fuse_mounts_of_the_owner_count),
		cmocka_unit_test(mounts_of_others_do_not_count),
		cmocka_unit_test(what_is_not_fuse_does_not_count),
		cmocka_unit_test(the_largest_uid_counts),
		cmocka_unit_test(a_fuse_mount_of_nobody_known_counts),
		cmocka_unit_test(a_truncated_line_does_no_harm),
		cmocka_unit_test(a_long_line_is_read_to_its_end),
		cmocka_unit_test(the_machines_mounts_are_read),
		cmocka_unit_test(mounts_that_cannot_be_counted_are_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
