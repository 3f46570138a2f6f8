/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/placeholders.h"

#include <stdlib.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A mountpoint that has placeholders in its name, as a hostile one may. */
static const struct placeholder_values values = {
	.path = "/dev/fd/3",
	.fd = "3",
	.fds = "3,4,5",
	.mountpoint = "/m {fd}{}%s",
};

static const char *replace(const char *argument)
{
	char *command[] = {"name", (char *)argument, NULL};

	placeholders_replace(command, &values);
	return command[1];
}

static void placeholders_are_replaced_anywhere(void **state)
{
	static const struct {
		const char *argument, *expected;
	} rows[] = {
		{"{}", "/dev/fd/3"},
		{"{fd}", "3"},
		{"{fds}", "3,4,5"},
		{"{mountpoint}", "/m {fd}{}%s"},
		{"a{}b", "a/dev/fd/3b"},
		{"--fd={fd},ro", "--fd=3,ro"},
		{"{fd}{fds}{fd}", "33,4,53"},
		{"{}{}{}", "/dev/fd/3/dev/fd/3/dev/fd/3"},
		{"{mountpoint}{fd}", "/m {fd}{}%s3"},
		{"{{}}", "{/dev/fd/3}"},
		{"{{fd}", "{3"},
		{"{fd{}", "{fd/dev/fd/3"},
		{"{fd}}", "3}"},
		{"%s{fd}%n", "%s3%n"},
		{"\\{fd}", "\\3"},
		{"\xff{fd}\n", "\xff"
			       "3\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].argument, strcmp(replace(rows[i].argument),
						    rows[i].expected) == 0);
}

static void all_else_in_braces_stays(void **state)
{
	static const char *const arguments[] = {
		"",
		"a",
		"{",
		"}",
		"}{",
		"{ }",
		"{fd",
		"fd}",
		"{FD}",
		"{fd }",
		"{ fd}",
		"{fdsx}",
		"{mountpoints}",
		"{x}",
		"{0}",
		"${fd",
		"{{",
		"{\n}",
		"{fd\n}",
		"{mountpoint",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(arguments); i++)
		assert_row(arguments[i],
			   strcmp(replace(arguments[i]), arguments[i]) == 0);
}

static void source_and_options_are_replaced_where_there_are_any(void **state)
{
	char *command[] = {"{source}", "{source}{}", "{options}", "-{options}-",
			   NULL};

	(void)state;
	assert_string_equal(replace("{source}{options}"), "{source}{options}");
	placeholders_replace(command, &(struct placeholder_values){
					      .path = "/dev/fd/3",
					      .source = "{options}{}",
					      .options = "",
				      });
	assert_string_equal(command[0], "{source}");
	assert_string_equal(command[1], "{options}{}/dev/fd/3");
	assert_string_equal(command[2], "");
	assert_string_equal(command[3], "--");
}

static void the_commands_name_stays(void **state)
{
	char *command[] = {"{}", "{fd}", "x", "{mountpoint}", NULL};

	(void)state;
	placeholders_replace(command, &values);
	assert_string_equal(command[0], "{}");
	assert_string_equal(command[1], "3");
	assert_string_equal(command[2], "x");
	assert_string_equal(command[3], values.mountpoint);
	assert_null(command[4]);
}

static void a_command_without_arguments_stays(void **state)
{
	char *command[] = {"{}", NULL, "{}"};

	(void)state;
	placeholders_replace(command, &values);
	assert_string_equal(command[0], "{}");
	assert_null(command[1]);
	assert_string_equal(command[2], "{}");
}

static void a_long_argument_grows(void **state)
{
	static char argument[2 * 50000 + 1];
	const char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(argument) - 1; i++)
		argument[i] = i % 2 == 0 ? '{' : '}';
	text = replace(argument);
	assert_int_equal(strlen(text), 50000 * strlen(values.path));
	assert_memory_equal(text, "/dev/fd/3/dev/fd/3", 18);
}

static bool names_one_fd(const char *argument)
{
	char *command[] = {"name", "first", (char *)argument, "last", NULL};

	return placeholders_name_one_fd(command);
}

static void a_command_that_takes_one_fd_is_known(void **state)
{
	static const char *const one[] = {
		"{}", "{fd}", "a{}", "{fds}{fd}", "{{}}", "--fd={fd},x",
	};
	static const char *const none[] = {
		"", "{", "{fds}", "{mountpoint}", "{ }", "{FD}", "{fd", "fd}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(one); i++)
		assert_row(one[i], names_one_fd(one[i]));
	for (size_t i = 0; i < COUNT(none); i++)
		assert_row(none[i], !names_one_fd(none[i]));
	assert_false(placeholders_name_one_fd((char *[]){"{}", NULL, "{}"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placeholders_are_replaced_anywhere),
		cmocka_unit_test(all_else_in_braces_stays),
		cmocka_unit_test(
			source_and_options_are_replaced_where_there_are_any),
		cmocka_unit_test(the_commands_name_stays),
		cmocka_unit_test(a_command_without_arguments_stays),
		cmocka_unit_test(a_long_argument_grows),
		cmocka_unit_test(a_command_that_takes_one_fd_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
