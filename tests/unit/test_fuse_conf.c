/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/fuse_conf.h"

#include <limits.h>
#include <stdlib.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEFAULT	     1000

/* Memory of just its size, so that a read past its end is seen. */
static size_t parse(struct fuse_conf *conf, const char *text, size_t length)
{
	char *copy = malloc(length + 1);
	size_t wrong;

	assert_non_null(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	memset(conf, 0xff, sizeof(*conf));
	wrong = fuse_conf_parse(conf, copy, length);
	free(copy);
	return wrong;
}

static void texts_are_understood(void **state)
{
	static const struct {
		const char *text;
		struct fuse_conf conf;
	} rows[] = {
		{"", {false, true, DEFAULT}},
		{"\n", {false, true, DEFAULT}},
		{"\n\n \t\n", {false, true, DEFAULT}},
		{"# text\n", {false, true, DEFAULT}},
		{"#user_allow_other\n", {false, true, DEFAULT}},
		{"  # mount_max = 1x\n", {false, true, DEFAULT}},
		{"user_allow_other\n", {true, true, DEFAULT}},
		{"user_allow_other", {true, true, DEFAULT}},
		{" \tuser_allow_other \t\n", {true, true, DEFAULT}},
		{"user_allow_other # yes\n", {true, true, DEFAULT}},
		{"user_allow_other#yes\n", {true, true, DEFAULT}},
		{"user_allow_other\r\n", {true, true, DEFAULT}},
		{"user_allow_other\r\nmount_max = 5\r\n", {true, true, 5}},
		{"user_allow_other\nuser_allow_other\n", {true, true, DEFAULT}},
		{"mount_max = 5\n", {false, true, 5}},
		{"mount_max=5", {false, true, 5}},
		{"\tmount_max\t=\t5\t# five\n", {false, true, 5}},
		{"mount_max = 0\n", {false, true, 0}},
		{"mount_max = 1\n", {false, true, 1}},
		{"mount_max = 2147483647\n", {false, true, INT_MAX}},
		{"mount_max = 5\nmount_max = 6\n", {false, true, 6}},
		{"mount_max = -1\nmount_max = 6\n", {false, true, 6}},
		{"#\n\nmount_max = 3 #\n\nuser_allow_other\n#",
		 {true, true, 3}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const text = rows[i].text;
		struct fuse_conf conf;

		assert_row(text, parse(&conf, text, strlen(text)) == 0);
		assert_row(text, conf.user_allow_other ==
					 rows[i].conf.user_allow_other);
		assert_row(text, conf.limited);
		assert_row(text, conf.mount_max == rows[i].conf.mount_max);
	}
}

static void minus_one_is_no_limit(void **state)
{
	static const char *const texts[] = {
		"mount_max = -1\n",
		"mount_max=-1",
		"mount_max = -1 # all\r\n",
		"mount_max = 6\nmount_max = -1\n",
	};
	struct fuse_conf conf;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_row(texts[i],
			   parse(&conf, texts[i], strlen(texts[i])) == 0);
		assert_row(texts[i], !conf.limited);
	}
}

static void lines_that_are_not_understood_are_numbered(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} rows[] = {
		{"bogus", 1},
		{"bogus\n", 1},
		{"#\n\nbogus\n", 3},
		{"user_allow_other\nbogus\nworse\n", 2},
		{"user_allow_other bogus\n", 1},
		{"user_allow_other = 1\n", 1},
		{"user_allow_other=\n", 1},
		{"user_allow_others\n", 1},
		{"USER_ALLOW_OTHER\n", 1},
		{"user_allow_other mount_max = 5\n", 1},
		{"user_allow_\nother\n", 1},
		{"user_allow_other\rmount_max = 5\n", 1},
		{"-1\n", 1},
		{"mount_max\n", 1},
		{"mount_max =\n", 1},
		{"mount_max = # 5\n", 1},
		{"mount_max 5\n", 1},
		{"mount_max = = 5\n", 1},
		{"mount_max == 5\n", 1},
		{"mount_maximum = 5\n", 1},
		{"Mount_Max = 5\n", 1},
		{"mount_max = 1x\n", 1},
		{"mount_max = x\n", 1},
		{"mount_max = 0x5\n", 1},
		{"mount_max = +5\n", 1},
		{"mount_max = - 1\n", 1},
		{"mount_max = -2\n", 1},
		{"mount_max = -0\n", 1},
		{"mount_max = -1x\n", 1},
		{"mount_max = -10\n", 1},
		{"mount_max = 5 6\n", 1},
		{"mount_max = 5.0\n", 1},
		{"mount_max = 2147483648\n", 1},
		{"mount_max = 4294967295\n", 1},
		{"mount_max = 18446744073709551617\n", 1},
		{"mount_max = 99999999999999999999999\n", 1},
		{"mount_max = 5\nmount_max = x\n", 2},
		{"mount_max =\n5\n", 1},
		{"\xef\xbb\xbfuser_allow_other\n", 1},
		{"mount_max\xc2\xa0= 5\n", 1},
		{"%s%n\n", 1},
	};
	struct fuse_conf conf;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].text,
			   parse(&conf, rows[i].text, strlen(rows[i].text)) ==
				   rows[i].line);
}

/* What stands behind a NUL must not be overlooked, nor what stands before it
 * be taken for a line. */
static void nul_bytes_are_not_understood(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
#define TEXT(literal) {literal, sizeof(literal) - 1}
		TEXT("\0"),
		TEXT("user_allow_other\0"),
		TEXT("\0user_allow_other\n"),
		TEXT("user_allow_other\0\nmount_max = 5\n"),
		TEXT("mount_max = 5\0x\n"),
		TEXT("# \0\n"),
#undef TEXT
	};
	struct fuse_conf conf;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(rows[i].text,
			   parse(&conf, rows[i].text, rows[i].length) == 1);
}

static void the_line_of_a_nul_byte_is_numbered(void **state)
{
	static const char text[] = "user_allow_other\nmount_max = 5\0\n";
	static const char later[] = "bogus\nmount_max = 5\0\n";
	struct fuse_conf conf;

	(void)state;
	assert_int_equal(parse(&conf, text, sizeof(text) - 1), 2);
	assert_int_equal(parse(&conf, later, sizeof(later) - 1), 1);
}

static void a_large_text_is_understood(void **state)
{
	static const char word[] = "user_allow_other";
	static char text[65536 + 1];
	const size_t size = sizeof(text) - 1;
	struct fuse_conf conf;

	(void)state;
	memset(text, '\n', size);
	snprintf(text + size - strlen(word), sizeof(word), "%s", word);
	assert_int_equal(parse(&conf, text, size), 0);
	assert_true(conf.user_allow_other);
	text[size - 1] = 'x';
	assert_int_equal(parse(&conf, text, size), size - strlen(word) + 1);
	memset(text, '#', size);
	assert_int_equal(parse(&conf, text, size), 0);
	memset(text, '9', size);
	assert_int_equal(parse(&conf, text, size), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_understood),
		cmocka_unit_test(minus_one_is_no_limit),
		cmocka_unit_test(lines_that_are_not_understood_are_numbered),
		cmocka_unit_test(nul_bytes_are_not_understood),
		cmocka_unit_test(the_line_of_a_nul_byte_is_numbered),
		cmocka_unit_test(a_large_text_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
