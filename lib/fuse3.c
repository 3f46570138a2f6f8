/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A libfuse3 session on the device fds of a handoff.
 *
 * libfuse parses the requests and calls the filesystem; fusefd_serve() reads
 * them, a worker per device fd, and libfuse's answers come back here by its
 * custom I/O. That gives us the session's fd and the filesystem's own
 * userdata, and nothing of ours: so a thread that serves knows what it
 * serves, and for all others the fd's number is looked up.
 *
 * No splice callbacks: libfuse then negotiates no splice, and every message
 * comes and goes in memory, as fusefd_serve() has it.
 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

#include "fuse3.h"
#include "fuse3_origin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* In the unique of what concerns another request's interruption, beside the
 * unique of that request (FUSE_INT_REQ_BIT, fs/fuse/dev.c, Linux 4.20). */
#define INTERRUPT_BIT UINT64_C(1)

/* A session and what it borrows. */
struct attachment {
	struct attachment *next;
	struct fuse_session *se;
	struct fusefd_handoff *handoff;
	struct fusefd_origin *origin;
	int fd; /* the session's: a dup of the primary; libfuse closes it */
	int null_fd; /* takes that number over in detach, which can't fail */
	bool one_at_a_time;
	pthread_mutex_t turn; /* held while a request is handled, then */
};

/* Changed under the lock. Read under it too, and an answer from a thread that
 * is no worker holds it throughout, so that a detach waits for it. Such an
 * answer may wait for others (a notification does, for pages that are being
 * read): the lock has to let readers pass a waiting writer, as glibc's and
 * musl's do by default. */
static struct attachment *attachments;
static pthread_rwlock_t attachments_lock = PTHREAD_RWLOCK_INITIALIZER;

/* What this thread handles a request of, if it does; no lock is needed then,
 * since nobody detaches while the loop runs. */
static _Thread_local struct attachment *serving;

/* ---- Finding what a session is attached to ------------------------------ */

static struct attachment *find_by_fd(int fd)
{
	struct attachment *a = attachments;

	while (a && a->fd != fd)
		a = a->next;
	return a;
}

static struct attachment *find_by_session(const struct fuse_session *se)
{
	struct attachment *a;

	pthread_rwlock_rdlock(&attachments_lock);
	for (a = attachments; a && a->se != se;)
		a = a->next;
	pthread_rwlock_unlock(&attachments_lock);
	return a;
}

/* -EBUSY where another session has the handoff. */
static int enlist(struct attachment *a)
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

static void delist(struct attachment *a)
{
	struct attachment **at = &attachments;

	pthread_rwlock_wrlock(&attachments_lock);
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	pthread_rwlock_unlock(&attachments_lock);
}

/* ---- Answers ------------------------------------------------------------ */

/* An answer to nobody that we know: memory was short when the request was
 * parked, or it was read by libfuse's own loop, or it interrupts a request
 * that another worker has only just read. The kernel knows: it refuses the
 * answer with ENOENT wherever the request did not come from. */
static int offer_to_each(struct fusefd_handoff *handoff,
			 const struct iovec *iov, int count)
{
	int error = -ENOENT;

	for (size_t i = 0; i < fusefd_count(handoff) && error == -ENOENT; i++)
		error = fusefd_reply(handoff, i, iov, count);
	return error;
}

static bool find_worker(struct attachment *a, uint64_t unique, size_t *worker)
{
	if (unique == 0) { /* a notification, which any device fd takes */
		*worker = 0;
		return true;
	}
	if (unique & INTERRUPT_BIT)
		return fusefd_origin_peek(a->origin, unique & ~INTERRUPT_BIT,
					  worker);
	return fusefd_origin_take(a->origin, unique, worker);
}

static int send_message(struct attachment *a, const struct iovec *iov,
			int count)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	size_t worker;

	if (find_worker(a, header->unique, &worker))
		return fusefd_reply(a->handoff, worker, iov, count);
	return offer_to_each(a->handoff, iov, count);
}

/* Not a worker of this session. What is not attached any more is sent
 * nowhere. */
static int send_from_outside(int fd, const struct iovec *iov, int count)
{
	struct attachment *a;
	int error = 0;

	pthread_rwlock_rdlock(&attachments_lock);
	a = find_by_fd(fd);
	if (a)
		error = send_message(a, iov, count);
	pthread_rwlock_unlock(&attachments_lock);
	return error;
}

static ssize_t write_message(int fd, struct iovec *iov, int count,
			     void *userdata)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	int error;

	(void)userdata;
	if (serving && serving->fd == fd)
		error = send_message(serving, iov, count);
	else
		error = send_from_outside(fd, iov, count);
	if (error) {
		errno = -error;
		return -1;
	}
	return (ssize_t)header->len;
}

/* ---- Requests ----------------------------------------------------------- */

