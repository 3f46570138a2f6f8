/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "no_open.h"
#include "handoff.h"
#include "reply.h"
#include <errno.h>
#include <stdlib.h>

struct fusefd_asked {
	struct fusefd_asked *next;
	uint64_t unique;
	uint32_t opcode;
};

void fusefd_no_open_init(struct fusefd_no_open *no_open)
{
	(void)pthread_mutex_init(&no_open->lock, NULL);
}

/* What is left was never answered. */
void fusefd_no_open_destroy(struct fusefd_no_open *no_open)
{
	for (size_t i = 0; i < FUSEFD_NO_OPEN_BUCKETS; i++) {
		while (no_open->asked[i]) {
			struct fusefd_asked *asked = no_open->asked[i];

			no_open->asked[i] = asked->next;
			free(asked);
		}
	}
	(void)pthread_mutex_destroy(&no_open->lock);
}

/* ---- Requests that the filesystem has -------------------------------------- */

/* The kernel numbers requests in steps of 2 (FUSE_REQ_ID_STEP). The lock is
 * held. */
static struct fusefd_asked **find(struct fusefd_no_open *no_open,
				  uint64_t unique)
{
	struct fusefd_asked **at =
		&no_open->asked[unique / 2 % FUSEFD_NO_OPEN_BUCKETS];

	while (*at && (*at)->unique != unique)
		at = &(*at)->next;
	return at;
}

static bool remember(struct fusefd_no_open *no_open,
		     const struct fuse_in_header *request)
{
	struct fusefd_asked *asked = malloc(sizeof(*asked));
	struct fusefd_asked **at;

	if (!asked)
		return false;
	pthread_mutex_lock(&no_open->lock);
	at = find(no_open, request->unique);
	*asked = (struct fusefd_asked){
		.next = *at, /* NULL: no unique comes twice */
		.unique = request->unique,
		.opcode = request->opcode,
	};
	*at = asked;
	atomic_fetch_add(&no_open->count, 1);
	pthread_mutex_unlock(&no_open->lock);
	return true;
}

/* 0, which is no opcode, if it is none of them. */
static uint32_t opcode_of(struct fusefd_no_open *no_open, uint64_t unique)
{
	const struct fusefd_asked *asked;
	uint32_t opcode;

	pthread_mutex_lock(&no_open->lock);
	asked = *find(no_open, unique);
	opcode = asked ? asked->opcode : 0;
	pthread_mutex_unlock(&no_open->lock);
	return opcode;
}

static void forget(struct fusefd_no_open *no_open, uint64_t unique)
{
	struct fusefd_asked **at, *asked;

	pthread_mutex_lock(&no_open->lock);
	at = find(no_open, unique);
	asked = *at;
	if (asked) {
		*at = asked->next;
		atomic_fetch_sub(&no_open->count, 1);
	}
	pthread_mutex_unlock(&no_open->lock);
	free(asked);
}

/* ---- Answers of the session ------------------------------------------------- */

static int answer(struct fusefd_handoff *handoff, size_t index, uint64_t unique,
		  int error, const void *body, size_t length)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + length),
		.error = error,
		.unique = unique,
	};
	const struct iovec iov[] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = (void *)(uintptr_t)body, .iov_len = length},
	};

	return fusefd_write_reply(handoff, index, iov, length ? 2 : 1);
}

/* As fuse_file_open() has it: "Default for no-open". */
static int answer_for_lack(struct fusefd_handoff *handoff, size_t index,
			   uint64_t unique, enum fusefd_lack lack)
{
	struct fuse_open_out opened = {.open_flags = FOPEN_KEEP_CACHE};

	if (lack == FUSEFD_NO_ACCESS)
		return answer(handoff, index, unique, 0, NULL, 0);
	if (lack == FUSEFD_NO_OPENDIR)
		opened.open_flags |= FOPEN_CACHE_DIR;
	return answer(handoff, index, unique, 0, &opened, sizeof(opened));
}

/* ---- Requests ----------------------------------------------------------------- */

/* FUSEFD_LACKS if an ENOSYS makes no difference to who may do what: the kernel
 * then fails the call (GETXATTR, IOCTL, RENAME2), or makes another request of
 * it (CREATE, STATX), or it concerns an open file (FLUSH, LSEEK, POLL). */
