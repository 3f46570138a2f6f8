/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The front end that speaks the kernel's protocol (linux/fuse.h), and two ways
 * to drive it: the library's session, and the least that a program can do.
 */
#include "nullfs.h"

#include <errno.h>
#include <fusefd.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The answer to one request; it points to itself, and so does not move. */
struct answer {
	struct fuse_out_header header;
	union {
		struct fuse_init_out init;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct {
			struct fuse_entry_out entry;
			struct fuse_open_out open;
		} create;
	} body;
	struct iovec iov[2];
	int count; /* 0: this request has no answer */
};

/* ---- Answers ------------------------------------------------------------ */

static void say(struct answer *answer, const void *bytes, size_t length)
{
	answer->iov[1].iov_base = (void *)(uintptr_t)bytes;
	answer->iov[1].iov_len = length;
	answer->header.len += (uint32_t)length;
	answer->count = length ? 2 : 1;
}

static void say_error(struct answer *answer, int error)
{
	answer->header.error = -error;
	say(answer, NULL, 0);
}

static struct fuse_attr attributes_of(uint64_t node)
{
	struct stat stat = tree_stat(node);

	return (struct fuse_attr){
		.ino = stat.st_ino,
		.size = (uint64_t)stat.st_size,
		.blocks = (uint64_t)stat.st_blocks,
		.mode = stat.st_mode,
		.nlink = (uint32_t)stat.st_nlink,
		.blksize = (uint32_t)stat.st_blksize,
	};
}

static void say_init(struct answer *answer, const struct fuse_init_in *in)
{
	const uint32_t wanted = FUSE_ASYNC_READ | FUSE_BIG_WRITES |
				FUSE_ASYNC_DIO | FUSE_MAX_PAGES;

	answer->body.init = (struct fuse_init_out){
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.flags = in->flags & wanted,
		.max_background = MAX_BACKGROUND,
		.congestion_threshold = CONGESTION_THRESHOLD,
		.max_write = MAX_WRITE,
		.max_pages = (uint16_t)(MAX_WRITE / sysconf(_SC_PAGESIZE)),
		.time_gran = 1,
	};
	say(answer, &answer->body.init, sizeof(answer->body.init));
}

static void say_entry(struct answer *answer, uint64_t node)
{
	struct fuse_entry_out *out = &answer->body.create.entry;

	if (!node) {
		say_error(answer, ENOENT);
		return;
	}
	*out = (struct fuse_entry_out){.nodeid = node,
				       .attr = attributes_of(node)};
	say(answer, out, sizeof(*out));
}

static void say_created(struct answer *answer, uint64_t node)
{
	say_entry(answer, node);
	if (!node)
		return;
	answer->body.create.open =
		(struct fuse_open_out){.open_flags = FOPEN_DIRECT_IO};
	answer->header.len = sizeof(answer->header);
	say(answer, &answer->body.create, sizeof(answer->body.create));
}

static void say_attributes(struct answer *answer, uint64_t node)
{
	answer->body.attr = (struct fuse_attr_out){.attr = attributes_of(node)};
	say(answer, &answer->body.attr, sizeof(answer->body.attr));
}

static void say_open(struct answer *answer, uint32_t flags)
{
	answer->body.open = (struct fuse_open_out){.open_flags = flags};
	say(answer, &answer->body.open, sizeof(answer->body.open));
}

static void say_content(struct answer *answer, const struct fuse_read_in *in)
{
	const char *bytes;
	size_t length = tree_read(in->offset, in->size, &bytes);

	say(answer, bytes, length);
}

static void say_entries(struct answer *answer, uint64_t node,
			const struct fuse_read_in *in)
{
	const char *bytes;
	size_t length = tree_list(node, in->offset, in->size, &bytes);

	say(answer, bytes, length);
}

static void say_written(struct answer *answer, const struct fuse_write_in *in)
{
	answer->body.write = (struct fuse_write_out){.size = in->size};
	say(answer, &answer->body.write, sizeof(answer->body.write));
}

/* ---- Requests ----------------------------------------------------------- */

