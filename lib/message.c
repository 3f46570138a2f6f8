/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fds are open from the moment that the message is received, whatever is wrong
 * with it: so first all of them are taken, then the message is judged, and
 * there is one place where those of a bad one are closed.
 */
#include "message.h"

#include "message_checker.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef F_DUPFD_QUERY /* Linux 6.10 */
#define F_DUPFD_QUERY (1024 + 3)
#endif

#ifndef SCM_PIDFD /* Linux 6.5 */
#define SCM_PIDFD 0x04
#endif

/* More than SCM_MAX_FD fds need, by as much as else there can be: see
 * take_control(). Too little would be worse than none: a buffer for one fd
 * gets two on 64-bit machines, where its length is rounded up to 8 bytes. */
#define CONTROL_SIZE 4096

static int fd_at(const struct cmsghdr *control, size_t index)
{
	int fd;

	memcpy(&fd, CMSG_DATA(control) + index * sizeof(fd), sizeof(fd));
	return fd;
}

/* The kernel carries no more than we keep (SCM_MAX_FD); but should one of
 * another make do so, they are still ours to close. */
static int take_rights(struct fusefd_message *message,
		       const struct cmsghdr *control)
{
	size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd = fd_at(control, i);

		if (message->count < FUSEFD_MAX_FDS)
			message->fds[message->count++] = fd;
		else
			(void)close(fd);
	}
	return count <= FUSEFD_MAX_FDS ? 0 : -EPROTO;
}

/* A sender can add nothing but fds. All the rest comes from the kernel, to
 * whoever asked for it on his end of the socket (SO_PASSCRED and its like),
 * which is the caller's affair; only, a pidfd is an fd.
 *
 * Linux makes one message of rights of all that were sent with one message;
 * two of them are nobody's handoff. */
static int take_control(struct fusefd_message *message, struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	size_t rights = 0;
	int error = 0;

	for (; control; control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level != SOL_SOCKET)
			continue;
		if (control->cmsg_type == SCM_PIDFD)
			(void)close(fd_at(control, 0));
		if (control->cmsg_type != SCM_RIGHTS)
			continue;
		rights++;
		if (take_rights(message, control))
			error = -EPROTO;
	}
	return rights > 1 ? -EPROTO : error;
}

/* Sent twice, an open file comes as two numbers. Where the kernel is older
 * than the question, it does no harm: two workers then share a device fd. */
static bool has_twins(const struct fusefd_message *message)
{
	for (size_t i = 1; i < message->count; i++)
		for (size_t j = 0; j < i; j++)
			if (fcntl(message->fds[i], F_DUPFD_QUERY,
				  message->fds[j]) == 1)
				return true;
	return false;
}

static int judge(const struct fusefd_message *message, int flags)
{
	/* There was room, so it was not for want of that. */
	if (flags & MSG_CTRUNC)
		return -EMFILE;
	/* A stream does not say that it was truncated; the length does. */
	if (message->length > FUSEFD_PAYLOAD_MAX)
		return -EPROTO;
	if (!message->length && !message->count)
		return -ENOENT;
	if (!message->length || !message->count || has_twins(message))
		return -EPROTO;
	return 0;
}

int fusefd_message_take(struct fusefd_message *message, int socket,
			int32_t *word)
{
	const size_t before = word ? sizeof(*word) : 0;
	union {
		struct cmsghdr aligned;
		char bytes[CONTROL_SIZE];
	} control;
	struct iovec parts[] = {
		{.iov_base = word, .iov_len = before},
		{.iov_base = message->payload,
		 .iov_len = sizeof(message->payload)},
	};
	struct msghdr header = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t length;
	int error;

	message->count = 0;
	message->length = 0;
	/* Without MSG_CMSG_CLOEXEC another thread could fork and exec just
	 * before we set it. */
	do {
		length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	error = take_control(message, &header);
	if ((size_t)length < before)
		return -EIO;
	message->length = (size_t)length - before;
	if (error || (word && *word))
		return error ? error : *word;
	return judge(message, header.msg_flags);
}

/* Waits as the socket does, and takes nothing: what has no room for fds gets
 * none. */
static int wait_for_message(int socket)
{
	char byte;
	ssize_t length;

	do {
		length = recv(socket, &byte, sizeof(byte), MSG_PEEK);
	} while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : 0;
}

int fusefd_message_receive(struct fusefd_message *message, int socket)
{
	int error = wait_for_message(socket);

	message->count = 0;
	message->length = 0;
	if (!error)
		error = fusefd_message_check(message, socket);
	if (error)
		fusefd_message_close_fds(message);
	return error;
}

bool fusefd_message_is_foreign(const struct fusefd_message *message)
{
	static const char beginning[] = FUSEFD_NAME_PROTOCOL "=";
	const size_t length = sizeof(beginning) - 1;

	return message->length < length ||
	       memcmp(message->payload, beginning, length) != 0;
}

void fusefd_message_close_fds(struct fusefd_message *message)
{
	for (size_t i = 0; i < message->count; i++)
		(void)close(message->fds[i]);
	message->count = 0;
}

const char *fusefd_message_reason(int error)
{
	switch (error) {
	case -ENOENT:
		return "the connection was closed before a handoff came";
	case -EMFILE:
		return "it has more fds than the receiver may open";
	case -EBADF:
		return "a device fd is not open for reading and writing";
	case -ENOTTY:
		return "one of the fds is not a FUSE device";
	case -EXDEV:
		return "the fds are not all on one mounted connection";
	case -EPROTO:
		return "the message is malformed, or of another protocol";
	default:
		return strerror(-error);
	}
}
