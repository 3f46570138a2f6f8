/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/receiver_answer.h"

#include "dies.h"
#include "protocol.h"

static struct receiver_answer parse_in(const char *text, size_t piece)
{
	const size_t length = strlen(text);
	struct receiver_answer answer;

	receiver_answer_init(&answer);
	for (size_t i = 0; i < length; i += piece)
		receiver_answer_parse(&answer, text + i,
				      i + piece < length ? piece : length - i);
	return answer;
}

static void answers_are_read(void **state)
{
	static const struct {
		const char *text;
		bool spoken, ready;
		int error;
		const char *reason;
		int exit_status;
		bool stopping;
	} rows[] = {
		{"", false, false, 0, "", -1, false},
		{"FUSEFD_PROTOCOL=1\n", true, false, 0, "", -1, false},
		{"READY=1\n", false, true, 0, "", -1, false},
		{"FUSEFD_PROTOCOL=1\nREADY=1\n", true, true, 0, "", -1, false},
		{"ERRNO=5\nSTATUS=no way\n", false, false, 5, "no way", -1,
		 false},
		{"STATUS=no way\nERRNO=5\n", false, false, 5, "no way", -1,
		 false},
		{"ERRNO=4095\n", false, false, 4095, "", -1, false},
		{"STATUS=a=b\n", false, false, 0, "a=b", -1, false},
		{"EXIT_STATUS=0\n", false, false, 0, "", 0, false},
		{"EXIT_STATUS=255\n", false, false, 0, "", 255, false},
		{"STOPPING=1\n", false, false, 0, "", -1, true},
		{"READY=1\nSTOPPING=1\n", false, true, 0, "", -1, true},
		{"STOPPING=1\nREADY=1\n", false, true, 0, "", -1, false},
		{"READY=1\nSTOPPING=1\nREADY=1\n", false, true, 0, "", -1,
		 true},
		{"\n\nX=1\nREADY=1\n", false, true, 0, "", -1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 40; piece++) {
			const struct receiver_answer answer =
				parse_in(rows[i].text, piece);

			assert_row(rows[i].text,
				   answer.spoken == rows[i].spoken);
			assert_row(rows[i].text, answer.ready == rows[i].ready);
			assert_row(rows[i].text, answer.error == rows[i].error);
			assert_row(rows[i].text,
				   strcmp(answer.reason, rows[i].reason) == 0);
			assert_row(rows[i].text,
				   answer.exit_status == rows[i].exit_status);
			assert_row(rows[i].text,
				   answer.stopping == rows[i].stopping);
		}
}

static void what_is_no_answer_says_nothing(void **state)
{
	static const char *const texts[] = {
		"READY=1",	     "READY=0\n",
		"STOPPING=10\n",     "READY=10\n",
		" READY=1\n",	     "READY=1 \n",
		"ready=1\n",	     "XREADY=1\n",
		"READY=1\r\n",	     "READY\n",
		"ERRNO=-5\n",	     "ERRNO=5x\n",
		"ERRNO=4096\n",	     "ERRNO=\n",
		"ERRNO=0\n",	     "ERRNO\n",
		"EXIT_STATUS=256\n", "EXIT_STATUS=-1\n",
		"EXIT_STATUS=\n",    "FUSEFD_PROTOCOL=2\n",
		"FUSEFD_PROTOCOL=1", "STATUS",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct receiver_answer answer = parse_in(texts[i], 7);

		assert_row(texts[i], !answer.spoken && !answer.ready &&
					     !answer.stopping &&
					     !answer.restrictions &&
					     !answer.error && !*answer.reason &&
					     answer.exit_status == -1);
	}
}

/* Wherever a long line is cut, what follows on it is no answer. */
static void a_line_without_end_does_no_harm(void **state)
{
	struct receiver_answer answer;

	(void)state;
	receiver_answer_init(&answer);
	for (int i = 0; i < 100000; i++)
		receiver_answer_parse(&answer, "xREADY=1", 8);
	assert_false(answer.ready);
	receiver_answer_parse(&answer, "\nREADY=1\n", 9);
	assert_true(answer.ready);
}

/* They add up, and are no answer by themselves. */
static void what_the_mount_is_to_be_without(void **state)
{
	struct receiver_answer answer = parse_in("FUSEFD_RESTRICT=ro", 7);

	(void)state;
	assert_int_equal(answer.restrictions, 0);
	receiver_answer_parse(&answer, "\n", 1);
	assert_int_equal(answer.restrictions, FUSEFD_KEEPER_RO);
	assert_false(answer.ready || answer.spoken || answer.stopping);
	receiver_answer_parse(&answer, "FUSEFD_RESTRICT=noexec\nREADY=1\n", 31);
	assert_int_equal(answer.restrictions,
			 FUSEFD_KEEPER_RO | FUSEFD_KEEPER_NOEXEC);
	assert_true(answer.ready);
}

static void a_long_reason_is_cut(void **state)
{
	struct receiver_answer answer;

	(void)state;
	receiver_answer_init(&answer);
	receiver_answer_parse(&answer, "STATUS=", 7);
	for (int i = 0; i < 800; i++)
		receiver_answer_parse(&answer, "x", 1);
	receiver_answer_parse(&answer, "\n", 1);
	assert_int_equal(strlen(answer.reason), sizeof(answer.reason) - 1);
}

static void read_from(struct receiver_answer *answer, const char *text)
{
	int ends[2];

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), errno);
	if (*text)
		assert_int_equal(send(ends[1], text, strlen(text), 0),
				 strlen(text));
	close(ends[1]);
	receiver_answer_init(answer);
	while (!answer->ended)
		receiver_answer_read(answer, ends[0]);
	close(ends[0]);
}

static void the_end_ends_the_last_line(void **state)
{
	struct receiver_answer answer;

	(void)state;
	read_from(&answer, "");
	assert_false(answer.unread || answer.ready);
	read_from(&answer, "FUSEFD_PROTOCOL=1\nREADY=1");
	assert_true(answer.spoken && answer.ready && !answer.unread);
}

static void nothing_yet_is_no_end(void **state)
{
	struct receiver_answer answer;
	int ends[2];

	(void)state;
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), errno);
	receiver_answer_init(&answer);
	receiver_answer_read(&answer, ends[0]);
	assert_false(answer.ended);
	assert_int_equal(send(ends[0], "handoff", 7, 0), 7);
	close(ends[1]);
	while (!answer.ended)
		receiver_answer_read(&answer, ends[0]);
	assert_true(answer.unread);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(what_is_no_answer_says_nothing),
		cmocka_unit_test(a_line_without_end_does_no_harm),
		cmocka_unit_test(what_the_mount_is_to_be_without),
		cmocka_unit_test(a_long_reason_is_cut),
		cmocka_unit_test(the_end_ends_the_last_line),
		cmocka_unit_test(nothing_yet_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
