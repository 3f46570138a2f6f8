/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *     load OPERATION THREADS MILLISECONDS ROUNDS PID:DIR...
 *
 * How often a second so many threads together do an operation in each DIR,
 * which process PID serves. Visits every DIR once a round, each time in another
 * order, so that what else happens on the machine happens to all of them.
 * Prints "DIR RATE CPU-RATE" for each visit; the latter is per second of CPU
 * time, ours and that of PID: what the rate would be if there were one CPU, and
 * nobody else on it.
 *
 *   getattr    of an open file, from the filesystem itself
 *   open       and close, by name
 *   read4k     without the page cache, as the next two
 *   read128k
 *   write128k
 *   create     and close and unlink
 *   readdir    open, list to the end, and close the directory "many"
 *
 * In DIR there are file0, dir0 and so on, of each as many as there are
 * threads: no two wait for the lock of one inode. The files hold 4 MiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "operations.h"

/* A DIR, which is that place of each client. */
struct target {
	const char *dir;
	unsigned int place;
	clockid_t server; /* the CPU time of PID */
};

static struct {
	const struct operation *operation;
	unsigned int threads;
	unsigned long milliseconds;
	unsigned long rounds;
	struct target *targets;
	unsigned int count;
} options;

/* What main() and its threads share. Between two barriers a visit is on. */
static struct {
	pthread_barrier_t barrier;
	const struct target *target;
	bool over;
	atomic_bool stop;
} visit;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- Clients ------------------------------------------------------------ */

static void *client_main(void *argument)
{
	struct client *client = argument;

	for (;;) {
		(void)pthread_barrier_wait(&visit.barrier);
		if (visit.over)
			return NULL;
		client->done = 0;
		do {
			if (!options.operation->run(
				    client,
				    &client->places[visit.target->place]))
				die(visit.target->dir);
			client->done++;
		} while (!atomic_load_explicit(&visit.stop,
					       memory_order_relaxed));
		(void)pthread_barrier_wait(&visit.barrier);
	}
}

static int open_in(int root, const char *kind, unsigned int number, int flags)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%s%u", kind, number);
	fd = openat(root, name, flags | O_CLOEXEC);
	if (fd == -1)
		die(name);
	return fd;
}

static void open_place(struct place *place, const char *dir,
		       unsigned int number)
{
	place->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->root == -1)
		die(dir);
	place->file = open_in(place->root, "file", number, O_RDWR | O_DIRECT);
	place->directory =
		open_in(place->root, "dir", number, O_RDONLY | O_DIRECTORY);
}

static void start_client(struct client *client, unsigned int number)
{
	client->number = number;
	client->places = calloc(options.count, sizeof(*client->places));
	client->buffer = aligned_alloc(SMALL_BLOCK, LARGE_BLOCK);
	if (!client->places || !client->buffer)
		die("memory");
	memset(client->buffer, 'x', LARGE_BLOCK);
	for (unsigned int i = 0; i < options.count; i++)
		open_place(&client->places[i], options.targets[i].dir, number);
	errno = pthread_create(&client->thread, NULL, client_main, client);
	if (errno)
		die("thread");
}

/* Its fds end with the process. */
static void join_client(struct client *client)
{
	pthread_join(client->thread, NULL);
	free(client->places);
	free(client->buffer);
}

/* ---- Visits ------------------------------------------------------------- */

static double time_of(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) != 0)
		die("clock");
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu_time(const struct target *target)
{
	return time_of(CLOCK_PROCESS_CPUTIME_ID) + time_of(target->server);
}

/* The time of the operations that the end comes upon is counted, as they
 * are. */
static void measure(const struct client *clients, const struct target *target)
{
	const struct timespec duration = {
		.tv_sec = (time_t)(options.milliseconds / 1000),
		.tv_nsec = (long)(options.milliseconds % 1000) * 1000000,
	};
	unsigned long done = 0;
	double seconds, cpu_seconds;

	visit.target = target;
	atomic_store(&visit.stop, false);
	(void)pthread_barrier_wait(&visit.barrier);
	cpu_seconds = cpu_time(target);
	seconds = time_of(CLOCK_MONOTONIC);
	(void)nanosleep(&duration, NULL);
	atomic_store(&visit.stop, true);
	(void)pthread_barrier_wait(&visit.barrier);
	seconds = time_of(CLOCK_MONOTONIC) - seconds;
	cpu_seconds = cpu_time(target) - cpu_seconds;
	for (unsigned int i = 0; i < options.threads; i++)
		done += clients[i].done;
	printf("%s %.1f %.1f\n", target->dir, (double)done / seconds,
	       (double)done / cpu_seconds);
}

/* In another order, drawn by lot but each time the same: who comes behind whom
 * shows in the rates, by a percent. */
static void shuffle(struct target *targets, unsigned int count)
{
	static unsigned short state[3] = {1, 2, 3};

	for (unsigned int left = count; left > 1; left--) {
		unsigned int drawn = (unsigned int)nrand48(state) % left;
		struct target last = targets[left - 1];

		targets[left - 1] = targets[drawn];
		targets[drawn] = last;
	}
}

static void visit_all(const struct client *clients)
{
	for (unsigned long round = 0; round < options.rounds; round++) {
		shuffle(options.targets, options.count);
		for (unsigned int i = 0; i < options.count; i++)
			measure(clients, &options.targets[i]);
	}
	visit.over = true;
	(void)pthread_barrier_wait(&visit.barrier);
}

static bool parse_target(struct target *target, char *argument)
{
	char *end;
	long pid = strtol(argument, &end, 10);

	target->dir = end + 1;
	return pid > 0 && *end == ':' &&
	       clock_getcpuclockid((pid_t)pid, &target->server) == 0;
}

static bool parse_targets(unsigned int count, char *argv[])
{
	options.count = count;
	options.targets = calloc(count, sizeof(*options.targets));
	if (!options.targets)
		die("memory");
	for (unsigned int i = 0; i < count; i++) {
		options.targets[i].place = i;
		if (!parse_target(&options.targets[i], argv[i]))
			return false;
	}
	return true;
}

static bool parse(int argc, char *argv[])
{
	if (argc < 6)
		return false;
	options.operation = operation_find(argv[1]);
	options.threads = (unsigned int)strtoul(argv[2], NULL, 10);
	options.milliseconds = strtoul(argv[3], NULL, 10);
	options.rounds = strtoul(argv[4], NULL, 10);
	return options.operation && options.threads && options.milliseconds &&
	       parse_targets((unsigned int)argc - 5, argv + 5);
}

int main(int argc, char *argv[])
{
	struct client *clients;

	if (!parse(argc, argv)) {
		fprintf(stderr, "usage: load OPERATION THREADS MILLISECONDS "
				"ROUNDS PID:DIR...\n");
		return 2;
	}
	clients = aligned_alloc(_Alignof(struct client),
				options.threads * sizeof(*clients));
	if (!clients)
		die("memory");
	memset(clients, 0, options.threads * sizeof(*clients));
	pthread_barrier_init(&visit.barrier, NULL, options.threads + 1);
	for (unsigned int i = 0; i < options.threads; i++)
		start_client(&clients[i], i);
	visit_all(clients);
	for (unsigned int i = 0; i < options.threads; i++)
		join_client(&clients[i]);
	free(clients);
	free(options.targets);
	return EXIT_SUCCESS;
}
