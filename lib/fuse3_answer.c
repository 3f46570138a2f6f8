/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers, from whichever thread, to the device fd that the request came from.
 */
#define FUSE_USE_VERSION 312

#include "fuse3_attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <unistd.h>

/* In the unique of what concerns another request's interruption, beside the
 * unique of that request (FUSE_INT_REQ_BIT, fs/fuse/dev.c, Linux 4.20). */
#define INTERRUPT_BIT UINT64_C(1)

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

	a = fusefd_attachment_lock(fd);
	if (a)
		error = send_message(a, iov, count);
	fusefd_attachment_unlock();
	return error;
}

ssize_t fusefd_answer_write(int fd, struct iovec *iov, int count,
			    void *userdata)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	int error;

	(void)userdata;
	if (fusefd_serving && fusefd_serving->fd == fd)
		error = send_message(fusefd_serving, iov, count);
	else
		error = send_from_outside(fd, iov, count);
	if (error) {
		errno = -error;
		return -1;
	}
	return (ssize_t)header->len;
}

/* Out of the pipe there is no second attempt: what nobody knows of was read by
 * libfuse's own loop, from the session's fd, which is the primary. */
static ssize_t splice_from(struct attachment *a, struct fusefd_pipe *copy,
			   int pipe, size_t length, unsigned int flags)
{
	struct fuse_out_header header;
	size_t worker;
	int error = fusefd_pipe_peek(copy, pipe, &header, sizeof(header));

	if (error) {
		errno = -error;
		return -1;
	}
	if (!find_worker(a, header.unique, &worker))
		worker = 0;
	return splice(pipe, NULL, fusefd_fd(a->handoff, worker), NULL, length,
		      flags);
}

static ssize_t splice_from_outside(int fd, int pipe, size_t length,
				   unsigned int flags)
{
	struct fusefd_pipe copy = FUSEFD_NO_PIPE;
	struct attachment *a;
	ssize_t result = -1;
	int error = ENODEV;

	a = fusefd_attachment_lock(fd);
	if (a) {
		result = splice_from(a, &copy, pipe, length, flags);
		error = errno;
	}
	fusefd_attachment_unlock();
	fusefd_pipe_close(&copy);
	errno = error;
	return result;
}

ssize_t fusefd_answer_splice(int pipe, off_t *pipe_offset, int fd,
			     off_t *fd_offset, size_t length,
			     unsigned int flags, void *userdata)
{
	(void)pipe_offset; /* neither end has one */
	(void)fd_offset;
	(void)userdata;
	if (fusefd_serving && fusefd_serving->fd == fd)
		return splice_from(fusefd_serving,
				   &fusefd_serving->pipes[fusefd_serving_as],
				   pipe, length, flags);
	return splice_from_outside(fd, pipe, length, flags);
}
