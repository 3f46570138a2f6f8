/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replies: one writev() to the device fd that the request came from. The only
 * one that the session itself reads is that to FUSE_INIT, which says how large
 * the requests will be.
 */
#include "fuse_abi.h"
#include "handoff.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PROTOCOL_MAJOR	   7	/* the only one there has ever been */
#define MINOR_OF_MAX_WRITE 5	/* before it, replies had no such field … */
#define IMPLIED_MAX_WRITE  4096 /* … and the kernel took this, its least */

struct init_reply {
	struct fuse_out_header header;
	struct fuse_init_out init;
};

/* The first bytes of a reply, however its iovec divides it. */
static size_t gather(void *into, size_t size, const struct iovec *iov,
		     int count)
{
	size_t filled = 0;

	for (int i = 0; i < count && filled < size; i++) {
		size_t left = size - filled;
		size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

		if (part)
			memcpy((char *)into + filled, iov[i].iov_base, part);
		filled += part;
	}
	return filled;
}

static bool is_acceptance(const struct init_reply *reply, size_t length)
{
	return reply->header.error == 0 &&
	       length >= sizeof(reply->header) + FUSEFD_INIT_OUT_LEAST &&
	       reply->init.major == PROTOCOL_MAJOR;
}

/* The buffer that the kernel will ask for at each read, 0 where none can be
 * so large (the worker's mmap() then fails). */
static size_t buffer_for(const struct fuse_init_out *init)
{
	size_t max_write = init->max_write;
	size_t size;

	if (init->minor < MINOR_OF_MAX_WRITE || max_write < IMPLIED_MAX_WRITE)
		max_write = IMPLIED_MAX_WRITE;
	if (__builtin_add_overflow(max_write, FUSEFD_REQUEST_HEADROOM, &size))
		return 0;
	return size > FUSEFD_LEAST_BUFFER ? size : FUSEFD_LEAST_BUFFER;
}

FUSEFD_RARE
static void note_init_reply(struct fusefd_session *session,
			    const struct iovec *iov, int count, int error)
{
	struct init_reply reply = {0};
	size_t length;

	if (atomic_load(&session->init) == FUSEFD_INIT_AWAITED)
		return;
	length = gather(&reply, sizeof(reply), iov, count);
	if (reply.header.unique != atomic_load(&session->init_unique))
		return;
	if (error || !is_acceptance(&reply, length)) {
		atomic_store(&session->init, FUSEFD_INIT_REFUSED);
		return;
	}
	atomic_store(&session->buffer_size, buffer_for(&reply.init));
	atomic_store(&session->init, FUSEFD_INIT_ACCEPTED);
}

int fusefd_reply(struct fusefd_handoff *handoff, size_t index,
		 const struct iovec *iov, int count)
{
	struct fusefd_session *session;
	int error = 0;

	if (!handoff || index >= handoff->count)
		return -EINVAL;
	if (writev(handoff->fds[index], iov, count) < 0)
		error = -errno;

	session = &handoff->session;
	if (atomic_load_explicit(&session->init, memory_order_relaxed) !=
	    FUSEFD_INIT_ACCEPTED)
		note_init_reply(session, iov, count, error);
	return error;
}
