/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests to a keeper, whose part a child plays.
 */
#include "supervise/keeper_client.h"

#include <fcntl.h>
#include <stdlib.h>

#include "lib/protocol.h"

#include "dies.h"

enum { OURS, KEEPERS };

/* What a keeper does with a request. */
struct play {
	struct fusefd_keeper_request expected;
	bool expects_fd;
	struct fusefd_keeper_answer answer;
	size_t answer_length;
	bool answers_fd;
};

struct mail {
	struct iovec vector;
	char control[CMSG_SPACE(sizeof(int))];
	struct msghdr header;
};

static void address(struct mail *mail, void *bytes, size_t length)
{
	*mail = (struct mail){.vector = {bytes, length}};
	mail->header = (struct msghdr){
		.msg_iov = &mail->vector,
		.msg_iovlen = 1,
		.msg_control = mail->control,
		.msg_controllen = sizeof(mail->control),
	};
}

static bool takes_request(int socket, const struct play *play)
{
	struct fusefd_keeper_request request;
	struct mail mail;

	address(&mail, &request, sizeof(request));
	return recvmsg(socket, &mail.header, 0) == sizeof(request) &&
	       memcmp(&request, &play->expected, sizeof(request)) == 0 &&
	       (CMSG_FIRSTHDR(&mail.header) != NULL) == play->expects_fd;
}

static bool gives_answer(int socket, const struct play *play)
{
	struct fusefd_keeper_answer answer = play->answer;
	struct mail mail;
	struct cmsghdr *header;

	address(&mail, &answer, play->answer_length);
	header = CMSG_FIRSTHDR(&mail.header);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &socket, sizeof(socket));
	if (!play->answers_fd)
		mail.header.msg_controllen = 0;
	return sendmsg(socket, &mail.header, 0) == (ssize_t)play->answer_length;
}

static struct keeper start_keeper(const struct play *play, pid_t *child)
{
	struct keeper keeper;
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*child = fork();
	assert_true(*child >= 0);
	if (*child == 0) {
		close(ends[OURS]);
		_exit(!takes_request(ends[KEEPERS], play) ||
		      !gives_answer(ends[KEEPERS], play));
	}
	close(ends[KEEPERS]);
	keeper.socket = ends[OURS];
	return keeper;
}

