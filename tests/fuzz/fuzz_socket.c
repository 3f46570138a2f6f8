/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Messages that bring a handoff: a digit for the kind of socket and of sender
 * (see struct sender), a letter for each fd (see kinds), ':', and the payload.
 * Whatever they are, fusefd_from_socket() returns, leaves no fd of a message
 * that it refuses, and answers in lines those who can expect an answer.
 *
 * Links lib's socket.c and what it stands on, but for the checker: a process for
 * each input would take most of the time, and there is nothing to parse in it.
 * Run by root it has device fds to send.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "expect.h"
#include "fuse_abi.h"
#include "fusefd.h"
#include "message_checker.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Both ends of a pair of sockets. */
enum { RECEIVER, SENDER };

struct sender {
	int type;
	bool passes_credentials;
	bool closes_early;
	bool divides; /* the fds, over two control messages */
};

/* ---- What there is to send ---------------------------------------------- */

/* Of which an input names as many as it likes. */
static const char kinds[] = "pcunrof";
static int files[sizeof(kinds) - 1];

static int *file(uint8_t kind)
{
	const char *found = memchr(kinds, kind, sizeof(files) / sizeof(*files));

	return &files[found ? found - kinds : 0];
}

/* The filesystem that the context has created keeps a connection, and needs no
 * mountpoint. */
static void create_connection(void)
{
	int context = fsopen("fuse", FSOPEN_CLOEXEC);
	uint32_t primary = (uint32_t)*file('p');
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", primary);
	expect(context >= 0);
	expect(!fsconfig(context, FSCONFIG_SET_STRING, "fd", number, 0));
	expect(!fsconfig(context, FSCONFIG_SET_STRING, "rootmode", "40000", 0));
	expect(!fsconfig(context, FSCONFIG_SET_STRING, "user_id", "0", 0));
	expect(!fsconfig(context, FSCONFIG_SET_STRING, "group_id", "0", 0));
	expect(!fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	expect(!ioctl(*file('c'), FUSE_DEV_IOC_CLONE, &primary));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int pipe_ends[2];

	(void)argc;
	(void)argv;
	*file('p') = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	*file('c') = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	*file('u') = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	*file('n') = open("/dev/null", O_RDWR | O_CLOEXEC);
	*file('r') = open("/dev/fuse", O_RDONLY | O_CLOEXEC);
	*file('o') = open("/dev/fuse", O_PATH | O_CLOEXEC);
	expect(pipe2(pipe_ends, O_CLOEXEC) == 0);
	*file('f') = pipe_ends[0];
	if (*file('p') >= 0)
		create_connection();
	return 0;
}

/* ---- The message -------------------------------------------------------- */

struct letter {
	struct sender sender;
	int fds[FUSEFD_MAX_FDS];
	size_t count;
	const uint8_t *payload;
	size_t length;
};

static void read_sender(struct sender *sender, uint8_t digit)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

	sender->type = types[digit % 3];
	sender->passes_credentials = digit / 3 % 2;
	sender->closes_early = digit / 6 % 2;
	sender->divides = digit / 12 % 2;
}

static void read_letter(struct letter *letter, const uint8_t *input,
			size_t size)
{
	const uint8_t *end = input + size;

	read_sender(&letter->sender, *input++);
	letter->count = 0;
	for (; input < end && *input != ':'; input++) {
		int fd = *file(*input);

		if (fd >= 0 && letter->count < FUSEFD_MAX_FDS)
			letter->fds[letter->count++] = fd;
	}
	input += input < end;
	letter->payload = input;
	letter->length = (size_t)(end - input);
}

static struct cmsghdr *put_fds(struct msghdr *header, struct cmsghdr *control,
			       const int *fds, size_t count)
{
	if (!count)
		return control;
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(count * sizeof(*fds));
	memcpy(CMSG_DATA(control), fds, count * sizeof(*fds));
	return CMSG_NXTHDR(header, control);
}

