/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operations.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE    (4u << 20)
#define MANY_ENTRIES 1000

static bool do_getattr(struct client *client, const struct place *place)
{
	struct statx stat;

	(void)client;
	return statx(place->file, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC,
		     STATX_BASIC_STATS, &stat) == 0;
}

static bool do_open(struct client *client, const struct place *place)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "file%u", client->number);
	fd = openat(place->root, name, O_RDONLY | O_CLOEXEC);
	return fd != -1 && close(fd) == 0;
}

static off_t next_offset(struct client *client, size_t size)
{
	client->offset = (client->offset + (off_t)size) % FILE_SIZE;
	return client->offset;
}

static bool read_block(struct client *client, const struct place *place,
		       size_t size)
{
	return pread(place->file, client->buffer, size,
		     next_offset(client, size)) == (ssize_t)size;
}

static bool do_read4k(struct client *client, const struct place *place)
{
	return read_block(client, place, SMALL_BLOCK);
}

static bool do_read128k(struct client *client, const struct place *place)
{
	return read_block(client, place, LARGE_BLOCK);
}

static bool do_write128k(struct client *client, const struct place *place)
{
	return pwrite(place->file, client->buffer, LARGE_BLOCK,
		      next_offset(client, LARGE_BLOCK)) == LARGE_BLOCK;
}

static bool do_create(struct client *client, const struct place *place)
{
	int fd = openat(place->directory, "new",
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	(void)client;
	return fd != -1 && close(fd) == 0 &&
	       unlinkat(place->directory, "new", 0) == 0;
}

static unsigned int count_entries(const char *bytes, size_t length)
{
	unsigned int count = 0;

	for (size_t at = 0; at < length; count++)
		at += ((const struct dirent64 *)(bytes + at))->d_reclen;
	return count;
}

static bool do_readdir(struct client *client, const struct place *place)
{
	int fd =
		openat(place->root, "many", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned int count = 0;
	ssize_t length;

	if (fd == -1)
		return false;
	while ((length = getdents64(fd, client->buffer, LARGE_BLOCK)) > 0)
		count += count_entries(client->buffer, (size_t)length);
	close(fd);
	return length == 0 && count >= MANY_ENTRIES;
}

static const struct operation operations[] = {
	{"getattr", do_getattr},     {"open", do_open},
	{"read4k", do_read4k},	     {"read128k", do_read128k},
	{"write128k", do_write128k}, {"create", do_create},
	{"readdir", do_readdir},
};

const struct operation *operation_find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(name, operations[i].name) == 0)
			return &operations[i];
	return NULL;
}
