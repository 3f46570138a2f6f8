/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a session does while it lasts: workers, replies, the ACL, readiness.
 */
#include "server.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* Four requests that wait for each other are answered only by four workers.
 * Many times, because FUSE_INIT lies ready when a session starts, and may be
 * answered before or after fusefd_serve() begins to wait for it. */
static void one_worker_per_fd(void **state)
{
	(void)state;
	require_fuse();
	for (int round = 0; round < 50; round++) {
		pthread_barrier_t meet;
		struct connection c;
		struct server s;

		connect_fds(&c, 4);
		s = new_server(take(&c, FUSEFD_ACL_OWNER));
		pthread_barrier_init(&meet, NULL, 4);
		s.meet = &meet;
		start(&s);
		assert_int_equal(ask_at_once(&c, 4), 0);
		await_workers(4);
		unmount(&c);
		assert_int_equal(stop(&s), 0);
		assert_int_equal(count_workers(), 0);
		pthread_barrier_destroy(&meet);
		fusefd_free(s.handoff);
		disconnect(&c);
	}
}

static void workers_of_253_fds(void **state)
{
	struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	connect_fds(&c, FUSEFD_MAX_FDS);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	assert_int_equal(ask_at_once(&c, 20), 0);
	await_workers(FUSEFD_MAX_FDS);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	assert_int_equal(count_workers(), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static void reply_belongs_to_its_fd(void **state)
{
	struct iovec iov = {0};
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	s.answers_elsewhere_first = true;
	start(&s);
	assert_int_equal(ask(&c), 0);
	assert_int_equal(atomic_load(&s.refused_elsewhere), -ENOENT);
	assert_int_equal(fusefd_reply(s.handoff, 2, &iov, 1), -EINVAL);
	assert_int_equal(fusefd_reply(NULL, 0, &iov, 1), -EINVAL);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static void acl_is_enforced(void **state)
{
	const uid_t alice = 54321, bob = 54322;
	struct fusefd_handoff *handoff;
	struct connection c;
	unsigned int before;
	struct server s;

	(void)state;
	require_fuse();
	connect_with(&c, 2, ",allow_other");
	announce(&c, "owner_and_root", "54321");
	assert_int_equal(fusefd_from_env(&handoff), 0);
	forget_fds(&c);
	s = new_server(handoff);
	start(&s);
	assert_int_equal(ask(&c), 0);
	assert_int_equal(atomic_load(&s.uid), 0);
	assert_int_equal(ask_as(&c, alice), 0);
	assert_int_equal(atomic_load(&s.uid), alice);
	before = atomic_load(&s.requests);
	assert_int_equal(ask_as(&c, bob), EACCES);
	assert_int_equal(atomic_load(&s.requests), before);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* An ENOSYS of OPENDIR, tried at the wrong fd first, does not make the kernel
 * open for everybody. The filesystem is asked once. */
static void acl_is_enforced_without_opendir(void **state)
{
	const uid_t alice = 54321, bob = 54322;
	struct fusefd_handoff *handoff;
	struct connection c;
	unsigned int before;
	struct server s;

	(void)state;
	require_fuse();
	connect_with(&c, 2, ",allow_other");
	announce(&c, "owner_and_root", "54321");
	assert_int_equal(fusefd_from_env(&handoff), 0);
	forget_fds(&c);
	s = new_server(handoff);
	s.answers_elsewhere_first = true;
	start(&s);
	assert_int_equal(open_as(&c, bob), EACCES);
	assert_int_equal(open_as(&c, alice), 0);
	assert_int_equal(atomic_load(&s.refused_elsewhere), -ENOENT);
	before = atomic_load(&s.requests);
	assert_int_equal(open_as(&c, 0), 0);
	assert_int_equal(open_as(&c, bob), EACCES);
	assert_int_equal(atomic_load(&s.requests), before);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* Fds say nothing of their mount: the caller's ACL is taken for all there is. */
static void acl_of_fds_is_enforced_without_opendir(void **state)
{
	const uid_t bob = 54322;
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	connect_with(&c, 2, ",allow_other");
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	assert_int_equal(open_as(&c, 0), 0);
	assert_int_equal(open_as(&c, bob), EACCES);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static void says_when_it_is_ready(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct fusefd_handoff *handoff;
	char name[64], message[64];
	struct connection c;
	struct server s;

	(void)state;
	require_fuse();
	snprintf(name, sizeof(name), "@fusefd-serve-%d", getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 strlen(name))),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	connect_fds(&c, 2);
	announce(&c, "owner", "0");
	assert_int_equal(fusefd_from_env(&handoff), 0);
	unsetenv("NOTIFY_SOCKET");
	forget_fds(&c);

	assert_int_equal(recv(fd, message, sizeof(message), MSG_DONTWAIT), -1);
	s = new_server(handoff);
	start(&s);
	assert_int_equal(recv(fd, message, sizeof(message), 0), 7);
	assert_memory_equal(message, "READY=1", 7);
	await_workers(2);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	assert_int_equal(recv(fd, message, sizeof(message), MSG_DONTWAIT), -1);
	close(fd);
	fusefd_free(s.handoff);
	disconnect(&c);
}

static double cpu_seconds(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Device fds that an event loop left nonblocking: served, and not by
 * spinning. */
static void nonblocking_fds(void **state)
{
	struct connection c;
	struct server s;
	double before;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	for (size_t i = 0; i < c.count; i++)
		fcntl(c.fds[i], F_SETFL, O_RDWR | O_NONBLOCK);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	assert_int_equal(ask_at_once(&c, 8), 0);
	before = cpu_seconds();
	usleep(300000);
	assert_true(cpu_seconds() - before < 0.1);
	fusefd_exit(s.handoff);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

/* SIGTERM and its kin are for the thread that waits in fusefd_serve(). */
static void workers_block_the_ending_signals(void **state)
{
	struct connection c;
	struct server s;
	size_t checked = 0;
	struct dirent *task;
	DIR *tasks;

	(void)state;
	require_fuse();
	connect_fds(&c, 2);
	s = new_server(take(&c, FUSEFD_ACL_OWNER));
	start(&s);
	await_workers(2);
	tasks = opendir("/proc/self/task");
	while ((task = readdir(tasks))) {
		char path[300], line[128];
		bool is_worker = false;
		FILE *status;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status",
			 task->d_name);
		status = fopen(path, "re");
		while (status && fgets(line, sizeof(line), status)) {
			if (strncmp(line, "Name:\tfusefd/", 13) == 0)
				is_worker = true;
			if (!is_worker || strncmp(line, "SigBlk:", 7) != 0)
				continue;
			/* 1 HUP, 2 INT, 3 QUIT, 15 TERM */
			assert_int_equal(strtoull(line + 7, NULL, 16), 0x4007);
			checked++;
		}
		if (status)
			fclose(status);
	}
	closedir(tasks);
	assert_int_equal(checked, 2);
	unmount(&c);
	assert_int_equal(stop(&s), 0);
	fusefd_free(s.handoff);
	disconnect(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker_per_fd),
		cmocka_unit_test(workers_of_253_fds),
		cmocka_unit_test(reply_belongs_to_its_fd),
		cmocka_unit_test(acl_is_enforced),
		cmocka_unit_test(acl_is_enforced_without_opendir),
		cmocka_unit_test(acl_of_fds_is_enforced_without_opendir),
		cmocka_unit_test(says_when_it_is_ready),
		cmocka_unit_test(nonblocking_fds),
		cmocka_unit_test(workers_block_the_ending_signals),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
