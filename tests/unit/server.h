/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For unit tests: a session in a thread of its own, serving an empty root
 * directory, and clients that ask it for something.
 */
#ifndef FUSEFD_TEST_SERVER_H
#define FUSEFD_TEST_SERVER_H

#include "connection.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* How the filesystem behaves besides serving, and what it has seen. */
struct server {
	struct fusefd_handoff *handoff;
	struct fusefd_callbacks callbacks;
	pthread_t thread;
	int result; /* of fusefd_serve(); after stop() */

	int32_t init_error; /* answer FUSE_INIT with this */
	bool ignores_init;  /* do not answer it at all */
	void (*at_init)(struct server *);
	pthread_barrier_t *meet; /* answer GETATTR only when all are here */
	bool answers_elsewhere_first; /* try another fd before the right one */
	atomic_int refused_elsewhere; /* what that gave */
	atomic_uint requests;	      /* FUSE_INIT included */
	atomic_uint uid;	      /* of the last request */
	atomic_bool exited;	      /* what the callback of that name says */
	atomic_uint asked;	      /* how often it was called */
};

static inline int answer(struct fusefd_handoff *handoff, size_t index,
			 const struct fuse_in_header *request, int32_t error,
			 const void *body, size_t length)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + length),
		.error = error,
		.unique = request->unique,
	};
	struct iovec iov[] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = (void *)(uintptr_t)body, .iov_len = length},
	};

	return fusefd_reply(handoff, index, iov, length ? 2 : 1);
}

static inline void answer_init(struct server *server, size_t index,
			       const struct fuse_in_header *request)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 128 * 1024,
	};

	if (server->at_init)
		server->at_init(server);
	if (server->ignores_init)
		return;
	if (server->init_error)
		answer(server->handoff, index, request, server->init_error,
		       NULL, 0);
	else
		answer(server->handoff, index, request, 0, &out, sizeof(out));
}

static inline void answer_getattr(struct server *server, size_t index,
				  const struct fuse_in_header *request)
{
	const struct fuse_attr_out out = {
		.attr = {.ino = 1, .nlink = 2, .mode = S_IFDIR | 0755},
	};
	size_t other = (index + 1) % fusefd_count(server->handoff);

	if (server->meet)
		pthread_barrier_wait(server->meet);
	if (server->answers_elsewhere_first)
		atomic_store(&server->refused_elsewhere,
			     answer(server->handoff, other, request, 0, &out,
				    sizeof(out)));
	answer(server->handoff, index, request, 0, &out, sizeof(out));
}

static inline void answer_enosys(struct server *server, size_t index,
				 const struct fuse_in_header *request)
{
	size_t other = (index + 1) % fusefd_count(server->handoff);

	if (server->answers_elsewhere_first)
		atomic_store(&server->refused_elsewhere,
			     answer(server->handoff, other, request, -ENOSYS,
				    NULL, 0));
	answer(server->handoff, index, request, -ENOSYS, NULL, 0);
}

static inline void on_request(struct fusefd_handoff *handoff, size_t index,
			      void *message, size_t length, void *userdata)
{
	const struct fuse_in_header *request = message;
	struct server *server = userdata;

	(void)handoff;
	(void)length;
	atomic_fetch_add(&server->requests, 1);
	atomic_store(&server->uid, request->uid);
	switch (request->opcode) {
	case FUSE_INIT:
		answer_init(server, index, request);
		break;
	case FUSE_GETATTR:
		answer_getattr(server, index, request);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer_enosys(server, index, request);
		break;
	}
}

static inline int on_exited(void *userdata)
{
	struct server *server = userdata;

	atomic_fetch_add(&server->asked, 1);
	return atomic_load(&server->exited);
}

static inline struct server new_server(struct fusefd_handoff *handoff)
{
	return (struct server){
		.handoff = handoff,
		.callbacks = {.size = sizeof(struct fusefd_callbacks),
			      .request = on_request,
			      .exited = on_exited},
	};
}

static inline int serve(struct server *server)
{
	return fusefd_serve(server->handoff, &server->callbacks, server);
}

static inline void *server_main(void *server)
{
	((struct server *)server)->result = serve(server);
	return NULL;
}

static inline void start(struct server *server)
{
	assert_int_equal(
		pthread_create(&server->thread, NULL, server_main, server), 0);
}

static inline int stop(struct server *server)
{
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	return server->result;
}

/* 0, or what stat() of the root gives. */
static inline int ask(const struct connection *connection)
{
	struct stat st;

	return stat(connection->mountpoint, &st) == 0 ? 0 : errno;
}

/* The same, asked by a process of that uid. */
static inline int ask_as(const struct connection *connection, uid_t uid)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(setresuid(uid, uid, uid) == 0 ? ask(connection) : 255);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* 0, or what open() of the root gives a process of that uid. */
static inline int open_as(const struct connection *connection, uid_t uid)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (setresuid(uid, uid, uid))
			_exit(255);
		_exit(open(connection->mountpoint,
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0
			      ? errno
			      : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void *client_main(void *connection)
{
	return (void *)(intptr_t)ask(connection);
}

/* So many at once; how many were refused. */
static inline int ask_at_once(struct connection *connection, size_t count)
{
	pthread_t *clients = calloc(count, sizeof(*clients));
	int refused = 0;
	void *error;

	assert_non_null(clients);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_create(&clients[i], NULL, client_main,
						connection),
				 0);
	for (size_t i = 0; i < count; i++) {
		pthread_join(clients[i], &error);
		refused += error != NULL;
	}
	free(clients);
	return refused;
}

/* Threads of this process with the names that workers have. */
static inline size_t count_workers(void)
{
	DIR *tasks = opendir("/proc/self/task");
	size_t workers = 0;
	struct dirent *task;

	assert_non_null(tasks);
	while ((task = readdir(tasks))) {
		char path[300], name[16] = "";
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
			 task->d_name);
		comm = fopen(path, "re");
		if (!comm)
			continue;
		if (fgets(name, sizeof(name), comm))
			workers += strncmp(name, "fusefd/", 7) == 0;
		fclose(comm);
	}
	closedir(tasks);
	return workers;
}

/* They start one after the other, and name themselves. */
static inline void await_workers(size_t count)
{
	for (int i = 0; i < 500 && count_workers() < count; i++)
		usleep(10000);
	assert_int_equal(count_workers(), count);
}

#endif
