/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A libfuse3 session that is attached to a handoff, and which one a thread or
 * an fd speaks of.
 */
#ifndef FUSEFD_FUSE3_ATTACHMENT_H
#define FUSEFD_FUSE3_ATTACHMENT_H

#include <fuse_lowlevel.h>

#include "fuse3.h"
#include "fuse3_origin.h"
#include "fuse3_pipe.h"

#include <pthread.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* A session and what it borrows. */
struct attachment {
	struct attachment *next;
	struct fuse_session *se;
	struct fusefd_handoff *handoff;
	struct fusefd_origin *origin;
	int fd; /* the session's: a dup of the primary; libfuse closes it */
	int null_fd; /* takes that number over in detach, which can't fail */
	bool one_at_a_time;
	pthread_mutex_t turn;	   /* held while a request is handled, then */
	struct fusefd_pipe *pipes; /* of each worker */
};

/* Changed by these two under the lock. -EBUSY where another session has the
 * handoff. */
int fusefd_attachment_enlist(struct attachment *a);
void fusefd_attachment_delist(struct attachment *a);

/* Read under it too: an answer from a thread that is no worker holds it
 * throughout, so that a detach waits for it. Such an answer may wait for others
 * (a notification does, for pages that are being read): the lock has to let
 * readers pass a waiting writer, as glibc's and musl's do by default. The fd's is
 * NULL where there is none; unlock in either case. */
struct attachment *fusefd_attachment_lock(int fd);
void fusefd_attachment_unlock(void);

struct attachment *fusefd_attachment_of(const struct fuse_session *se);

/* NULL: out of memory. */
struct attachment *fusefd_attachment_new(struct fuse_session *se,
					 struct fusefd_handoff *handoff);
void fusefd_attachment_free(struct attachment *a);

/* What this thread handles a request of, if it does, and as which worker; no
 * lock is needed then, since nobody detaches while the loop runs. */
extern _Thread_local struct attachment *fusefd_serving;
extern _Thread_local size_t fusefd_serving_as;

/* ---- Answers (fuse3_answer.c), as struct fuse_custom_io has them ---------- */

ssize_t fusefd_answer_write(int fd, struct iovec *iov, int count,
			    void *userdata);
ssize_t fusefd_answer_splice(int pipe, off_t *pipe_offset, int fd,
			     off_t *fd_offset, size_t length,
			     unsigned int flags, void *userdata);

#pragma GCC visibility pop

#endif
