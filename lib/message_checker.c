/* SPDX-License-Identifier: LGPL-2.1-or-later
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
#include "message_checker.h"

#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
	int error = fusefd_message_take(message, socket, NULL);

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

/* fork(2)'s EAGAIN must not look like that of a socket with nothing in it. */
int fusefd_message_check(struct fusefd_message *message, int socket)
{
	int ends[2], error;
	int32_t word = 0;
	pid_t checker;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	checker = start_checker(message, socket, ends);
	(void)close(ends[CHECKERS]);
	error = checker < 0 ? -ENOMEM
			    : fusefd_message_take(message, ends[OURS], &word);
	(void)close(ends[OURS]);
	if (checker > 0)
		bury_checker(checker);
	return error;
}