static enum fusefd_lack lack_of(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_OPEN:
		return FUSEFD_NO_OPEN;
	case FUSE_OPENDIR:
		return FUSEFD_NO_OPENDIR;
	case FUSE_ACCESS:
		return FUSEFD_NO_ACCESS;
	default:
		return FUSEFD_LACKS;
	}
}

static bool lacks(struct fusefd_no_open *no_open, enum fusefd_lack lack)
{
	return lack != FUSEFD_LACKS && atomic_load(&no_open->lacks[lack]);
}

/* The session, not the filesystem, said that it was open. */
static bool is_release_of_ours(struct fusefd_no_open *no_open,
			       const struct fuse_in_header *request,
			       size_t length)
{
	const struct fuse_release_in *in = (const void *)(request + 1);
	const bool is_directory = request->opcode == FUSE_RELEASEDIR;
	const enum fusefd_lack lack =
		is_directory ? FUSEFD_NO_OPENDIR : FUSEFD_NO_OPEN;

	return lacks(no_open, lack) &&
	       length >= sizeof(*request) + sizeof(*in) && in->fh == 0 &&
	       !atomic_load(&no_open->gives_zero[is_directory]);
}

bool fusefd_no_open_request(struct fusefd_handoff *handoff, size_t index,
			    const struct fuse_in_header *request, size_t length)
{
	struct fusefd_no_open *no_open = &handoff->no_open;

	switch (request->opcode) {
	case FUSE_OPEN:
	case FUSE_OPENDIR:
	case FUSE_ACCESS:
		if (!lacks(no_open, lack_of(request->opcode)))
			break;
		(void)answer_for_lack(handoff, index, request->unique,
				      lack_of(request->opcode));
		return true;
	case FUSE_CREATE:
	case FUSE_TMPFILE:
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		if (!is_release_of_ours(no_open, request, length))
			return false;
		(void)answer(handoff, index, request->unique, 0, NULL, 0);
		return true;
	default:
		return false;
	}
	if (remember(no_open, request))
		return false;
	(void)answer(handoff, index, request->unique, -ENOMEM, NULL, 0);
	return true;
}

/* ---- Replies ------------------------------------------------------------------ */

/* As far as one has to be read. */
struct reply {
	struct fuse_out_header header;
	union {
		struct fuse_open_out opened; /* OPEN, OPENDIR */
		struct {		     /* CREATE, TMPFILE */
			struct fuse_entry_out entry;
			struct fuse_open_out opened;
		} created;
	};
};

static void note_handle(struct fusefd_no_open *no_open, uint32_t opcode,
			const struct reply *reply)
{
	uint64_t fh = reply->opened.fh;

	if (opcode == FUSE_ACCESS)
		return;
	if (opcode == FUSE_CREATE || opcode == FUSE_TMPFILE)
		fh = reply->created.opened.fh;
	if (fh == 0)
		atomic_store(&no_open->gives_zero[opcode == FUSE_OPENDIR],
			     true);
}

/* What has to be known is noted before the kernel has the answer, and can ask
 * for more. */
static int pass_reply(struct fusefd_handoff *handoff, size_t index,
		      const struct iovec *iov, int count, uint32_t opcode)
{
	struct fusefd_no_open *no_open = &handoff->no_open;
	const enum fusefd_lack lack = lack_of(opcode);
	struct reply reply = {0};

	(void)fusefd_gather_reply(&reply, sizeof(reply), iov, count);
	if (reply.header.error == -ENOSYS && lack != FUSEFD_LACKS) {
		atomic_store(&no_open->lacks[lack], true);
		return answer_for_lack(handoff, index, reply.header.unique,
				       lack);
	}
	if (reply.header.error == 0)
		note_handle(no_open, opcode, &reply);
	return fusefd_write_reply(handoff, index, iov, count);
}

int fusefd_no_open_reply(struct fusefd_handoff *handoff, size_t index,
			 const struct iovec *iov, int count)
{
	struct fusefd_no_open *no_open = &handoff->no_open;
	struct fuse_out_header header = {0};
	uint32_t opcode;
	int error;

	(void)fusefd_gather_reply(&header, sizeof(header), iov, count);
	opcode = opcode_of(no_open, header.unique);
	if (!opcode)
		return fusefd_write_reply(handoff, index, iov, count);
	error = pass_reply(handoff, index, iov, count, opcode);
	/* That was the wrong fd; the answer is still to come. */
	if (error != -ENOENT)
		forget(no_open, header.unique);
	return error;
}
