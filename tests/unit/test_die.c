/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/die.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "dies.h"

/* What say() writes, by a child that survives it. */
#define assert_says(expected, call)                                            \
	do {                                                                   \
		const struct child child_ = child_start(STDERR_FILENO);        \
		if (child_.pid == 0) {                                         \
			call;                                                  \
			_exit(SURVIVED);                                       \
		}                                                              \
		const struct ending ending_ = child_end(&child_);              \
		assert_int_equal(ending_.status, SURVIVED);                    \
		assert_string_equal(ending_.said, expected);                   \
	} while (0)

static void names_are_quoted(void **state)
{
	static const struct {
		const char *name, *quoted;
	} rows[] = {
		{"", "''"},
		{"/mnt/x", "'/mnt/x'"},
		{" a  b ", "' a  b '"},
		{"~!@#$%^&*()", "'~!@#$%^&*()'"},
		{"%s%n%x", "'%s%n%x'"},
		{"\033[31mred", "'\\x1b[31mred'"},
		{"a\nb\r\tc", "'a\\x0ab\\x0d\\x09c'"},
		{"\x01\x1f\x7f", "'\\x01\\x1f\\x7f'"},
		/* The terminal's 8-bit CSI; a letter in UTF-8. */
		{"\x9b"
		 "31m",
		 "'\\x9b31m'"},
		{"\xc3\xa4\xff", "'\\xc3\\xa4\\xff'"},
		/* Lest it be taken for the quoting of another byte. */
		{"a\\x0ab", "'a\\x5cx0ab'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(quoted(rows[i].name), rows[i].quoted);
}

static bool is_hex_digit(char byte)
{
	return byte && strchr("0123456789abcdef", byte);
}

/* Reads what quoted() wrote: byte is set to what stands at text; the result is
 * what follows it. */
static const char *unquote(const char *text, unsigned char *byte)
{
	if (*text != '\\') {
		*byte = (unsigned char)*text;
		return text + 1;
	}
	assert_int_equal(text[1], 'x');
	assert_true(is_hex_digit(text[2]) && is_hex_digit(text[3]));
	*byte = (unsigned char)strtoul((const char[]){text[2], text[3], 0},
				       NULL, 16);
	return text + 4;
}

static void every_byte_is_quoted_so_that_it_can_be_told(void **state)
{
	char name[256] = "";
	const char *text;
	unsigned char byte;

	(void)state;
	for (int i = 1; i < 256; i++)
		name[i - 1] = (char)i;
	text = quoted(name);
	for (const char *end = text; *end; end++)
		assert_in_range(*end, ' ', '~');
	assert_int_equal(*text++, '\'');
	for (int i = 1; i < 256; i++) {
		text = unquote(text, &byte);
		assert_int_equal(byte, i);
	}
	assert_string_equal(text, "'");
}

static void a_long_name_is_quoted(void **state)
{
	static char name[100001];
	const char *text;

	(void)state;
	memset(name, '\n', sizeof(name) - 1);
	text = quoted(name);
	assert_memory_equal(text, "'\\x0a", 5);
	assert_string_equal(text + strlen(text) - 1, "'");
}

static void a_message_has_prefix_and_newline(void **state)
{
	(void)state;
	assert_says("fusefd-launch: 7 of 'x'\n",
		    say("%d of %s", 7, quoted("x")));
	assert_says("fusefd-launch: a\nb\n", say("a\nb"));
	assert_says("fusefd-launch: told\n", say_if(true, "%s", "told"));
	assert_says("", say_if(false, "%s", "told"));
}

static void death_has_its_status(void **state)
{
	(void)state;
	assert_dies(125, "fusefd-launch: no 3\n", die("no %d", 3));
	assert_dies(125, "fusefd-launch: no\n", die_with(EXIT_LAUNCHER, "no"));
	assert_dies(126, "fusefd-launch: not 'x'\n",
		    die_with(EXIT_NOT_STARTED, "not '%s'", "x"));
	assert_dies(127, "fusefd-launch: no 'x'\n",
		    die_with(EXIT_NOT_FOUND, "no '%s'", "x"));
	assert_dies(125, "fusefd-launch: out of memory\n", need_memory(NULL));
}

static noreturn void die_as_helper(enum mount_status status, const char *text)
{
	die_as_mount_helper();
	if (status != MOUNT_USAGE)
		die_means(status);
	die_with(EXIT_NOT_FOUND, "%s", text);
}

static noreturn void die_of_memory_as_helper(void)
{
	die_as_mount_helper();
	(void)need_memory(NULL);
	_exit(SURVIVED);
}

static void a_mount_helper_dies_in_mounts_own_numbers(void **state)
{
	(void)state;
	die_means(MOUNT_FAILED);
	assert_dies(125, "no\n", die("no"));
	expected_prefix = "mount.fusefd: ";
	assert_dies(1, "no\n", die_as_helper(MOUNT_USAGE, "no"));
	assert_dies(2, "no\n", die_as_helper(MOUNT_SYSTEM, "no"));
	assert_dies(32, "no\n", die_as_helper(MOUNT_FAILED, "no"));
	assert_dies(2, "out of memory\n", die_of_memory_as_helper());
	expected_prefix = "fusefd-launch: ";
}

static noreturn void die_under(const char *argv0)
{
	(void)die_by_name(argv0);
	die("no");
}

static void its_name_says_whether_it_is_a_mount_helper(void **state)
{
	static const char *const names[] = {
		"mount.fusefd",		 "/sbin/mount.fusefd", "./mount.fusefd",
		"/x/mount.fusefd.sshfs", "mount.fusefd.",
	};
	static const char *const others[] = {
		"",
		"/",
		"fusefd-launch",
		"/sbin/mount.fusefdx",
		"mount.fuse",
		"/mount.fusefd/x",
		"xmount.fusefd",
		"mount.fusefd-sshfs",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_row(others[i], !die_by_name(others[i]));
		assert_dies(125, "no\n", die_under(others[i]));
	}
	expected_prefix = "mount.fusefd: ";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_dies(1, "no\n", die_under(names[i]));
	expected_prefix = "fusefd-launch: ";
}

static void memory_that_is_there_is_handed_on(void **state)
{
	(void)state;
	assert_ptr_equal(need_memory(state), state);
}

/* The room ends in the middle of the name, and the message must not. */
static void a_message_that_is_too_long_ends_with_a_newline(void **state)
{
	static char name[100001];

	(void)state;
	for (size_t length = 8100; length < 8300; length++) {
		memset(name, 'x', length);
		assert_dies(125, "xxx", die("cannot mount on '%s'", name));
	}
	memset(name, 'x', sizeof(name) - 1);
	assert_dies(125, "xxx", die("cannot mount on '%s'", name));
}

/* A reason that the room does not reach is a reason that nobody reads. */
static void a_long_name_leaves_room_for_the_reason(void **state)
{
	static char name[100001];

	(void)state;
	memset(name, '\n', sizeof(name) - 1);
	assert_dies(125, ": it is not yours\n",
		    die("cannot mount on %s: it is not yours", quoted(name)));
}

static noreturn void die_without_stderr(void)
{
	close(STDERR_FILENO);
	die("nobody hears this");
}

static noreturn void die_with_full_stderr(void)
{
	dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	die("nobody hears this");
}

static void death_needs_no_stderr(void **state)
{
	(void)state;
	assert_exits(125, "", die_without_stderr());
	assert_exits(125, "", die_with_full_stderr());
}

static void leave_a_mark(void)
{
	if (write(STDERR_FILENO, "handler", 7) != 7)
		_exit(1);
}

static noreturn void die_with_exit_handler(void)
{
	if (atexit(leave_a_mark))
		_exit(1);
	die("here");
}

/* That the handler's mark is missing shows in the number of writes. */
static void death_runs_no_exit_handler(void **state)
{
	(void)state;
	assert_dies(125, "here\n", die_with_exit_handler());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_quoted),
		cmocka_unit_test(every_byte_is_quoted_so_that_it_can_be_told),
		cmocka_unit_test(a_long_name_is_quoted),
		cmocka_unit_test(a_message_has_prefix_and_newline),
		cmocka_unit_test(death_has_its_status),
		cmocka_unit_test(a_mount_helper_dies_in_mounts_own_numbers),
		cmocka_unit_test(its_name_says_whether_it_is_a_mount_helper),
		cmocka_unit_test(memory_that_is_there_is_handed_on),
		cmocka_unit_test(
			a_message_that_is_too_long_ends_with_a_newline),
		cmocka_unit_test(a_long_name_leaves_room_for_the_reason),
		cmocka_unit_test(death_needs_no_stderr),
		cmocka_unit_test(death_runs_no_exit_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
