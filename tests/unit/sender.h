/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For unit tests: the other end of a socket, which sends a handoff.
 */
#ifndef FUSEFD_TEST_SENDER_H
#define FUSEFD_TEST_SENDER_H

#include "connection.h"
#include <dirent.h>
#include <errno.h>
#include <sys/socket.h>

/* Both ends of a pair of sockets. */
enum { RECEIVER, SENDER };

static const int socket_types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
#define SOCKET_TYPES (sizeof(socket_types) / sizeof(socket_types[0]))

/* Variables of a message are NUL-ended; the compiler ends the last one, which
 * sizeof counts. */
#define FACTS                                                                  \
	"FUSEFD_PROTOCOL=1\0FUSEFD_MOUNTPOINT=/mnt/a b\0"                      \
	"FUSEFD_ACL=owner_and_root\0FUSEFD_OWNER=1234"

static inline void open_pair(int ends[2], int type)
{
	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
}

static inline void close_pair(const int ends[2])
{
	close(ends[RECEIVER]);
	close(ends[SENDER]);
}

/* 0 or errno. */
static inline int try_send(int socket, const void *payload, size_t length,
			   const int *fds, size_t count)
{
	union {
		struct cmsghdr aligned;
		char bytes[CMSG_SPACE((FUSEFD_MAX_FDS + 1) * sizeof(int))];
	} control = {0};
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)payload,
		.iov_len = length,
	};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count) {
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = CMSG_LEN(count * sizeof(*fds));
		memcpy(CMSG_DATA(&control.aligned), fds, count * sizeof(*fds));
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(count * sizeof(*fds));
	}
	return sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno
									 : 0;
}

static inline void send_message(int socket, const void *payload, size_t length,
				const int *fds, size_t count)
{
	assert_int_equal(try_send(socket, payload, length, fds, count), 0);
}

/* The facts above, and these fds. */
static inline void send_handoff(int socket, const int *fds, size_t count)
{
	send_message(socket, FACTS, sizeof(FACTS), fds, count);
}

/* Of this process, whatever their numbers. */
static inline size_t count_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t entries = 0;

	assert_non_null(folder);
	while (readdir(folder))
		entries++;
	closedir(folder);
	return entries - 3; /* ".", ".." and the folder */
}

/* What comes of fusefd_from_socket(), after which no fd may be left. */
static inline int outcome(int socket)
{
	struct fusefd_handoff *handoff = NULL;
	size_t before = count_open();
	int error = fusefd_from_socket(&handoff, socket);

	assert_int_equal(!error, handoff != NULL);
	fusefd_free(handoff);
	assert_int_equal(count_open(), before);
	assert_true(is_open(socket));
	return error;
}

static inline int outcome_of(int type, const void *payload, size_t length,
			     const int *fds, size_t count)
{
	int ends[2], error;

	open_pair(ends, type);
	send_message(ends[SENDER], payload, length, fds, count);
	error = outcome(ends[RECEIVER]);
	close_pair(ends);
	return error;
}

/* The same on each type of socket. */
static inline void expect(int error, const void *payload, size_t length,
			  const int *fds, size_t count)
{
	for (size_t i = 0; i < SOCKET_TYPES; i++)
		assert_int_equal(outcome_of(socket_types[i], payload, length,
					    fds, count),
				 error);
}

#endif
