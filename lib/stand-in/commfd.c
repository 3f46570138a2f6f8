/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand-in/commfd.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "announcement.h"

int commfd_parse(const char *number)
{
	const char *rest = number;
	const int fd = fusefd_next_fd(&rest);
	socklen_t size = sizeof(int);
	int type;

	if (rest || fd < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return -1;
	return fd;
}

int commfd_send(int commfd, int device)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS,
			     .cmsg_len = CMSG_LEN(sizeof(int)),
		     }};
	char byte = 0;
	struct iovec vector = {.iov_base = &byte, .iov_len = 1};
	const struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t sent;

	memcpy(CMSG_DATA(&control.header), &device, sizeof(device));
	do
		sent = sendmsg(commfd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -1;
}

void commfd_wait(int commfd)
{
	char byte;
	ssize_t length;

	do
		length = recv(commfd, &byte, 1, 0);
	while (length > 0 || (length < 0 && errno == EINTR));
}
