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
 * Requests come in memory, as fusefd_serve() has them. Answers go from there
 * too, unless the filesystem has libfuse splice them (FUSE_CAP_SPLICE_WRITE).
 */
#define FUSE_USE_VERSION 312

#include "fuse3_attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <unistd.h>

/* ---- Requests ----------------------------------------------------------- */

/* For a loop of libfuse's, or of the filesystem's own, on the one fd that it
 * knows. "The owner and root" is then nobody's business to enforce, so such a
 * handoff is refused; the kernel sees to the other two. */
static ssize_t read_message(int fd, void *buffer, size_t size, void *userdata)
{
	const struct attachment *a;
	int error = 0;

	(void)userdata;
	a = fusefd_attachment_lock(fd);
	if (!a)
		error = ENODEV;
	else if (fusefd_get_acl(a->handoff) == FUSEFD_ACL_OWNER_AND_ROOT)
		error = EOPNOTSUPP;
	fusefd_attachment_unlock();
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
	fusefd_serving = a;
	fusefd_serving_as = index;
	if (wants_answer(&request))
		fusefd_origin_begin(a->origin, index, request.unique);
	fuse_session_process_buf(a->se, &buffer);
	if (wants_answer(&request))
		fusefd_origin_end(a->origin);
	fusefd_serving = NULL;
	if (a->one_at_a_time)
		pthread_mutex_unlock(&a->turn);
}

static int has_exited(void *userdata)
{
	const struct attachment *a = userdata;

	return fuse_session_exited(a->se);
}

/* ---- The interface ------------------------------------------------------ */

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
		.writev = fusefd_answer_write,
		.read = read_message,
		.splice_send = fusefd_answer_splice,
	};
	struct attachment *a;
	int error;

	if (!se || !handoff || fuse_session_fd(se) != -1)
		return -EINVAL;
	a = fusefd_attachment_new(se, handoff);
	if (!a)
		return -ENOMEM;
	error = open_fds(a);
	if (error)
		goto close;
	error = fusefd_attachment_enlist(a);
	if (error)
		goto close;
	error = fuse_session_custom_io(se, &io, a->fd);
	if (!error)
		return 0;

	fusefd_attachment_delist(a);
close:
	if (a->fd != -1)
		(void)close(a->fd);
	fusefd_attachment_free(a);
	return error;
}

void fusefd_fuse3_session_serialize(struct fuse_session *se)
{
	fusefd_attachment_of(se)->one_at_a_time = true;
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
	struct attachment *a = fusefd_attachment_of(se);
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
	struct attachment *a = fusefd_attachment_of(se);

	if (!a)
		return;
	fusefd_attachment_delist(a);
	(void)dup3(a->null_fd, a->fd, O_CLOEXEC);
	fusefd_attachment_free(a);
}
