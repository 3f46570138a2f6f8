/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand-in/commfd.h"

#include <errno.h>
#include <sys/socket.h>

#include "announcement.h"
#include "preload/send_fd.h"

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
	return send_fd(commfd, "", 1, device) ? 0 : -1;
}

void commfd_wait(int commfd)
{
	char byte;
	ssize_t length;

	do
		length = recv(commfd, &byte, 1, 0);
	while (length > 0 || (length < 0 && errno == EINTR));
}
