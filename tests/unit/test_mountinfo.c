/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mountinfo.h"

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

/* ---- One line, all of it -------------------------------------------------- */

static bool parse(struct mount_entry *entry, const char *line)
{
	/* The last one's, which a test may still look at. */
	static char *copy;

	free(copy);
	copy = strdup(line);
	assert_non_null(copy);
	return mountinfo_parse(entry, copy);
}

static void a_line_is_told_apart(void **state)
{
	struct mount_entry entry;

	(void)state;
	assert_true(parse(
		&entry,
		"4294967297 25 0:31 /sub /mnt/x rw,nosuid shared:1 master:2 - "
		"fuse.sshfs user@host: rw,user_id=300,group_id=3001\n"));
	assert_int_equal(entry.id, 4294967297);
	assert_int_equal(entry.parent, 25);
	assert_string_equal(entry.device, "0:31");
	assert_string_equal(entry.root, "/sub");
	assert_string_equal(entry.mountpoint, "/mnt/x");
	assert_string_equal(entry.type, "fuse.sshfs");
	assert_true(entry.fuse);
	assert_true(entry.owned);
	assert_int_equal(entry.owner, 300);
	/* No optional fields, no source, no newline. */
	assert_true(parse(&entry, "1 1 8:1 / / rw - ext4  rw"));
	assert_string_equal(entry.type, "ext4");
	assert_false(entry.fuse);
	assert_false(entry.owned);
}

static void names_are_as_they_are(void **state)
{
	struct mount_entry entry;

	(void)state;
	assert_true(parse(&entry, "3 2 0:31 /a\\134040 "
				  "/\\040-\\040fuse\\040x\\040user_id="
				  "0\\012\\011\\134\\377\\4\\0 "
				  "rw - fuse\\040 y rw,user_id=300\n"));
	assert_string_equal(entry.root, "/a\\040");
	assert_string_equal(entry.mountpoint,
			    "/ - fuse x user_id=0\n\t\\\377\\4\\0");
	/* A type has none, and is compared as it stands. */
	assert_false(entry.fuse);
}

static void an_owner_in_doubt_is_none(void **state)
{
	static const char *const lines[] = {
		LINE("fuse x rw"),
		LINE("fuse x rw,group_id=300"),
		LINE("fuse x rw,user_id="),
		LINE("fuse x rw,user_id=+300"),
		LINE("fuse x rw,user_id=300x"),
		LINE("fuse x rw,user_id=0300"),
		LINE("fuse x rw,user_id=4294967596"),
		LINE("fuse x rw,xuser_id=300"),
		LINE("fuse x rw,user_id=300,user_id=301"),
		LINE("fuse x rw,user_id=x,user_id=300"),
		LINE("fuse user_id=300 rw"),
		LINE("tmpfs x rw,user_id=300"),
	};
	struct mount_entry entry;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_row(lines[i], parse(&entry, lines[i]));
		assert_row(lines[i], !entry.owned);
	}
}

static void what_is_no_line_is_refused(void **state)
{
	static const char line[] = LINE("fuse x rw,user_id=300,group_id=0");
	static const char *const lines[] = {
		"",
		"\n",
		" ",
		"1",
		"1 2 3 4 5 6 7",
		"-",
		" - fuse x rw",
		"x 2 0:31 / / rw - fuse x rw",
		"1 x 0:31 / / rw - fuse x rw",
		"-1 2 0:31 / / rw - fuse x rw",
		"1  2 0:31 / / rw - fuse x rw",
		"18446744073709551616 2 0:31 / / rw - fuse x rw",
		"1 2 0:31 / / rw fuse x rw",
		"1 2 0:31 / / rw - fuse x",
	};
	struct mount_entry entry;
	char beginning[sizeof(line)];

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_row(lines[i], !parse(&entry, lines[i]));
	/* Up to the superblock's options. */
	for (size_t length = 0; length < sizeof(line); length++) {
		memcpy(beginning, line, length);
		beginning[length] = '\0';
		assert_row(beginning,
			   parse(&entry, beginning) ==
				   (strstr(beginning, " x ") != NULL));
	}
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
		cmocka_unit_test(a_line_is_told_apart),
		cmocka_unit_test(names_are_as_they_are),
		cmocka_unit_test(an_owner_in_doubt_is_none),
		cmocka_unit_test(what_is_no_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
