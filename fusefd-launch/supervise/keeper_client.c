/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/keeper_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"
#include "lib/protocol.h"

/* Seconds. Nothing that it does waits for a filesystem. */
#define PATIENCE 10

/* What is sent or received, and the one fd that may come with it. */
struct parcel {
	struct iovec vector;
	struct msghdr message;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
};

void keeper_find(struct keeper *keeper)
{
	const struct timeval patience = {.tv_sec = PATIENCE};
	const char *number = getenv(FUSEFD_NAME_KEEPER_FD);
	unsigned long fd;

	if (!number)
		die("there is no keeper: " FUSEFD_NAME_KEEPER_FD " is not set\n"
		    "Start this program by fusefd-launch.");
	if (!number_parse(number, INT_MAX, &fd) ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) ||
	    setsockopt((int)fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) ||
	    setsockopt((int)fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)))
		die("there is no keeper: " FUSEFD_NAME_KEEPER_FD
		    " is %s, which is not an open socket",
		    quoted(number));
	keeper->socket = (int)fd;
	(void)unsetenv(FUSEFD_NAME_KEEPER_FD);
}

/* The end of the socket is the keeper's own end: nothing is left by then. */
void keeper_let_go(struct keeper *keeper)
{
	char byte;

	if (keeper->socket < 0)
		return;
	if (shutdown(keeper->socket, SHUT_WR) == 0)
		while (recv(keeper->socket, &byte, 1, 0) > 0)
			;
	close(keeper->socket);
	keeper->socket = -1;
}

static void pack(struct parcel *parcel, void *bytes, size_t length)
{
	memset(parcel, 0, sizeof(*parcel));
	parcel->vector = (struct iovec){.iov_base = bytes, .iov_len = length};
	parcel->message = (struct msghdr){
		.msg_iov = &parcel->vector,
		.msg_iovlen = 1,
		.msg_control = &parcel->control,
		.msg_controllen = sizeof(parcel->control),
	};
}

static int send_request(int socket, struct fusefd_keeper_request *request,
			int fd)
{
	struct parcel parcel;
	ssize_t length;

	pack(&parcel, request, sizeof(*request));
	if (fd >= 0) {
		parcel.control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(fd)),
		};
		memcpy(CMSG_DATA(&parcel.control.header), &fd, sizeof(fd));
	} else {
		parcel.message.msg_control = NULL;
		parcel.message.msg_controllen = 0;
	}
	do
		length = sendmsg(socket, &parcel.message, MSG_NOSIGNAL);
	while (length < 0 && errno == EINTR);
	return length < 0 ? errno : 0;
}

/* -1: there is none, as also if this process may have no more fds. */
static int unpack_fd(struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int receive_answer(int socket, struct fusefd_keeper_answer *answer,
			  int *fd)
{
	struct parcel parcel;
	ssize_t length;

	pack(&parcel, answer, sizeof(*answer));
	do
		length = recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return errno;
	*fd = unpack_fd(&parcel.message);
	if (length == sizeof(*answer))
		return 0;
	return length == 0 ? EPIPE : EPROTO;
}

/* An answer that comes too late would be taken for the next request's. The
 * socket is not closed: a loop that watches it hears that it has hung up. */
static int lose(struct keeper *keeper, int error)
{
	(void)shutdown(keeper->socket, SHUT_RDWR);
	switch (error) {
	case EAGAIN:
		return ETIMEDOUT;
	case ECONNRESET:
		return EPIPE;
	default:
		return error;
	}
}

static int ask(struct keeper *keeper, struct fusefd_keeper_request request,
	       int fd, struct fusefd_keeper_answer *answer, int *answers_fd)
{
	int error, received = -1;

	if (keeper->socket < 0)
		return EPIPE;
	error = send_request(keeper->socket, &request, fd);
	if (!error)
		error = receive_answer(keeper->socket, answer, &received);
	if (received >= 0 && (error || answer->error || !answers_fd)) {
		close(received);
		received = -1;
	}
	if (answers_fd)
		*answers_fd = received;
	return error ? lose(keeper, error) : answer->error;
}

int keeper_attach(struct keeper *keeper, uint64_t *mount_id,
		  uint64_t *unique_id)
{
	struct fusefd_keeper_answer answer = {0};
	const int error =
		ask(keeper,
		    (struct fusefd_keeper_request){.act = FUSEFD_KEEPER_ATTACH},
		    -1, &answer, NULL);

	*mount_id = answer.mount_id;
	*unique_id = answer.unique_id;
	return error;
}

int keeper_restrict(struct keeper *keeper, uint32_t flags)
{
	const struct fusefd_keeper_request request = {
		.act = FUSEFD_KEEPER_RESTRICT,
		.flags = flags,
	};
	struct fusefd_keeper_answer answer;

	return ask(keeper, request, -1, &answer, NULL);
}

int keeper_copy(struct keeper *keeper, int root, int *copy)
{
	const struct fusefd_keeper_request request = {
		.act = FUSEFD_KEEPER_COPY,
	};
	struct fusefd_keeper_answer answer;
	const int error = ask(keeper, request, root, &answer, copy);

	return !error && *copy < 0 ? EMFILE : error;
}

static int ask_to_end(struct keeper *keeper,
		      struct fusefd_keeper_request request)
{
	struct fusefd_keeper_answer answer;
	const int error = ask(keeper, request, -1, &answer, NULL);

	if (!error)
		keeper_let_go(keeper);
	return error;
}

int keeper_unmount(struct keeper *keeper, uint32_t flags)
{
	return ask_to_end(keeper, (struct fusefd_keeper_request){
					  .act = FUSEFD_KEEPER_UNMOUNT,
					  .flags = flags,
				  });
}

int keeper_leave(struct keeper *keeper)
{
	return ask_to_end(keeper, (struct fusefd_keeper_request){
					  .act = FUSEFD_KEEPER_LEAVE,
				  });
}
