/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/address.h"

#include <limits.h>
#include <stdlib.h>

#include "dies.h"

static struct address parse(const char *text)
{
	struct address address;

	memset(&address, 0xff, sizeof(address));
	address_parse(&address, "--send", text);
	return address;
}

static void paths_are_read(void **state)
{
	static const struct {
		const char *text, *path, *name;
		enum address_kind kind;
	} rows[] = {
		{"listen:/run/a.sock", "/run/a.sock", "a.sock", ADDRESS_LISTEN},
		{"connect:/run/a.sock", "/run/a.sock", "a.sock",
		 ADDRESS_CONNECT},
		{"listen:a", "a", "a", ADDRESS_LISTEN},
		{"listen:./a", "./a", "a", ADDRESS_LISTEN},
		{"listen:/a", "/a", "a", ADDRESS_LISTEN},
		{"connect:fd:3", "fd:3", "fd:3", ADDRESS_CONNECT},
		{"listen:connect:a", "connect:a", "connect:a", ADDRESS_LISTEN},
		{"connect:@a", "@a", "@a", ADDRESS_CONNECT},
		{"connect: a", " a", " a", ADDRESS_CONNECT},
		{"listen:..a", "..a", "..a", ADDRESS_LISTEN},
		{"listen:/.../...", "/.../...", "...", ADDRESS_LISTEN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct address address = parse(rows[i].text);

		assert_row(rows[i].text, address.kind == rows[i].kind);
		assert_row(rows[i].text,
			   strcmp(address.path, rows[i].path) == 0);
		assert_row(rows[i].text,
			   strcmp(address_name(&address), rows[i].name) == 0);
		assert_row(rows[i].text, address.text == rows[i].text);
		assert_row(rows[i].text, address.fd == -1);
	}
}

static void fds_are_read(void **state)
{
	static const struct {
		const char *text;
		int fd;
	} rows[] = {
		{"fd:0", 0},
		{"fd:3", 3},
		{"fd:2147483647", INT_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct address address = parse(rows[i].text);

		assert_row(rows[i].text, address.kind == ADDRESS_FD);
		assert_row(rows[i].text, address.fd == rows[i].fd);
		assert_row(rows[i].text, address.path == NULL);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"/run/a.sock",
		"listen",
		"listen/a",
		"fd:",
		"fd:-1",
		"fd:03",
		"fd: 3",
		"fd:3 ",
		"fd:x",
		"fd:3x",
		"fd:0x3",
		"fd:2147483648",
		"fd:18446744073709551619",
		"LISTEN:a",
		" listen:a",
		"tcp:a",
		"unix:/a",
		":a",
		"listen\n:a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_dies(125, "is not listen:PATH, connect:PATH or fd:N",
			    parse(texts[i]));
}

static void what_names_no_socket_is_refused(void **state)
{
	static const char *const texts[] = {
		"listen:",	"connect:",	   "listen:/",
		"listen:/run/", "listen:.",	   "listen:..",
		"connect:/.",	"connect:/run/..", "listen:a/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_dies(125, "does not name a socket", parse(texts[i]));
}

/* "listen:" and so many letters, with a directory before them. */
static char *long_address(size_t directory, size_t name)
{
	char letters[2][PATH_MAX] = {{0}, {0}}, *text;

	memset(letters[0], 'd', directory);
	memset(letters[1], 'n', name);
	assert_true(asprintf(&text, "listen:%s/%s", letters[0], letters[1]) >
		    0);
	return text;
}

static void a_name_fits_a_sockets_address(void **state)
{
	char *longest = long_address(PATH_MAX - 82, 80);
	char *long_name = long_address(1, 81);
	char *long_path = long_address(PATH_MAX - 81, 80);

	(void)state;
	assert_int_equal(parse(longest).kind, ADDRESS_LISTEN);
	assert_dies(125, "is too long", parse(long_name));
	assert_dies(125, "is too long", parse(long_path));
	free(longest);
	free(long_name);
	free(long_path);
}

static void the_option_is_named_and_the_address_quoted(void **state)
{
	struct address address;

	(void)state;
	assert_dies(125, "option --receive: 'x\\x1b\\x0a' is not",
		    address_parse(&address, "--receive", "x\033\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_read),
		cmocka_unit_test(fds_are_read),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(what_names_no_socket_is_refused),
		cmocka_unit_test(a_name_fits_a_sockets_address),
		cmocka_unit_test(the_option_is_named_and_the_address_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