static void end_keeper(struct keeper *keeper, pid_t child)
{
	int status;

	keeper_let_go(keeper);
	assert_int_equal(keeper->socket, -1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define WHOLE sizeof(struct fusefd_keeper_answer)

static void attach_tells_the_ids(void **state)
{
	const struct play play = {
		.expected = {.act = FUSEFD_KEEPER_ATTACH},
		.answer = {.mount_id = 7, .unique_id = UINT64_MAX},
		.answer_length = WHOLE,
	};
	uint64_t mount_id, unique_id;
	pid_t child;
	struct keeper keeper = start_keeper(&play, &child);

	(void)state;
	assert_int_equal(keeper_attach(&keeper, &mount_id, &unique_id), 0);
	assert_int_equal(mount_id, 7);
	assert_true(unique_id == UINT64_MAX);
	end_keeper(&keeper, child);
}

static void errors_are_the_keepers(void **state)
{
	const struct play play = {
		.expected = {FUSEFD_KEEPER_RESTRICT, FUSEFD_KEEPER_RO},
		.answer = {.error = ENOSYS},
		.answer_length = WHOLE,
	};
	pid_t child;
	struct keeper keeper = start_keeper(&play, &child);

	(void)state;
	assert_int_equal(keeper_restrict(&keeper, FUSEFD_KEEPER_RO), ENOSYS);
	end_keeper(&keeper, child);
}

static void copy_takes_an_fd_and_brings_one(void **state)
{
	struct play play = {
		.expected = {.act = FUSEFD_KEEPER_COPY},
		.answer_length = WHOLE,
		.answers_fd = true,
	};
	pid_t child;
	int copy;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct keeper keeper;

		play.expects_fd = i;
		keeper = start_keeper(&play, &child);
		assert_int_equal(
			keeper_copy(&keeper, i ? STDIN_FILENO : -1, &copy), 0);
		assert_int_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
		close(copy);
		end_keeper(&keeper, child);
	}
}

static void copy_without_an_fd_is_a_failure(void **state)
{
	const struct play play = {
		.expected = {.act = FUSEFD_KEEPER_COPY},
		.answer_length = WHOLE,
	};
	pid_t child;
	struct keeper keeper = start_keeper(&play, &child);
	int copy;

	(void)state;
	assert_int_equal(keeper_copy(&keeper, -1, &copy), EMFILE);
	assert_int_equal(copy, -1);
	end_keeper(&keeper, child);
}

/* The next fd that is opened here tells. */
static void an_fd_that_nobody_asked_for_is_closed(void **state)
{
	struct play play = {
		.expected = {FUSEFD_KEEPER_UNMOUNT, FUSEFD_KEEPER_LAZY},
		.answer_length = WHOLE,
		.answers_fd = true,
	};
	int before, after;

	(void)state;
	for (int error = 0; error < 2; error++) {
		struct keeper keeper;
		pid_t child;

		before = dup(STDIN_FILENO);
		close(before);
		play.answer.error = error ? EBUSY : 0;
		keeper = start_keeper(&play, &child);
		assert_int_equal(keeper_unmount(&keeper, FUSEFD_KEEPER_LAZY),
				 play.answer.error);
		assert_int_equal(keeper.socket < 0, !error);
		end_keeper(&keeper, child);
		after = dup(STDIN_FILENO);
		close(after);
		assert_int_equal(before, after);
	}
}

static void an_end_without_an_answer_is_the_keepers(void **state)
{
	const struct play rows[] = {
		{{.act = FUSEFD_KEEPER_LEAVE}, .answer_length = 0},
		{{.act = FUSEFD_KEEPER_LEAVE}, .answer_length = WHOLE - 1},
	};
	const int errors[] = {EPIPE, EPROTO};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		pid_t child;
		struct keeper keeper = start_keeper(&rows[i], &child);

		assert_int_equal(keeper_leave(&keeper), errors[i]);
		/* And nothing is asked of it again. */
		assert_int_equal(keeper_leave(&keeper), EPIPE);
		end_keeper(&keeper, child);
		assert_int_equal(keeper_leave(&keeper), EPIPE);
	}
}

static void find(const char *number)
{
	struct keeper keeper;

	(void)unsetenv(FUSEFD_NAME_KEEPER_FD);
	if (number)
		(void)setenv(FUSEFD_NAME_KEEPER_FD, number, 1);
	keeper_find(&keeper);
}

static void no_keeper_is_found_in_what_is_none(void **state)
{
	(void)state;
	assert_dies(125, "FUSEFD_KEEPER_FD is not set", find(NULL));
	assert_dies(125, "'', which is not", find(""));
	assert_dies(125, "'1023', which is not", find("1023"));
	assert_dies(125, "'-1', which is not", find("-1"));
	assert_dies(125, "which is not", find("4294967296"));
}

static void a_keeper_is_found_once(void **state)
{
	struct keeper keeper;
	char number[16];
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	(void)snprintf(number, sizeof(number), "%d", ends[OURS]);
	(void)setenv(FUSEFD_NAME_KEEPER_FD, number, 1);
	keeper_find(&keeper);
	assert_int_equal(keeper.socket, ends[OURS]);
	assert_int_equal(fcntl(ends[OURS], F_GETFD), FD_CLOEXEC);
	assert_null(getenv(FUSEFD_NAME_KEEPER_FD));
	close(ends[KEEPERS]);
	keeper_let_go(&keeper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_tells_the_ids),
		cmocka_unit_test(errors_are_the_keepers),
		cmocka_unit_test(copy_takes_an_fd_and_brings_one),
		cmocka_unit_test(copy_without_an_fd_is_a_failure),
		cmocka_unit_test(an_fd_that_nobody_asked_for_is_closed),
		cmocka_unit_test(an_end_without_an_answer_is_the_keepers),
		cmocka_unit_test(no_keeper_is_found_in_what_is_none),
		cmocka_unit_test(a_keeper_is_found_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
