/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "help/help.h"

#include "dies.h"
#include "launch/option_table.h"

static const struct help_row *find_row(int number)
{
	const struct help_row *row = help_rows;

	while (row->number && row->number != number)
		row++;
	return row;
}

/* Each option is either shown or said to be hidden, and nothing else is. */
static void every_option_is_shown_or_hidden(void **state)
{
	const char *help = help_text();
	int left_over = 0;

	(void)state;
	for (const struct option_row *row = option_table; row->name; row++) {
		const struct help_row *help_row = find_row(row->number);
		char name[64];

		snprintf(name, sizeof(name), " --%s%s", row->name,
			 row->value ? "=" : " ");
		assert_row(row->name, help_row->number);
		assert_row(row->name, !help_row->text == !strstr(help, name));
		left_over--;
	}
	for (const struct help_row *row = help_rows; row->number; row++)
		left_over++;
	assert_int_equal(left_over, 0);
}

static void what_an_option_does_has_a_column_of_its_own(void **state)
{
	static const char *const lines[] = {
		"Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND ",
		"\n  -n, --fds=N|auto      device fds in all, 1 to 253 "
		"(default: "
		"auto, one per CPU,\n"
		"                        at most 8; 1 where COMMAND takes {} "
		"or "
		"{fd})\n",
		"\n  -u, --user=USER[:GROUP]\n"
		"                        run COMMAND as that user (root "
		"only)\n",
		"\n      --receive=ADDRESS serve, without privilege, ",
		"\n      --literal         replace no placeholders\n",
		"\n  -V, --version         show the version\n\nIn COMMAND's",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_row(lines[i], strstr(help_text(), lines[i]));
}

static void the_version_is_a_line(void **state)
{
	(void)state;
	assert_string_equal(help_version, "fusefd-launch " VERSION "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_shown_or_hidden),
		cmocka_unit_test(what_an_option_does_has_a_column_of_its_own),
		cmocka_unit_test(the_version_is_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
