/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a handoff is made of, and the fd layer that it stands on.
 */
#ifndef FUSEFD_HANDOFF_H
#define FUSEFD_HANDOFF_H

#include "announcement.h"
#include "no_open.h"
#include "notify.h"
#include "session.h"
#include "verify.h"
#include <fusefd.h>

/* The session lives in here, so that fusefd_exit() reaches it from a signal
 * handler without a lookup. */
struct fusefd_handoff {
	int fds[FUSEFD_MAX_FDS]; /* the primary first */
	size_t count;
	enum fusefd_acl acl;
	/* As far as we know the kernel lets everybody in, and it is only the
	 * session that refuses. */
	bool refuses_alone;
	uid_t owner;
	char *mountpoint; /* NULL: unknown */
	struct fusefd_notify notify;
	int answer; /* socket to a sender that waits for READY=1; -1: none */
	struct fusefd_session session;
	struct fusefd_no_open no_open;
};

/* A handoff of nothing; NULL: out of memory. */
struct fusefd_handoff *fusefd_handoff_create(void);

/* Fill in what was said but for the fds: -EPROTO, -ENOMEM. */
int fusefd_handoff_describe(struct fusefd_handoff *handoff,
			    const struct fusefd_announcement *said);

/* Verify the fds, whose numbers are filled in, and make them the handoff's. On
 * failure they are as they were. */
int fusefd_handoff_adopt(struct fusefd_handoff *handoff);

/* Free it, and leave the fds alone. */
void fusefd_handoff_discard(struct fusefd_handoff *handoff);

/* socket.c: tell the sender, where there is one that waits. */
void fusefd_handoff_ready(struct fusefd_handoff *handoff);

#endif
