/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/command_template.h"

#include <stdlib.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The words with a bar between them. */
static const char *split(const char *template)
{
	static char text[4096];
	char **words = command_template_split(template);
	char *end = text;

	for (; *words; words++)
		end += sprintf(end, "%s%s", end == text ? "" : "|", *words);
	return text;
}

static void blanks_separate_words(void **state)
{
	static const struct {
		const char *template, *words;
	} rows[] = {
		{"a", "a"},
		{"a b", "a|b"},
		{"  a \t\n b\t", "a|b"},
		{"a 'b c' d", "a|b c|d"},
		{"a'b c'd", "ab cd"},
		{"'a''b'", "ab"},
		{"a '' b", "a||b"},
		{"a ' '", "a| "},
		{"a\\ b", "a b"},
		{"a\\\\b", "a\\b"},
		{"a\\'b c\\'", "a'b|c'"},
		{"'a\\b'", "a\\b"},
		{"'a\\'b", "a\\b"},
		{"\\a", "a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].template,
			   strcmp(split(rows[i].template), rows[i].words) == 0);
}

/* What a shell would make something of. */
static void nothing_else_has_a_meaning(void **state)
{
	static const char *const words[] = {
		"$HOME", "`id`",     "a;b",  "a&b",   "a|b",
		">f",	 "*",	     "~",    "\"a\"", "#a",
		"$(id)", "{source}", "%s%n", "a=b",   "\x1b",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		assert_row(words[i], strcmp(split(words[i]), words[i]) == 0);
}

static void as_many_words_as_fit_are_found(void **state)
{
	char template[] = "a b c d e f g h i";
	char **words = command_template_split(template);

	(void)state;
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(words[i][0], 'a' + i);
	assert_null(words[9]);
	assert_string_equal(template, "a b c d e f g h i");
}

static void what_is_unfinished_is_refused(void **state)
{
	(void)state;
	assert_dies(125, "'command' is empty", split(""));
	assert_dies(125, "'command' is empty", split(" \t"));
	assert_dies(125, "has a single quote that is not closed",
		    split("a 'b"));
	assert_dies(125, "has a single quote that is not closed", split("'"));
	assert_dies(125, "'a b\\x5c' ends with a backslash", split("a b\\"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_separate_words),
		cmocka_unit_test(nothing_else_has_a_meaning),
		cmocka_unit_test(as_many_words_as_fit_are_found),
		cmocka_unit_test(what_is_unfinished_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
