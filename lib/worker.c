/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A worker: one thread that reads requests from one device fd and gives them
 * to the filesystem. Between its read() and the filesystem's reply it makes no
 * system call and takes no lock.
 */
#include "acl.h"
#include "fuse_abi.h"
#include "handoff.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* A cancelled thread leaves these functions without returning from them, and
 * AddressSanitizer would go on guarding the locals of frames that are gone.
 * With this they have no guards, nor has anything that is inlined into them. */
#define LEFT_BY_CANCELLATION __attribute__((no_sanitize("address")))

/* What stands in front of the payload of a WRITE. */
#define WRITE_HEADER                                                           \
	(sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in))

/* So that the payload of a WRITE begins a page: the kernel, which copies page
 * by page, then makes one copy of each of its pages in place of two, and the
 * filesystem may pass it on with O_DIRECT. */
static size_t lead_of(void)
{
	return (size_t)sysconf(_SC_PAGESIZE) - WRITE_HEADER;
}

/* Resident only as far as requests have reached into it. */
static int allocate_buffer(struct fusefd_worker *worker, size_t size)
{
	char *mapping = mmap(NULL, lead_of() + size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mapping == MAP_FAILED)
		return -ENOMEM;
	worker->buffer = mapping + lead_of();
	worker->buffer_size = size;
	return 0;
}

static void free_buffer(struct fusefd_worker *worker)
{
	(void)munmap((char *)worker->buffer - lead_of(),
		     lead_of() + worker->buffer_size);
}

/* One read() that fusefd_worker_cancel() can end; nothing else can be.
 * Where a cancellation comes just after the kernel has handed out a request,
 * glibc before 2.41 throws that away and somebody waits for the answer for
 * ever. So the header's length is 0 until there is a request, by which
 * fusefd_worker_join() finds it. */
LEFT_BY_CANCELLATION
static ssize_t read_cancellably(struct fusefd_worker *worker)
{
	struct fuse_in_header *request = worker->buffer;
	int fd = worker->handoff->fds[worker->index];
	ssize_t length;

	request->len = 0;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	length = read(fd, worker->buffer, worker->buffer_size);
	if (length < 0)
		length = -errno;
	/* Somebody made the device nonblocking; spinning would not help. */
	if (length == -EAGAIN)
		(void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return length;
}

/* The length of the next request; or the outcome, 0 or a negative errno. */
LEFT_BY_CANCELLATION
static ssize_t receive(struct fusefd_worker *worker)
{
	for (;;) {
		ssize_t length = read_cancellably(worker);

		switch (length) {
		case -EAGAIN:
		case -EINTR:
		case -ENOENT: /* interrupted before it could be read */
			continue;
		case -ENODEV:	    /* unmounted, or aborted */
		case -ECONNABORTED: /* aborted, with FUSE_ABORT_ERROR */
			return 0;
		default:
			break;
		}
		if (length >= 0 &&
		    (size_t)length < sizeof(struct fuse_in_header))
			return -EIO;
		return length;
	}
}

FUSEFD_RARE
static void refuse(struct fusefd_worker *worker,
		   const struct fuse_in_header *request)
{
	struct fuse_out_header answer = {
		.len = sizeof(answer),
		.error = -EACCES,
		.unique = request->unique,
	};
	struct iovec iov = {.iov_base = &answer, .iov_len = sizeof(answer)};

	(void)fusefd_reply(worker->handoff, worker->index, &iov, 1);
}

static void pass_on(struct fusefd_worker *worker, size_t length)
{
	struct fusefd_session *session = &worker->handoff->session;

	session->callbacks.request(worker->handoff, worker->index,
				   worker->buffer, length, session->userdata);
}

/* From the answer to FUSE_INIT on, requests are as large as it said. */
static int grow_buffer(struct fusefd_worker *worker)
{
	struct fusefd_worker old = *worker;
	const struct fusefd_session *session = &worker->handoff->session;
	int error = allocate_buffer(worker, atomic_load(&session->buffer_size));

	if (!error)
		free_buffer(&old);
	return error;
}

/* FUSE_INIT, which comes to the primary's worker while it is alone. Once it is
 * accepted, fusefd_serve() is to start the others. */
FUSEFD_RARE
static int pass_on_init(struct fusefd_worker *worker, size_t length)
{
	struct fusefd_session *session = &worker->handoff->session;
	const struct fuse_in_header *request = worker->buffer;
	int error;

	atomic_store(&session->init_unique, request->unique);
	atomic_store(&session->init, FUSEFD_INIT_IN_HAND);
	pass_on(worker, length);

	switch (atomic_load(&session->init)) {
	case FUSEFD_INIT_ACCEPTED:
		error = grow_buffer(worker);
		if (error)
			return error;
		(void)sem_post(&session->wake);
		return FUSEFD_SERVING;
	case FUSEFD_INIT_REFUSED: /* requests fail until it is unmounted */
		return FUSEFD_SERVING;
	default: /* request() broke its promise to answer */
		return -EPROTO;
	}
}

static int dispatch(struct fusefd_worker *worker, size_t length)
{
	struct fusefd_handoff *handoff = worker->handoff;
	const struct fuse_in_header *request = worker->buffer;

	if (!fusefd_acl_allows(handoff->acl, handoff->owner, request, length))
		refuse(worker, request);
	else if (request->opcode == FUSE_INIT)
		return pass_on_init(worker, length);
	else if (!handoff->refuses_alone ||
		 !fusefd_no_open_request(handoff, worker->index, request,
					 length))
		pass_on(worker, length);
	return FUSEFD_SERVING;
}

LEFT_BY_CANCELLATION
static int serve_one(struct fusefd_worker *worker)
{
	ssize_t length = receive(worker);
	int outcome;

	if (length <= 0)
		return (int)length;
	outcome = dispatch(worker, (size_t)length);
	if (outcome == FUSEFD_SERVING &&
	    fusefd_session_exited(&worker->handoff->session))
		return 0;
	return outcome;
}

/* For those who look with ps -L or perf. */
static void name_thread(size_t index)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "fusefd/%zu", index);
	(void)pthread_setname_np(pthread_self(), name);
}

