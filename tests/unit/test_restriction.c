/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/restriction.h"

#include "lib/protocol.h"

#include "dies.h"

#define RO     FUSEFD_KEEPER_RO
#define NOEXEC FUSEFD_KEEPER_NOEXEC

static void words_are_read(void **state)
{
	static const struct {
		const char *line;
		uint32_t attributes;
	} rows[] = {
		{"FUSEFD_RESTRICT=ro", RO},
		{"FUSEFD_RESTRICT=noexec", NOEXEC},
		{"FUSEFD_RESTRICT=ro,noexec", RO | NOEXEC},
		{"FUSEFD_RESTRICT=noexec,ro", RO | NOEXEC},
		{"FUSEFD_RESTRICT=ro,ro", RO},
		{"FUSEFD_RESTRICT=,,ro,", RO},
		{"FUSEFD_RESTRICT=new,ro", RO},
		{"FUSEFD_RESTRICT=", 0},
		{"FUSEFD_RESTRICT=,", 0},
		{"FUSEFD_RESTRICT=r,o", 0},
		{"FUSEFD_RESTRICT=rox", 0},
		{"FUSEFD_RESTRICT=ro=1", 0},
		{"FUSEFD_RESTRICT= ro", 0},
		{"FUSEFD_RESTRICT=RO", 0},
		{"FUSEFD_RESTRICT=rw", 0},
		{"FUSEFD_RESTRICT=suid,dev,exec", 0},
		{"FUSEFD_RESTRICT", 0},
		{"FUSEFD_RESTRIC", 0},
		{"XFUSEFD_RESTRICT=ro", 0},
		{"READY=1", 0},
		{"ro", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_row(rows[i].line, restriction_parse(rows[i].line) ==
						 rows[i].attributes);
}

/* As a receiver writes what it has read. */
static void words_are_written_as_they_are_read(void **state)
{
	static const uint32_t rows[] = {0, RO, NOEXEC, RO | NOEXEC};
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "FUSEFD_RESTRICT=%s",
			 restriction_words(rows[i]));
		assert_row(line, restriction_parse(line) == rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read),
		cmocka_unit_test(words_are_written_as_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