/* For a loop of libfuse's, or of the filesystem's own, on the one fd that it
 * knows. "The owner and root" is then nobody's business to enforce, so such a
 * handoff is refused; the kernel sees to the other two. */
static ssize_t read_message(int fd, void *buffer, size_t size, void *userdata)
{
	const struct attachment *a;
	int error = 0;

	(void)userdata;
	pthread_rwlock_rdlock(&attachments_lock);
	a = find_by_fd(fd);
	if (!a)
		error = ENODEV;
	else if (fusefd_get_acl(a->handoff) == FUSEFD_ACL_OWNER_AND_ROOT)
		error = EOPNOTSUPP;
	pthread_rwlock_unlock(&attachments_lock);
	if (error) {
		errno = error;
		return -1;
	}
	return read(fd, buffer, size);
}

/* The others bring no unique that an answer could come with. */
static bool wants_answer(const struct fuse_in_header *request)
{
	switch (request->opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
	case FUSE_NOTIFY_REPLY:
		return false;
	default:
		return true;
	}
}

static void handle_request(struct fusefd_handoff *handoff, size_t index,
			   void *message, size_t length, void *userdata)
{
	/* libfuse may well change the buffer. */
	const struct fuse_in_header request =
		*(const struct fuse_in_header *)message;
	struct fuse_buf buffer = {.mem = message, .size = length};
	struct attachment *a = userdata;

	(void)handoff;
	if (a->one_at_a_time)
		pthread_mutex_lock(&a->turn);
	serving = a;
	if (wants_answer(&request))
		fusefd_origin_begin(a->origin, index, request.unique);
	fuse_session_process_buf(a->se, &buffer);
	if (wants_answer(&request))
		fusefd_origin_end(a->origin);
	serving = NULL;
	if (a->one_at_a_time)
		pthread_mutex_unlock(&a->turn);
}

static int has_exited(void *userdata)
{
	const struct attachment *a = userdata;

	return fuse_session_exited(a->se);
}

/* ---- The interface ------------------------------------------------------ */

static void free_attachment(struct attachment *a)
{
	if (!a)
		return;
	if (a->null_fd != -1)
		(void)close(a->null_fd);
	fusefd_origin_free(a->origin);
	free(a);
}

static struct attachment *new_attachment(struct fuse_session *se,
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
	};
	if (a->origin)
		return a;
	free_attachment(a);
	return NULL;
}

static int open_fds(struct attachment *a)
{
	a->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (a->null_fd < 0)
		return -errno;
	/* Above stdio, which a filesystem closes when it becomes a daemon. */
	a->fd = fcntl(fusefd_fd(a->handoff, 0), F_DUPFD_CLOEXEC, 3);
	return a->fd < 0 ? -errno : 0;
}

int fusefd_fuse3_session_attach(struct fuse_session *se,
				struct fusefd_handoff *handoff)
{
	static const struct fuse_custom_io io = {
		.writev = write_message,
		.read = read_message,
	};
	struct attachment *a;
	int error;

	if (!se || !handoff || fuse_session_fd(se) != -1)
		return -EINVAL;
	a = new_attachment(se, handoff);
	if (!a)
		return -ENOMEM;
	error = open_fds(a);
	if (error)
		goto close;
	error = enlist(a);
	if (error)
		goto close;
	error = fuse_session_custom_io(se, &io, a->fd);
	if (!error)
		return 0;

	delist(a);
close:
	if (a->fd != -1)
		(void)close(a->fd);
	free_attachment(a);
	return error;
}

void fusefd_fuse3_session_serialize(struct fuse_session *se)
{
	find_by_session(se)->one_at_a_time = true;
}

/* libfuse's own loop, on a session that has exited, reads nothing: it returns
 * what a signal or a failed FUSE_INIT left in the session, and does whatever
 * else this version of libfuse does at the end of a loop. */
static int end_loop(struct fuse_session *se)
{
	fuse_session_exit(se);
	return fuse_session_loop(se);
}

int fusefd_fuse3_session_loop(struct fuse_session *se)
{
	const struct fusefd_callbacks callbacks = {
		.size = sizeof(callbacks),
		.request = handle_request,
		.exited = has_exited,
	};
	struct attachment *a = find_by_session(se);
	int error = 0, result;

	if (!a)
		return -EINVAL;
	if (!fuse_session_exited(se))
		error = fusefd_serve(a->handoff, &callbacks, a);
	if (error == -EBUSY) /* the loop that runs is not ours to end */
		return error;
	result = end_loop(se);
	return error ? error : result;
}

void fusefd_fuse3_session_detach(struct fuse_session *se)
{
	struct attachment *a = find_by_session(se);

	if (!a)
		return;
	delist(a);
	(void)dup3(a->null_fd, a->fd, O_CLOEXEC);
	free_attachment(a);
}
