/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A libfuse session on a handoff: attached, run, detached, in every order that
 * a caller may try, and nothing left behind.
 */
#define FUSE_USE_VERSION 312

#include "connection.h"
#include <dirent.h>
#include <errno.h>
#include <fuse_lowlevel.h>
#include <fusefd_fuse3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define FDS	4
#define CLIENTS 4

/* What is open or runs: the entries of a folder of /proc. */
static size_t count_entries(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static size_t count_fds(void)
{
	return count_entries("/proc/self/fd") - 1; /* the folder's own */
}

/* A thread that is joined may be seen for a moment longer: the kernel wakes
 * the joiner before it takes the thread off its list. */
static void assert_threads(size_t expected)
{
	for (int i = 0; i < 1000; i++) {
		if (count_entries("/proc/self/task") == expected)
			return;
		usleep(10000);
	}
	assert_int_equal(count_entries("/proc/self/task"), expected);
}

/* ---- The filesystem: a root, and it ends when it was asked often enough -- */

struct filesystem {
	struct fuse_session *se;
	atomic_uint requests;
	unsigned int last; /* the session ends from within this one */
};

static void fs_getattr(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct filesystem *fs = fuse_req_userdata(req);
	const struct stat st = {
		.st_ino = ino, .st_mode = S_IFDIR | 0755, .st_nlink = 2};

	(void)fi;
	fuse_reply_attr(req, &st, 0);
	if (atomic_fetch_add(&fs->requests, 1) + 1 == fs->last)
		fuse_session_exit(fs->se);
}

static struct fuse_session *new_session(struct filesystem *fs)
{
	static const struct fuse_lowlevel_ops ops = {.getattr = fs_getattr};
	char *argv[] = {"test_fuse3", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *se =
		fuse_session_new(&args, &ops, sizeof(ops), fs);

	assert_non_null(se);
	fuse_opt_free_args(&args);
	if (fs)
		fs->se = se;
	return se;
}

/* Ask until there is nobody who answers. */
static void *ask(void *mountpoint)
{
	struct stat st;

	while (stat(mountpoint, &st) == 0)
		;
	return NULL;
}

struct clients {
	pthread_t threads[CLIENTS];
};

static void start_clients(struct clients *clients, struct connection *c)
{
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&clients->threads[i], NULL, ask,
						c->mountpoint),
				 0);
}

static void join_clients(const struct clients *clients)
{
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(clients->threads[i], NULL);
}

/* ---- Attach ------------------------------------------------------------- */

static void attach_refuses_what_it_cannot_serve(void **state)
{
	struct fuse_session *se, *other;
	struct fusefd_handoff *handoff;
	struct connection c;
	size_t fds;

	(void)state;
	require_fuse();
	connect_fds(&c, FDS);
	handoff = take(&c, FUSEFD_ACL_OWNER);
	se = new_session(NULL);
	other = new_session(NULL);

	assert_int_equal(fusefd_fuse3_session_attach(NULL, handoff), -EINVAL);
	assert_int_equal(fusefd_fuse3_session_attach(se, NULL), -EINVAL);
	assert_int_equal(fusefd_fuse3_session_attach(se, handoff), 0);
	fds = count_fds();
	assert_int_equal(fusefd_fuse3_session_attach(se, handoff), -EINVAL);
	assert_int_equal(fusefd_fuse3_session_attach(other, handoff), -EBUSY);
	assert_int_equal(fuse_session_fd(other), -1);
	assert_int_equal(count_fds(), fds);

	/* What was refused can be had later. */
	fusefd_fuse3_session_detach(se);
	assert_int_equal(fusefd_fuse3_session_attach(other, handoff), 0);
	fusefd_fuse3_session_detach(other);
	fuse_session_destroy(se);
	fuse_session_destroy(other);
	fusefd_free(handoff);
	disconnect(&c);
}

static void a_session_that_is_not_attached_does_nothing(void **state)
{
	struct fuse_session *se = new_session(NULL);

	(void)state;
	assert_int_equal(fusefd_fuse3_session_loop(se), -EINVAL);
	assert_int_equal(fusefd_fuse3_session_loop(NULL), -EINVAL);
	fusefd_fuse3_session_detach(se);
	fusefd_fuse3_session_detach(NULL);
	fuse_session_destroy(se);
}

/* ---- Loop --------------------------------------------------------------- */

/* libfuse's own loops clear the flag when they return, up to 3.17. */
static void clear_exited(struct fuse_session *se)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 18)
	fuse_session_reset(se);
