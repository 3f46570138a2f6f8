/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a client does again and again while it is measured.
 */
#ifndef FUSEFD_BENCH_LOAD_OPERATIONS_H
#define FUSEFD_BENCH_LOAD_OPERATIONS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#define SMALL_BLOCK 4096
#define LARGE_BLOCK (128u << 10)

/* A DIR as one thread has it open. */
struct place {
	int root;
	int file;
	int directory;
};

/* In cache lines of its own: each thread counts in its own. */
struct client {
	_Alignas(128) pthread_t thread;
	unsigned int number;
	struct place *places;
	char *buffer;
	off_t offset;
	unsigned long done; /* in the visit that is on, or was last */
};

/* run: false and errno where it fails. */
struct operation {
	const char *name;
	bool (*run)(struct client *client, const struct place *place);
};

/* NULL: there is none of that name. */
const struct operation *operation_find(const char *name);

#endif
