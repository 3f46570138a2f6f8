/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FUSE_USE_VERSION 312

#include "fuse3_attachment.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct attachment *attachments;
static pthread_rwlock_t attachments_lock = PTHREAD_RWLOCK_INITIALIZER;

_Thread_local struct attachment *fusefd_serving;
_Thread_local size_t fusefd_serving_as;

struct attachment *fusefd_attachment_lock(int fd)
{
	struct attachment *a;

	pthread_rwlock_rdlock(&attachments_lock);
	a = attachments;
	while (a && a->fd != fd)
		a = a->next;
	return a;
}

void fusefd_attachment_unlock(void)
{
	pthread_rwlock_unlock(&attachments_lock);
}

struct attachment *fusefd_attachment_of(const struct fuse_session *se)
{
	struct attachment *a;

	pthread_rwlock_rdlock(&attachments_lock);
	for (a = attachments; a && a->se != se;)
		a = a->next;
	pthread_rwlock_unlock(&attachments_lock);
	return a;
}

int fusefd_attachment_enlist(struct attachment *a)
{
	struct attachment *other;

	pthread_rwlock_wrlock(&attachments_lock);
	other = attachments;
	while (other && other->handoff != a->handoff)
		other = other->next;
	if (!other) {
		a->next = attachments;
		attachments = a;
	}
	pthread_rwlock_unlock(&attachments_lock);
	return other ? -EBUSY : 0;
}

void fusefd_attachment_delist(struct attachment *a)
{
	struct attachment **at = &attachments;

	pthread_rwlock_wrlock(&attachments_lock);
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	pthread_rwlock_unlock(&attachments_lock);
}

void fusefd_attachment_free(struct attachment *a)
{
	if (!a)
		return;
	if (a->null_fd != -1)
		(void)close(a->null_fd);
	for (size_t i = 0; a->pipes && i < fusefd_count(a->handoff); i++)
		fusefd_pipe_close(&a->pipes[i]);
	free(a->pipes);
	fusefd_origin_free(a->origin);
	free(a);
}

static struct fusefd_pipe *new_pipes(size_t count)
{
	struct fusefd_pipe *pipes = calloc(count, sizeof(*pipes));

	for (size_t i = 0; pipes && i < count; i++)
		pipes[i] = FUSEFD_NO_PIPE;
	return pipes;
}

struct attachment *fusefd_attachment_new(struct fuse_session *se,
					 struct fusefd_handoff *handoff)
{
	struct attachment *a = malloc(sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct attachment){
		.se = se,
		.handoff = handoff,
		.origin = fusefd_origin_new(fusefd_count(handoff)),
		.fd = -1,
		.null_fd = -1,
		.turn = PTHREAD_MUTEX_INITIALIZER,
		.pipes = new_pipes(fusefd_count(handoff)),
	};
	if (a->origin && a->pipes)
		return a;
	fusefd_attachment_free(a);
	return NULL;
}
