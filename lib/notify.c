/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * READY=1 to whoever asked for it: the launcher's supervisor or systemd.
 */
#include "notify.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* An address is a path, or '@' and an abstract name. systemd knows vsock:
 * too, for virtual machines; a session has nothing to say to a host. */
void fusefd_notify_from_env(struct fusefd_notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un *address = &notify->address;
	size_t length = name ? strlen(name) : 0;

	notify->length = 0;
	if (length < 2 || length >= sizeof(address->sun_path) ||
	    (name[0] != '/' && name[0] != '@'))
		return;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	else
		length++; /* a path counts its NUL, an abstract name has none */
	notify->length =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void fusefd_notify_ready(const struct fusefd_notify *notify)
{
	static const char message[] = "READY=1";
	/* A manager that is slow gets its message; one that hangs must not
	 * hang the session's end. */
	const struct timeval patience = {.tv_sec = 5};
	int fd;

	if (!notify->length)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			 sizeof(patience));
	(void)sendto(fd, message, sizeof(message) - 1, MSG_NOSIGNAL,
		     (const struct sockaddr *)&notify->address, notify->length);
	(void)close(fd);
}
