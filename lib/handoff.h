/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a handoff is made of, and the fd layer that it stands on.
 */
#ifndef FUSEFD_HANDOFF_H
#define FUSEFD_HANDOFF_H

#include "notify.h"
#include "session.h"
#include <fusefd.h>

/* The session lives in here, so that fusefd_exit() reaches it from a signal
 * handler without a lookup. */
struct fusefd_handoff {
	int fds[FUSEFD_MAX_FDS]; /* the primary first */
	size_t count;
	enum fusefd_acl acl;
	uid_t owner;
	char *mountpoint; /* NULL: unknown */
	struct fusefd_notify notify;
	struct fusefd_session session;
};

/* verify.c. 0 if these fds are device fds of one live connection, each named
 * once; else the negative errno that fusefd.h lists. Changes nothing. */
int fusefd_verify(const int *fds, size_t count);

/* Whether fd is an open /dev/fuse, bound to a connection or not. */
int fusefd_is_device(int fd);

#endif
