/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fds are open from the moment that the message is received, whatever is wrong
 * with it: so first all of them are taken, then the message is judged, and
 * there is one place where those of a bad one are closed.
 *
 * An fd that is no device fd must never be among ours. To close a file on a FUSE
 * mount waits for the answer to a FLUSH, and no signal ends that wait: its
 * server, the sender perhaps, decides how long it lasts (Linux 6.18,
 * fs/fuse/file.c). The process's end closes it, too, so that a process with such
 * an fd in its table cannot even be killed. Neither a thread nor a process that
 * shares the table helps: a thread keeps the process from ending, and either
 * keeps all other fds of the table open, the device fds among them, for as long
 * as it hangs.
 *
 * So a child with a table of its own, the checker, takes the message from the
 * socket, and passes it on if all its fds are device fds, which close at once.
 * Else it tells why not, and we leave it behind.
 */
#include "message.h"

#include "protocol.h"
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
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

/* prefix: what stands before the payload, or nothing. Returns what recvmsg(2)
 * does, or a negative errno; flags: of the message. */
static ssize_t take(struct fusefd_message *message, int socket,
		    struct iovec prefix, int *flags)
{
	union {
		struct cmsghdr aligned;
		char bytes[CONTROL_SIZE];
	} control;
	struct iovec parts[] = {
		prefix,
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
	if ((size_t)length > prefix.iov_len)
		message->length = (size_t)length - prefix.iov_len;
	*flags = header.msg_flags;
	error = take_control(message, &header);
	return error ? error : length;
}

/* ---- The checker ---------------------------------------------------------- */

static int take_from_sender(struct fusefd_message *message, int socket)
{
	const struct iovec nothing = {0};
	int flags = 0;
	ssize_t length = take(message, socket, nothing, &flags);

	if (length < 0)
		return (int)length;
	return judge(message, flags);
}

/* One that is O_PATH closes at once, but is none. */
static int judge_fds(const struct fusefd_message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		const int flags = fcntl(message->fds[i], F_GETFL);

		if (flags < 0 || (flags & O_PATH))
			return -EBADF;
		if (!fusefd_is_device(message->fds[i]))
			return -ENOTTY;
	}
	return 0;
}

static void pass_on(const struct fusefd_message *message, int32_t error, int to)
{
	union {
		struct cmsghdr aligned;
		char bytes[CMSG_SPACE(FUSEFD_MAX_FDS * sizeof(int))];
	} control = {0};
	const size_t size = message->count * sizeof(*message->fds);
	struct iovec parts[] = {
		{.iov_base = &error, .iov_len = sizeof(error)},
		{.iov_base = (void *)(uintptr_t)message->payload,
		 .iov_len = message->length},
	};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};

	if (!error) {
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.aligned), message->fds, size);
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(size);
	}
	if (sendmsg(to, &header, MSG_NOSIGNAL) >= 0 || error)
		return;
	/* More fds are on their way than the user may have there. */
	pass_on(message, -errno, to);
}

static void close_between(unsigned int first, unsigned int last)
{
	if (first <= last)
		(void)syscall(SYS_close_range, first, last, 0);
}

/* What hangs must keep nothing else open: neither a copy of ours nor a device
 * fd. The fds of a message come in rising order. */
static noreturn void end_checker(const struct fusefd_message *message)
{
	unsigned int next = 0;

	for (size_t i = 0; i < message->count; i++) {
		const unsigned int fd = (unsigned int)message->fds[i];

		if (fd > next)
			close_between(next, fd - 1);
		next = fd + 1;
	}
	close_between(next, ~0U);
	for (size_t i = 0; i < message->count; i++)
		if (fusefd_is_device(message->fds[i]))
			(void)close(message->fds[i]);
	_exit(0);
}

/* It closes nothing of ours before it has told, since that may hang as well. */
static noreturn void be_checker(struct fusefd_message *message, int socket,
				int to)
{
	int error = take_from_sender(message, socket);

	if (!error)
		error = judge_fds(message);
	pass_on(message, error, to);
	(void)!chdir("/");
	end_checker(message);
}

enum { OURS, CHECKERS };

/* A fork that runs no handler of the process's, and whose end raises no signal
 * and shows in no wait(2) of the process's own. Our handlers must not run in
 * it. */
static pid_t start_checker(struct fusefd_message *message, int socket,
			   const int ends[2])
{
	sigset_t all, before;
	pid_t checker;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	checker = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (checker == 0) {
		(void)close(ends[OURS]);
		be_checker(message, socket, ends[CHECKERS]);
	}
	if (checker < 0)
		checker = -errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return checker;
}

/* Some 200 ms; one that hangs in a close, nothing can end. */
static void bury_checker(pid_t checker)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	for (int i = 0; i < 200; i++) {
		if (waitpid(checker, NULL, (int)__WCLONE | WNOHANG) != 0)
			return;
		(void)nanosleep(&moment, NULL);
	}
}

static int take_from_checker(struct fusefd_message *message, int socket)
{
	int32_t error = 0;
	const struct iovec prefix = {.iov_base = &error,
				     .iov_len = sizeof(error)};
	int flags = 0;
	ssize_t length = take(message, socket, prefix, &flags);

	if (length < 0)
		return (int)length;
	/* Somebody has killed it. */
	if ((size_t)length < sizeof(error))
		return -EIO;
	if (error)
		return error;
	return judge(message, flags);
}

/* fork(2)'s EAGAIN must not look like that of a socket with nothing in it. */
static int by_checker(struct fusefd_message *message, int socket)
{
	int ends[2], error;
	pid_t checker;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	checker = start_checker(message, socket, ends);
	(void)close(ends[CHECKERS]);
	error = checker < 0 ? -ENOMEM : take_from_checker(message, ends[OURS]);
	(void)close(ends[OURS]);
	if (checker > 0)
		bury_checker(checker);
	return error;
}

/* ---- The message ---------------------------------------------------------- */

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
		error = by_checker(message, socket);
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
