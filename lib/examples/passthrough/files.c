/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Open files: the handle is the fd of the file underneath.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "passthrough.h"

/* The flags that act on the file underneath.
 *
 * Not O_APPEND: with it, Linux would append the pages of a shared mapping when
 * it writes them back, and it can be set and cleared after the open. It is
 * taken from each write instead. Not O_DIRECT: it keeps the data of this mount
 * out of the page cache, which is done by the time we see it, and libfuse's
 * buffers are not aligned for another.
 *
 * O_NONBLOCK means nothing to a regular file, but where somebody has put a
 * FIFO in its place, the open fails or succeeds instead of waiting. */
static int open_flags(const struct fuse_file_info *file)
{
	const int kept = O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME;

	return (file->flags & kept) | O_NONBLOCK | O_NOCTTY | O_LARGEFILE;
}

static int keep(struct fuse_file_info *file, int fd)
{
	if (fd < 0)
		return fd;
	file->fh = (uint64_t)fd;
	return 0;
}

static int handle(const struct fuse_file_info *file)
{
	return (int)file->fh;
}

int passthrough_open(const char *path, struct fuse_file_info *file)
{
	return keep(file, tree_open(path, open_flags(file)));
}

/* O_EXCL, always. The kernel asks to create what was not there a moment ago,
 * having checked only that this user may write to the directory. If it is
 * there by now, then ESTALE makes the kernel look again, and ask to open it
 * if this user may. */
int passthrough_create(const char *path, mode_t mode,
		       struct fuse_file_info *file)
{
	const char *name;
	AUTOCLOSE int parent = tree_open_parent(path, &name);
	int error;
	int fd;

	if (parent < 0)
		return parent;
	fd = tree_open_at(parent, name, open_flags(file) | O_CREAT | O_EXCL,
			  created_mode(parent, mode) & 07777);
	if (fd == -EEXIST && !(file->flags & O_EXCL))
		return -ESTALE;
	if (fd < 0)
		return fd;
	error = created_finish(parent, name, mode | S_IFREG);
	if (error) {
		close(fd);
		return error;
	}
	return keep(file, fd);
}

int passthrough_read(const char *path, char *bytes, size_t size, off_t offset,
		     struct fuse_file_info *file)
{
	ssize_t count = pread(handle(file), bytes, size, offset);

	(void)path;
	return count == -1 ? -errno : (int)count;
}

/* The kernel's idea of where the file ends may be old; RWF_APPEND finds the
 * true end. A page that is written back from a mapping goes where it was. */
int passthrough_write(const char *path, const char *bytes, size_t size,
		      off_t offset, struct fuse_file_info *file)
{
	const struct iovec data = {(void *)(uintptr_t)bytes, size};
	int append = (file->flags & O_APPEND) && !file->writepage;
	ssize_t count = pwritev2(handle(file), &data, 1, offset,
				 append ? RWF_APPEND : 0);

	(void)path;
	return count == -1 ? -errno : (int)count;
}

/* Each close(2) of the user comes here. Filesystems that write late (NFS, or
 * one with quotas) report what went wrong on close; ours must stay open. */
int passthrough_flush(const char *path, struct fuse_file_info *file)
{
	int copy = fcntl(handle(file), F_DUPFD_CLOEXEC, 0);

	(void)path;
	if (copy == -1)
		return -errno;
	return close(copy) == -1 ? -errno : 0;
}

int passthrough_fsync(const char *path, int data_only,
		      struct fuse_file_info *file)
{
	int result = data_only ? fdatasync(handle(file)) : fsync(handle(file));

	(void)path;
	return result == -1 ? -errno : 0;
}

int passthrough_release(const char *path, struct fuse_file_info *file)
{
	(void)path;
	close(handle(file));
	return 0;
}

int passthrough_fallocate(const char *path, int mode, off_t offset,
			  off_t length, struct fuse_file_info *file)
{
	(void)path;
	if (fallocate(handle(file), mode, offset, length) == -1)
		return -errno;
	return 0;
}

/* The reply counts in 32 bits, and Linux before 6.17 asks for more than fits:
 * do a part, as copy_file_range(2) may. */
ssize_t passthrough_copy_file_range(const char *path_in,
				    struct fuse_file_info *file_in,
				    off_t offset_in, const char *path_out,
				    struct fuse_file_info *file_out,
				    off_t offset_out, size_t size, int flags)
{
	const size_t most = 1U << 30;
	ssize_t count = copy_file_range(
		handle(file_in), &offset_in, handle(file_out), &offset_out,
		size < most ? size : most, (unsigned int)flags);

	(void)path_in;
	(void)path_out;
	return count == -1 ? -errno : count;
}

/* Only SEEK_DATA and SEEK_HOLE come here. They move the fd's offset, which
 * nothing uses: reads and writes bring their own. */
off_t passthrough_lseek(const char *path, off_t offset, int whence,
			struct fuse_file_info *file)
{
	off_t result = lseek(handle(file), offset, whence);

	(void)path;
	return result == -1 ? -errno : result;
}
