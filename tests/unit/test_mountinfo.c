/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mountinfo.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A line as the kernel writes it, of a mount with that type and source and
 * those options of the superblock. */
#define LINE(end) "36 25 0:31 / /mnt/x rw,nosuid,nodev shared:1 - " end "\n"

/* And of one whose name would be the rest of such a line. */
#define FORGED_NAME "36 25 0:31 / /x\\040-\\040fuse\\040y\\040rw,user_id=300 rw"

static struct mountinfo *open_text(const char *text, size_t length)
{
	static struct mountinfo info;
	static FILE *file;

	if (file)
		fclose(file);
	file = tmpfile();
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fflush(file), 0);
	info = (struct mountinfo){.fd = fileno(file)};
	return &info;
}

/* How many mounts of the owner there are in a file of that text; -1 if they
 * cannot be counted, with errno. */
static long count(const char *text, uid_t owner)
{
	unsigned long counted;

	return mountinfo_count_fuse_of(open_text(text, strlen(text)), owner,
				       &counted)
		       ? (long)counted
		       : -1;
}

/* Among others, too. */
static bool is_fuse_of(const char *line, uid_t owner)
{
	static char text[300000];
	const long alone = count(line, owner);

	snprintf(text, sizeof(text), "%s%s%s",
		 LINE("fuse x rw,user_id=700") LINE("tmpfs x rw"), line,
		 LINE("fuse x rw,user_id=700"));
	assert_int_equal(count(text, owner), alone);
	assert_in_range(alone, 0, 1);
	return alone;
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
		LINE("fuse\\040 x rw,user_id=300"),
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
		LINE("fuse x rw,user_id=3001,user_id=3002"),
		LINE("fuse x "),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_row(lines[i], is_fuse_of(lines[i], 300));
}

/* There may be more mounts than were counted. */
static void what_is_no_line_cannot_be_counted(void **state)
{
	static const char *const texts[] = {
		"\n",
		"x\n",
		" - \n",
		"-\n",
		LINE("fuse x"),
		LINE("fuse x rw,user_id=3001") "\n",
		LINE("fuse x rw,user_id=3001") "x",
		/* No newline at the end of all. */
		"36 25 0:31 / /mnt rw - fuse x rw,user_id=3001",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_row(texts[i], count(texts[i], 300) == -1);
		assert_int_equal(errno, EPROTO);
	}
	assert_int_equal(count("", 300), 0);
}

/* Every beginning of a line, as a read that breaks off would give it. */
static void a_truncated_line_does_no_harm(void **state)
{
	static const char line[] = LINE("fuse x rw,user_id=300,group_id=0");
	static const char first[] = LINE("fuse x rw,user_id=300");
	char text[sizeof(first) + sizeof(line)];

	(void)state;
	for (size_t length = 1; length < sizeof(line) - 1; length++) {
		snprintf(text, sizeof(text), "%s%.*s", first, (int)length,
			 line);
		assert_row(text, count(text, 300) == -1);
	}
	snprintf(text, sizeof(text), "%s%s", first, line);
	assert_int_equal(count(text, 300), 2);
}

/* A line of that type, with options of that length. The caller frees it. */
static char *make_long(const char *type, size_t length, size_t *size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, size);

	assert_non_null(file);
	fputs(LINE("fuse x rw,user_id=300"), file);
	fprintf(file, "36 25 0:31 / /mnt rw - %s x rw,lowerdir=", type);
	for (size_t i = 0; i < length; i++)
		fputc('x', file);
	fputs("\n" LINE("fuse x rw,user_id=300"), file);
	assert_int_equal(fclose(file), 0);
	return text;
}

static bool count_long(const char *type, size_t length, unsigned long *counted)
{
	size_t size;
	char *text = make_long(type, length, &size);
	const bool done =
		mountinfo_count_fuse_of(open_text(text, size), 300, counted);

	free(text);
	return done;
}

/* Around the size of the buffer, and far beyond. */
static void a_long_line_is_passed_over(void **state)
{
	unsigned long counted;

	(void)state;
	for (size_t length = 65400; length < 65700; length++) {
		assert_true(count_long("overlay", length, &counted));
		assert_int_equal(counted, 2);
	}
	for (size_t length = 131000; length < 2000000; length += 65521) {
		assert_true(count_long("overlay", length, &counted));
		assert_int_equal(counted, 2);
	}
}

/* What it says of its owner may lie behind the cut. */
static void a_fuse_mount_with_a_cut_line_is_not_counted(void **state)
{
	unsigned long counted;

	(void)state;
	assert_true(count_long("fuse", 65000, &counted));
	assert_int_equal(counted, 3);
	assert_false(count_long("fuse", 66000, &counted));
	assert_int_equal(errno, EPROTO);
	assert_false(count_long("fuse.x", 200000, &counted));
}

static void a_file_is_read_anew(void **state)
{
	static const char text[] = LINE("fuse x rw,user_id=300");
	struct mountinfo *info = open_text(text, strlen(text));
	struct mount_entry entry;
	unsigned long counted;

	(void)state;
	mountinfo_rewind(info);
	assert_true(mountinfo_next(info, &entry));
	assert_false(mountinfo_next(info, &entry));
	assert_int_equal(info->error, 0);
	assert_true(mountinfo_count_fuse_of(info, 300, &counted));
	assert_int_equal(counted, 1);
}

/* This owner has no mounts on any machine: it is no uid. */
static void the_machines_mounts_are_read(void **state)
{
	struct mountinfo info = MOUNTINFO_CLOSED;
	unsigned long counted;

	(void)state;
	assert_true(mountinfo_count_fuse_of(&info, (uid_t)-1, &counted));
	assert_int_equal(counted, 0);
	close(info.fd);
}

static void mounts_that_cannot_be_read_are_not_counted(void **state)
{
	struct mountinfo closed = MOUNTINFO_CLOSED;
	struct mountinfo directory = {.fd = open("/", O_RDONLY | O_CLOEXEC)};
	struct rlimit limit, none;
	unsigned long counted;

	(void)state;
	assert_return_code(getrlimit(RLIMIT_NOFILE, &limit), errno);
	none = (struct rlimit){.rlim_max = limit.rlim_max};
	assert_return_code(setrlimit(RLIMIT_NOFILE, &none), errno);
	assert_false(mountinfo_count_fuse_of(&closed, 300, &counted));
	assert_int_equal(errno, EMFILE);
	assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), errno);
	assert_return_code(directory.fd, errno);
	assert_false(mountinfo_count_fuse_of(&directory, 300, &counted));
	assert_int_equal(errno, EISDIR);
	close(directory.fd);
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
		cmocka_unit_test(what_is_no_line_cannot_be_counted),
		cmocka_unit_test(a_truncated_line_does_no_harm),
		cmocka_unit_test(a_long_line_is_passed_over),
		cmocka_unit_test(a_fuse_mount_with_a_cut_line_is_not_counted),
		cmocka_unit_test(a_file_is_read_anew),
		cmocka_unit_test(the_machines_mounts_are_read),
		cmocka_unit_test(mounts_that_cannot_be_read_are_not_counted),
		cmocka_unit_test(a_line_is_told_apart),
		cmocka_unit_test(names_are_as_they_are),
		cmocka_unit_test(an_owner_in_doubt_is_none),
		cmocka_unit_test(what_is_no_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
