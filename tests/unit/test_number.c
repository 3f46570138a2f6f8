/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/number.h"

#include <limits.h>
#include <stdint.h>

#include "dies.h"

/* ULONG_MAX, and the one that follows it. */
#define LARGEST	  "18446744073709551615"
#define TOO_LARGE "18446744073709551616"

static void numbers_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned long max, number;
	} rows[] = {
		{"0", 0, 0},
		{"0", 253, 0},
		{"1", 1, 1},
		{"9", 9, 9},
		{"10", 10, 10},
		{"253", 253, 253},
		{"2147483647", INT_MAX, INT_MAX},
		{"4294967295", UINT32_MAX, UINT32_MAX},
		{LARGEST, ULONG_MAX, ULONG_MAX},
	};

	(void)state;
	_Static_assert(ULONG_MAX == UINT64_MAX, "LARGEST is of 64 bits");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned long number = 12345;

		assert_row(rows[i].text,
			   number_parse(rows[i].text, rows[i].max, &number));
		assert_row(rows[i].text, number == rows[i].number);
	}
}

static void numbers_out_of_range_are_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned long max;
	} rows[] = {
		{"1", 0},
		{"2", 1},
		{"9", 5},
		{"10", 9},
		{"11", 10},
		{"254", 253},
		{"260", 253},
		{"1000", 253},
		{"2147483648", INT_MAX},
		{"4294967296", UINT32_MAX},
		{"12345678901234567890", INT_MAX},
		{"99999999999999999999", ULONG_MAX},
		{TOO_LARGE, ULONG_MAX},
		{TOO_LARGE "0", ULONG_MAX},
		{LARGEST "0", ULONG_MAX},
		/* What would be 1 after an overflow of 64 bits. */
		{"18446744073709551617", 253},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned long number;

		assert_row(rows[i].text,
			   !number_parse(rows[i].text, rows[i].max, &number));
	}
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"-1",
		"-0",
		"+1",
		"+",
		"-",
		" 1",
		"1 ",
		" ",
		"1x",
		"x1",
		"x",
		"1,2",
		"1.0",
		"0x1",
		"1e1",
		"1_0",
		"1\n",
		"\n1",
		"1\t",
		"\t1",
		"1\r",
		"1/",
		"1:",
		"/",
		":",
		/* Digits, but not those of ASCII; and bytes past 127. */
		"\xd9\xa1",
		"1\xb1",
		"\xff",
		"\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unsigned long number;

		assert_row(texts[i],
			   !number_parse(texts[i], ULONG_MAX, &number));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(what_is_no_number_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
