/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/die.h"
#include "lib/notify.h"
#include "supervise/restriction.h"

/* systemd takes messages of at most this size, too. */
#define MESSAGE_MAX 4096

/* The kernel chooses the address if none is given: five hexadecimal digits
 * (unix(7), "Autobind feature"). */
static char *bind_to_any(int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(address.sun_family);
	char *name;

	if (bind(fd, (struct sockaddr *)&address, length))
		return NULL;
	length = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &length))
		return NULL;
	length -= (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
	if (asprintf(&name, "@%.*s", (int)length, address.sun_path + 1) < 0)
		return NULL;
	return name;
}

int notify_open(const char **name)
{
	const int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    !(*name = bind_to_any(fd)))
		die("cannot make a socket for NOTIFY_SOCKET: %s",
		    strerror(errno));
	return fd;
}

/* Anybody can send to an abstract address. */
static bool is_from(struct msghdr *message, uid_t owner, pid_t *by)
{
	const struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred sender;

	if (!control || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&sender, CMSG_DATA(control), sizeof(sender));
	*by = sender.pid;
	return sender.uid == owner || sender.uid == 0;
}

/* Whichever of READY=1 and STOPPING=1 comes first. */
static enum notice find_notice(char *text, uint32_t *restrictions)
{
	enum notice notice = NOTICE_NONE;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		*restrictions |= restriction_parse(line);
		if (notice != NOTICE_NONE)
			continue;
		if (strcmp(line, "READY=1") == 0)
			notice = NOTICE_READY;
		if (strcmp(line, "STOPPING=1") == 0)
			notice = NOTICE_STOPPING;
	}
	return notice;
}

/* No fd that comes along gets in: there is room for the credentials only. So the
 * kernel closes the one that comes with BARRIER=1, which is what its sender waits
 * for (sd_notify_barrier(3)): whatever was said before that has been seen to. */
enum notice notify_read(int socket, uid_t owner, pid_t *by,
			uint32_t *restrictions)
{
	char text[MESSAGE_MAX + 1];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec vector = {.iov_base = text, .iov_len = MESSAGE_MAX};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	*restrictions = 0;
	if (length < 0 || !is_from(&message, owner, by))
		return NOTICE_NONE;
	text[length] = '\0';
	return find_notice(text, restrictions);
}

void notify_ready(const char *name)
{
	struct fusefd_notify notify;

	if (!name || setenv("NOTIFY_SOCKET", name, 1))
		return;
	fusefd_notify_from_env(&notify);
	unsetenv("NOTIFY_SOCKET");
	fusefd_notify_ready(&notify);
}