static void send_letter(int socket, const struct letter *letter)
{
	char control[CMSG_SPACE(sizeof(letter->fds)) + CMSG_SPACE(sizeof(int))]
		__attribute__((aligned(sizeof(struct cmsghdr)))) = {0};
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)letter->payload,
		.iov_len = letter->length,
	};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	size_t first = letter->sender.divides ? letter->count / 2 : 0;
	struct cmsghdr *second =
		put_fds(&header, CMSG_FIRSTHDR(&header), letter->fds, first);

	(void)put_fds(&header, second, letter->fds + first,
		      letter->count - first);
	header.msg_controllen =
		(first ? CMSG_SPACE(first * sizeof(int)) : 0) +
		(letter->count > first
			 ? CMSG_SPACE((letter->count - first) * sizeof(int))
			 : 0);
	(void)sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* ---- What must hold ----------------------------------------------------- */

static bool speaks_protocol(const struct letter *letter)
{
	static const char beginning[] = "FUSEFD_PROTOCOL=";

	return letter->length >= sizeof(beginning) - 1 &&
	       memcmp(letter->payload, beginning, sizeof(beginning) - 1) == 0;
}

static void expect_sound(const struct fusefd_handoff *handoff,
			 const struct letter *letter)
{
	const char *mountpoint = fusefd_mountpoint(handoff);

	expect(fusefd_count(handoff) == letter->count);
	expect(letter->count >= 1 && letter->count <= 2);
	for (size_t i = 0; i < fusefd_count(handoff); i++)
		expect(fcntl(fusefd_fd(handoff, i), F_GETFD) == FD_CLOEXEC);
	if (speaks_protocol(letter)) {
		expect(mountpoint && mountpoint[0] == '/');
		expect(fusefd_owner(handoff) != FUSEFD_UNKNOWN_OWNER);
	} else {
		expect(!mountpoint);
		expect(fusefd_get_acl(handoff) == FUSEFD_ACL_ALL);
	}
}

/* What has come by now; all of it is whole lines. */
static void hear(int socket, char *answer, size_t size)
{
	ssize_t length = recv(socket, answer, size - 1, MSG_DONTWAIT);

	answer[length > 0 ? length : 0] = '\0';
	if (length <= 0)
		return;
	expect(strncmp(answer, "FUSEFD_PROTOCOL=1\n", 18) == 0);
	expect(answer[length - 1] == '\n');
	for (ssize_t i = 0; i < length; i++)
		expect(answer[i] == '\n' ||
		       (answer[i] >= ' ' && answer[i] <= '~'));
}

static int lowest_free_fd(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	expect(fd >= 0);
	close(fd);
	return fd;
}

int fusefd_message_check(struct fusefd_message *message, int socket)
{
	return fusefd_message_take(message, socket, NULL);
}

/* ---- The target --------------------------------------------------------- */

static void hand_over(const int ends[2], const struct letter *letter)
{
	struct fusefd_handoff *handoff = NULL;
	char answer[1024];
	int error;

	send_letter(ends[SENDER], letter);
	if (letter->sender.closes_early)
		shutdown(ends[SENDER], SHUT_WR);
	error = fusefd_from_socket(&handoff, ends[RECEIVER]);

	expect(!error == (handoff != NULL));
	hear(ends[SENDER], answer, sizeof(answer));
	if (!speaks_protocol(letter))
		expect(!*answer);
	else if (*answer)
		expect(!error == !strstr(answer, "\nERRNO="));
	if (!handoff)
		return;
	expect_sound(handoff, letter);
	fusefd_free(handoff);
	hear(ends[SENDER], answer, sizeof(answer));
	expect(speaks_protocol(letter) == (strstr(answer, "\nERRNO=") != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const int lowest = lowest_free_fd(), on = 1;
	struct letter letter;
	int ends[2];

	if (!size)
		return 0;
	read_letter(&letter, input, size);
	expect(!socketpair(AF_UNIX, letter.sender.type | SOCK_CLOEXEC, 0,
			   ends));
	fcntl(ends[RECEIVER], F_SETFL, O_NONBLOCK);
	if (letter.sender.passes_credentials)
		expect(!setsockopt(ends[RECEIVER], SOL_SOCKET, SO_PASSCRED, &on,
				   sizeof(on)));
	hand_over(ends, &letter);
	close(ends[RECEIVER]);
	close(ends[SENDER]);
	expect(lowest_free_fd() == lowest);
	return 0;
}
