/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The readiness protocol of sd_notify(3), the one message of it that we send.
 */
#ifndef FUSEFD_NOTIFY_H
#define FUSEFD_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

/* Where to say READY=1. */
struct fusefd_notify {
	struct sockaddr_un address;
	socklen_t length; /* 0: nobody asked */
};

/* Remember NOTIFY_SOCKET. The variable stays: it is not ours, and the
 * filesystem may have more to say there. */
void fusefd_notify_from_env(struct fusefd_notify *notify);

/* Say READY=1. Whether anybody hears it is no matter of the session's. */
void fusefd_notify_ready(const struct fusefd_notify *notify);

#endif