#endif
	assert_false(fuse_session_exited(se));
}

static void a_loop_under_load_ends_and_can_run_again(void **state)
{
	const size_t threads = count_entries("/proc/self/task");
	struct filesystem fs = {.last = 1000};
	struct fusefd_handoff *handoff;
	struct clients clients;
	struct fuse_session *se;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, FDS);
	handoff = take(&c, FUSEFD_ACL_OWNER);
	se = new_session(&fs);
	assert_int_equal(fusefd_fuse3_session_attach(se, handoff), 0);

	fuse_session_exit(se);
	assert_int_equal(fusefd_fuse3_session_loop(se), 0);
	assert_int_equal(atomic_load(&fs.requests), 0);
	clear_exited(se);

	start_clients(&clients, &c);
	for (; fs.last <= 3000; fs.last += 1000) {
		assert_int_equal(fusefd_fuse3_session_loop(se), 0);
		assert_true(atomic_load(&fs.requests) >= fs.last);
		clear_exited(se);
		assert_threads(threads + CLIENTS);
	}
	fusefd_fuse3_session_detach(se);
	/* The end of the connection: the clients' calls fail. */
	fusefd_free(handoff);
	join_clients(&clients);
	assert_threads(threads);
	fuse_session_destroy(se);
	disconnect(&c);
}

/* On one fd, then; what libfuse reads and answers must meet there. */
static void the_loop_of_libfuse_works_too(void **state)
{
	struct filesystem fs = {.last = 100};
	struct fusefd_handoff *handoff;
	struct clients clients;
	struct fuse_session *se;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, FDS);
	handoff = take(&c, FUSEFD_ACL_OWNER);
	se = new_session(&fs);
	assert_int_equal(fusefd_fuse3_session_attach(se, handoff), 0);
	start_clients(&clients, &c);
	assert_int_equal(fuse_session_loop(se), 0);
	assert_true(atomic_load(&fs.requests) >= 100);
	fusefd_fuse3_session_detach(se);
	fusefd_free(handoff);
	join_clients(&clients);
	fuse_session_destroy(se);
	disconnect(&c);
}

static void libfuses_loop_is_refused_where_it_would_let_others_in(void **state)
{
	struct fusefd_handoff *handoff;
	struct fuse_session *se;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, FDS);
	handoff = take(&c, FUSEFD_ACL_OWNER_AND_ROOT);
	se = new_session(NULL);
	assert_int_equal(fusefd_fuse3_session_attach(se, handoff), 0);
	assert_int_equal(fuse_session_loop(se), -EOPNOTSUPP);
	fusefd_fuse3_session_detach(se);
	fuse_session_destroy(se);
	fusefd_free(handoff);
	disconnect(&c);
}

/* ---- Detach ------------------------------------------------------------- */

static void assert_is_null_device(int fd)
{
	char link[sizeof("/proc/self/fd/") + 12], target[16] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/dev/null");
}

/* A notification wants a connection that has had its FUSE_INIT, so it is made
 * after a loop. */
static void detach_gives_everything_back(void **state)
{
	const size_t fds = count_fds();
	struct filesystem fs = {.last = 1};
	struct fusefd_handoff *handoff;
	struct clients clients;
	struct fuse_session *se;
	struct connection c;

	(void)state;
	require_fuse();
	connect_fds(&c, FDS);
	assert_int_equal(count_fds(), fds + FDS);
	handoff = take(&c, FUSEFD_ACL_OWNER);
	se = new_session(&fs);
	assert_int_equal(fusefd_fuse3_session_attach(se, handoff), 0);
	start_clients(&clients, &c);
	assert_int_equal(fusefd_fuse3_session_loop(se), 0);

	fusefd_fuse3_session_detach(se);
	assert_int_equal(count_fds(), fds + FDS + 1);
	assert_is_null_device(fuse_session_fd(se));
	assert_int_equal(fuse_lowlevel_notify_inval_inode(se, 1, 0, 0), 0);

	fusefd_free(handoff);
	join_clients(&clients);
	fuse_session_destroy(se);
	assert_int_equal(count_fds(), fds);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_refuses_what_it_cannot_serve),
		cmocka_unit_test(a_session_that_is_not_attached_does_nothing),
		cmocka_unit_test(a_loop_under_load_ends_and_can_run_again),
		cmocka_unit_test(the_loop_of_libfuse_works_too),
		cmocka_unit_test(
			libfuses_loop_is_refused_where_it_would_let_others_in),
		cmocka_unit_test(detach_gives_everything_back),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