LEFT_BY_CANCELLATION
static void *worker_main(void *argument)
{
	struct fusefd_worker *worker = argument;
	int outcome;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	name_thread(worker->index);
	do {
		outcome = serve_one(worker);
	} while (outcome == FUSEFD_SERVING);
	fusefd_session_end(&worker->handoff->session, outcome);
	return NULL;
}

/* The signals that end programs belong to the thread in fusefd_serve(), where
 * they end its wait; in a worker they would at best interrupt a read. */
static int create_thread(struct fusefd_worker *worker)
{
	sigset_t ours, callers;
	int error;

	sigemptyset(&ours);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGQUIT);
	sigaddset(&ours, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ours, &callers);
	error = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &callers, NULL);
	return -error;
}

int fusefd_worker_start(struct fusefd_worker *worker,
			struct fusefd_handoff *handoff, size_t index)
{
	struct fusefd_session *session = &handoff->session;
	size_t size = FUSEFD_LEAST_BUFFER;
	int error;

	if (atomic_load(&session->init) == FUSEFD_INIT_ACCEPTED)
		size = atomic_load(&session->buffer_size);
	worker->handoff = handoff;
	worker->index = index;
	error = allocate_buffer(worker, size);
	if (error)
		return error;
	error = create_thread(worker);
	if (error)
		free_buffer(worker);
	return error;
}

void fusefd_worker_cancel(struct fusefd_worker *worker)
{
	(void)pthread_cancel(worker->thread);
}

void fusefd_worker_join(struct fusefd_worker *worker)
{
	const struct fuse_in_header *request;
	void *result;

	(void)pthread_join(worker->thread, &result);
	request = worker->buffer; /* not sooner: the worker may replace it */
	/* Cancelled between the kernel's answer and ours: the request is
	 * passed on from here, for want of its worker. */
	if (result == PTHREAD_CANCELED && request->len)
		(void)dispatch(worker, request->len);
	free_buffer(worker);
}
