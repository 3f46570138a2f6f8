/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/send_options.h"

#include <getopt.h>

#include "dies.h"

#define WORDS 6

static struct send_options parse(const char *const *words)
{
	struct send_options options;
	char *argv[WORDS + 2] = {(char *)(uintptr_t) "fusefd-launch"};
	int argc = 1;

	for (; argc <= WORDS && words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	optind = 0;
	send_options_parse(&options, argc, argv);
	return options;
}

static void options_are_read(void **state)
{
	static const struct {
		const char *words[WORDS];
		bool stay, background, verbose;
		unsigned long ready_timeout;
		const char *payload;
	} rows[] = {
		{{"--send=listen:/a"}, .ready_timeout = 30},
		{{"--send=listen:/a", "--supervise"},
		 .stay = true,
		 .ready_timeout = 30},
		{{"--background", "--send=listen:/a", "--verbose"},
		 .stay = true,
		 .background = true,
		 .verbose = true,
		 .ready_timeout = 30},
		{{"--ready-timeout=0", "--send", "listen:/a", "--payload=--x"},
		 .payload = "--x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = rows[i].words[0];
		const struct send_options options = parse(rows[i].words);

		assert_row(name, options.address.kind == ADDRESS_LISTEN);
		assert_row(name, strcmp(options.address.path, "/a") == 0);
		assert_row(name, options.stay == rows[i].stay);
		assert_row(name, options.background == rows[i].background);
		assert_row(name, options.verbose == rows[i].verbose);
		assert_row(name,
			   options.ready_timeout == rows[i].ready_timeout);
		assert_row(name, !options.payload == !rows[i].payload);
		if (options.payload)
			assert_string_equal(options.payload, rows[i].payload);
	}
}

static void others_are_refused(void **state)
{
	static const struct {
		const char *words[WORDS];
		const char *reason;
	} rows[] = {
		{{NULL}, "option --send is missing"},
		{{"--send=here"}, "is not listen:PATH"},
		{{"--send=fd:1000"}, "fd 1000: it is not open"},
		{{"--send=listen:/a", "/mnt"}, "nothing goes behind"},
		{{"--send=listen:/a", "--ready-timeout=x"}, "of seconds"},
		{{"--send=listen:/a", "--payload="}, "it is of 0 bytes"},
		{{"--send=listen:/a", "--keep-fd=3"}, "wrong options"},
		{{"--send"}, "wrong options"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_dies(125, rows[i].reason, parse(rows[i].words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
