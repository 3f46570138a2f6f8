/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Open directories.
 *
 * The position of an entry is the one that the filesystem underneath gives it,
 * so it stays good when others create and remove names meanwhile, and a
 * directory of any size is read piece by piece.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "passthrough.h"

/* libfuse calls readdir for one handle from one thread at a time. */
struct directory {
	DIR *stream;
	struct dirent *pending; /* read, but it did not fit; the stream's */
	off_t position;		/* after the last entry that did fit */
	dev_t device;
};

static struct directory *handle(const struct fuse_file_info *file)
{
	return (struct directory *)(uintptr_t)file->fh;
}

static int open_stream(struct directory *directory, const char *path)
{
	int fd = tree_open(path, O_RDONLY | O_DIRECTORY);
	struct stat stat;
	int error;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) == 0) {
		directory->device = stat.st_dev;
		directory->stream = fdopendir(fd);
		if (directory->stream)
			return 0;
	}
	error = -errno;
	close(fd);
	return error;
}

int passthrough_opendir(const char *path, struct fuse_file_info *file)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	int error;

	if (!directory)
		return -ENOMEM;
	error = open_stream(directory, path);
	if (error) {
		free(directory);
		return error;
	}
	file->fh = (uint64_t)(uintptr_t)directory;
	return 0;
}

static void seek_to(struct directory *directory, off_t position)
{
	if (position == directory->position)
		return;
	seekdir(directory->stream, position);
	directory->pending = NULL;
	directory->position = position;
}

/* NULL at the end with errno 0, else on an error. */
static struct dirent *next_entry(struct directory *directory)
{
	if (!directory->pending) {
		errno = 0;
		directory->pending = readdir(directory->stream);
	}
	return directory->pending;
}

static int is_dot_or_dot_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* All attributes, where the kernel can use them and the entry is still there;
 * else what the directory itself says. */
static enum fuse_fill_dir_flags describe(const struct directory *directory,
					 const struct dirent *entry,
					 enum fuse_readdir_flags flags,
					 struct stat *stat)
{
	if ((flags & FUSE_READDIR_PLUS) && !is_dot_or_dot_dot(entry->d_name)) {
		AUTOCLOSE int node = tree_open_at(dirfd(directory->stream),
						  entry->d_name, O_PATH, 0);

		if (node >= 0 && stat_fd(node, stat) == 0)
			return FUSE_FILL_DIR_PLUS;
	}
	memset(stat, 0, sizeof(*stat));
	stat->st_ino = inode_number(directory->device, entry->d_ino);
	stat->st_mode = (mode_t)DTTOIF(entry->d_type);
	return (enum fuse_fill_dir_flags)0;
}

int passthrough_readdir(const char *path, void *buffer, fuse_fill_dir_t fill,
			off_t offset, struct fuse_file_info *file,
			enum fuse_readdir_flags flags)
{
	struct directory *directory = handle(file);
	struct dirent *entry;

	(void)path;
	seek_to(directory, offset);
	while ((entry = next_entry(directory)) != NULL) {
		struct stat stat;
		enum fuse_fill_dir_flags filled =
			describe(directory, entry, flags, &stat);

		if (fill(buffer, entry->d_name, &stat, entry->d_off, filled))
			return 0;
		directory->position = entry->d_off;
		directory->pending = NULL;
	}
	return -errno;
}

int passthrough_fsyncdir(const char *path, int data_only,
			 struct fuse_file_info *file)
{
	int fd = dirfd(handle(file)->stream);
	int result = data_only ? fdatasync(fd) : fsync(fd);

	(void)path;
	return result == -1 ? -errno : 0;
}

int passthrough_releasedir(const char *path, struct fuse_file_info *file)
{
	struct directory *directory = handle(file);

	(void)path;
	closedir(directory->stream);
	free(directory);
	return 0;
}