static void find_answer(struct answer *answer,
			const struct fuse_in_header *request)
{
	const void *in = request + 1;
	const uint64_t node = request->nodeid;

	answer->count = 0;
	answer->header = (struct fuse_out_header){
		.len = sizeof(answer->header),
		.unique = request->unique,
	};
	answer->iov[0].iov_base = &answer->header;
	answer->iov[0].iov_len = sizeof(answer->header);

	switch (request->opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	case FUSE_INIT:
		say_init(answer, in);
		return;
	case FUSE_LOOKUP:
		say_entry(answer, tree_find(node, in));
		return;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		say_attributes(answer, node);
		return;
	case FUSE_CREATE:
		say_created(answer,
			    tree_create(node,
					(const char *)in +
						sizeof(struct fuse_create_in)));
		return;
	case FUSE_UNLINK:
		say_error(answer, tree_unlink(node, in) ? 0 : ENOENT);
		return;
	case FUSE_OPEN:
		say_open(answer, FOPEN_DIRECT_IO);
		return;
	case FUSE_OPENDIR:
		say_open(answer, 0);
		return;
	case FUSE_READ:
		say_content(answer, in);
		return;
	case FUSE_READDIR:
		say_entries(answer, node, in);
		return;
	case FUSE_WRITE:
		say_written(answer, in);
		return;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_DESTROY:
		say_error(answer, 0);
		return;
	default:
		say_error(answer, ENOSYS);
	}
}

/* ---- On the library's session ------------------------------------------- */

static void take_request(struct fusefd_handoff *handoff, size_t index,
			 void *message, size_t length, void *userdata)
{
	struct answer answer;

	(void)length;
	(void)userdata;
	find_answer(&answer, message);
	if (answer.count)
		(void)fusefd_reply(handoff, index, answer.iov, answer.count);
}

static int serve(struct fusefd_handoff *handoff)
{
	const struct fusefd_callbacks callbacks = {
		.size = sizeof(callbacks),
		.request = take_request,
	};
	int error;

	tree_plant((unsigned int)fusefd_count(handoff));
	error = fusefd_serve(handoff, &callbacks, NULL);
	fusefd_free(handoff);
	if (error)
		fprintf(stderr, "nullfs: serve: %s\n", strerror(-error));
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int raw_serve(void)
{
	struct fusefd_handoff *handoff;
	int error = fusefd_from_env(&handoff);

	if (error) {
		fprintf(stderr, "nullfs: handoff: %s\n", strerror(-error));
		return EXIT_FAILURE;
	}
	return serve(handoff);
}

/* ---- By itself ---------------------------------------------------------- */

#define BUFFER_SIZE (MAX_WRITE + 4096)

static void answer_all(int fd, void *buffer)
{
	struct answer answer;
	ssize_t length;

	for (;;) {
		length = read(fd, buffer, BUFFER_SIZE);
		if (length < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return;
		}
		find_answer(&answer, buffer);
		if (answer.count && writev(fd, answer.iov, answer.count) < 0 &&
		    errno == ENODEV)
			return;
	}
}

static void *work(void *argument)
{
	int *fd = argument;
	void *buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return NULL;
	answer_all(*fd, buffer);
	(void)munmap(buffer, BUFFER_SIZE);
	return NULL;
}

/* What FUSEFD_FDS lists; the launcher has written it, and nothing is checked
 * here. */
static size_t parse_fds(const char *list, int *fds)
{
	size_t count = 0;
	char *end;

	while (list && *list && count < FUSEFD_MAX_FDS) {
		fds[count++] = (int)strtol(list, &end, 10);
		list = *end ? end + 1 : end;
	}
	return count;
}

int raw_bare(void)
{
	pthread_t threads[FUSEFD_MAX_FDS];
	int fds[FUSEFD_MAX_FDS];
	size_t count = parse_fds(getenv("FUSEFD_FDS"), fds);
	size_t started = 0;

	tree_plant((unsigned int)count);
	while (started < count && pthread_create(&threads[started], NULL, work,
						 &fds[started]) == 0)
		started++;
	if (started == 0 || started < count) {
		fprintf(stderr, "nullfs: no device fds, or no threads\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return EXIT_SUCCESS;
}
