/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What there is. All of it is constant, but for one flag in each dirN.
 */
#include "nullfs.h"

#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE    (4u << 20)
#define SIBLINGS     256 /* file0 and so on: one of each for each client */
#define MANY_ENTRIES 1000
#define NAME_LENGTH  8

enum {
	NODE_ROOT = FUSE_ROOT_ID,
	NODE_MANY,
	NODE_FILE = 1000,
	NODE_DIR = 2000,
	NODE_NEW = 3000,
	NODE_ENTRY = 10000,
};

/* A struct fuse_dirent with its name: of one length for all, so that the entry
 * with a number is found by it. */
struct entry {
	uint64_t ino;
	uint64_t off;
	uint32_t namelen;
	uint32_t type;
	char name[NAME_LENGTH];
};
_Static_assert(offsetof(struct entry, name) == FUSE_NAME_OFFSET &&
		       sizeof(struct entry) % FUSE_DIRENT_ALIGN(1) == 0,
	       "the kernel takes them one after the other");

static struct entry many[MANY_ENTRIES];
static const char zeros[MAX_WRITE];
static atomic_bool created[SIBLINGS];
static pthread_barrier_t all_workers;

void tree_plant(unsigned int workers)
{
	char name[NAME_LENGTH + 1];

	for (unsigned int i = 0; i < MANY_ENTRIES; i++) {
		many[i] = (struct entry){
			.ino = NODE_ENTRY + i,
			.off = i + 1,
			.namelen = NAME_LENGTH,
			.type = S_IFREG >> 12,
		};
		snprintf(name, sizeof(name), "entry%03u", i);
		memcpy(many[i].name, name, NAME_LENGTH);
	}
	pthread_barrier_init(&all_workers, NULL, workers);
}

static bool is_in(uint64_t node, uint64_t first)
{
	return node >= first && node < first + SIBLINGS;
}

/* "file7" is the eighth of the nodes from first on, where the prefix is
 * "file"; 0 where it is not. */
static uint64_t sibling(const char *name, const char *prefix, uint64_t first)
{
	size_t length = strlen(prefix);
	unsigned long number;
	char *end;

	if (strncmp(name, prefix, length) != 0)
		return 0;
	number = strtoul(name + length, &end, 10);
	if (end == name + length || *end || number >= SIBLINGS)
		return 0;
	return first + number;
}

/* libfuse starts a thread when all that it has are busy. With this they are,
 * until there are as many as it may have. Each has to be asked in a directory
 * of its own, which the kernel locks. */
static void wait_for_all_workers(void)
{
	(void)pthread_barrier_wait(&all_workers);
}

static uint64_t find_in_root(const char *name)
{
	uint64_t node = sibling(name, "file", NODE_FILE);

	if (!node)
		node = sibling(name, "dir", NODE_DIR);
	if (!node && strcmp(name, "many") == 0)
		node = NODE_MANY;
	return node;
}

uint64_t tree_find(uint64_t parent, const char *name)
{
	if (parent == NODE_ROOT)
		return find_in_root(name);
	if (!is_in(parent, NODE_DIR))
		return 0;
	if (strcmp(name, "wait") == 0)
		wait_for_all_workers();
	if (strcmp(name, "new") == 0 &&
	    atomic_load(&created[parent - NODE_DIR]))
		return NODE_NEW + (parent - NODE_DIR);
	return 0;
}

static uint64_t set_created(uint64_t parent, const char *name, bool value)
{
	if (!is_in(parent, NODE_DIR) || strcmp(name, "new") != 0)
		return 0;
	atomic_store(&created[parent - NODE_DIR], value);
	return NODE_NEW + (parent - NODE_DIR);
}

uint64_t tree_create(uint64_t parent, const char *name)
{
	return set_created(parent, name, true);
}

uint64_t tree_unlink(uint64_t parent, const char *name)
{
	return set_created(parent, name, false);
}

struct stat tree_stat(uint64_t node)
{
	struct stat stat = {
		.st_ino = node,
		.st_mode = S_IFREG | 0666,
		.st_nlink = 1,
		.st_blksize = 4096,
	};

	if (node == NODE_ROOT || node == NODE_MANY || is_in(node, NODE_DIR)) {
		stat.st_mode = S_IFDIR | 0777;
		stat.st_nlink = 2;
	} else if (is_in(node, NODE_FILE)) {
		stat.st_size = FILE_SIZE;
		stat.st_blocks = FILE_SIZE / 512;
	}
	return stat;
}

size_t tree_read(uint64_t offset, size_t room, const char **bytes)
{
	size_t left = offset < FILE_SIZE ? FILE_SIZE - (size_t)offset : 0;

	*bytes = zeros;
	if (left > sizeof(zeros))
		left = sizeof(zeros);
	return room < left ? room : left;
}

size_t tree_list(uint64_t node, uint64_t from, size_t room, const char **bytes)
{
	size_t left = 0;

	*bytes = (const char *)many;
	if (node != NODE_MANY || from >= MANY_ENTRIES)
		return 0;
	*bytes = (const char *)&many[from];
	left = MANY_ENTRIES - (size_t)from;
	if (left > room / sizeof(many[0]))
		left = room / sizeof(many[0]);
	return left * sizeof(many[0]);
}
