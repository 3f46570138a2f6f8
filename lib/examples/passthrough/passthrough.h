/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * passthrough: show the tree below one directory as a FUSE filesystem.
 *
 * Every operation is a system call on the file underneath. They run in
 * several threads at once and share nothing that changes, so there are no
 * locks. Each returns 0 (or a size), or a negative errno.
 */
#ifndef PASSTHROUGH_H
#define PASSTHROUGH_H

/* The API of libfuse 3.1; any later libfuse3 offers it. */
#define FUSE_USE_VERSION 31

#include <fuse.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* What is known from the command line; the private_data of the session. It
 * does not change once the session runs. */
struct passthrough {
	char *source_path;
	int source;   /* O_PATH; the root of all that is shown */
	dev_t device; /* of the source */
	double timeout;
	int show_help;
	int show_version;
};

static inline const struct passthrough *passthrough_self(void)
{
	return fuse_get_context()->private_data;
}

extern const struct fuse_operations passthrough_operations;

/* ---- tree.c: from a path to an fd --------------------------------------
 *
 * Paths are libfuse's: absolute, "/" being the source, of any length. The fds
 * are the caller's to close. Neither a symbolic link nor a mount below the
 * source is ever followed.
 */

/* Open what the path names, with openat2(2) flags. O_PATH is enough for most
 * operations, and finds a symbolic link itself. */
int tree_open(const char *path, int flags);

/* Open the directory that holds the path's last name, as O_PATH, and point
 * name at that last name, inside path. */
int tree_open_parent(const char *path, const char **name);

/* Open a name in an open directory. mode is that of a file which O_CREAT
 * makes; 0 elsewhere. */
int tree_open_at(int directory, const char *name, int flags, mode_t mode);

/* For calls that take a path and no fd: a path that means what an O_PATH fd
 * refers to, be it a symbolic link. */
struct fd_path {
	char text[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
};
struct fd_path fd_path(int fd);

/* An fd that is closed where its block ends. errno is unharmed. */
#define AUTOCLOSE __attribute__((cleanup(autoclose)))
static inline void autoclose(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ---- created.c: mode and owner of what an operation creates ------------ */

/* The mode to create with in this directory. */
mode_t created_mode(int parent, mode_t mode);

/* What remains to be done when name was created with created_mode(): give it
 * to the user who asked for it. Where that fails name is removed again. */
int created_finish(int parent, const char *name, mode_t mode);

/* ---- attributes.c ------------------------------------------------------ */

/* An inode number for the user, unique over all of the source. */
ino_t inode_number(dev_t device, ino_t inode);

/* fstat(2), with such an inode number. */
int stat_fd(int fd, struct stat *stat);

int passthrough_getattr(const char *path, struct stat *stat,
			struct fuse_file_info *file);
int passthrough_chmod(const char *path, mode_t mode,
		      struct fuse_file_info *file);
int passthrough_chown(const char *path, uid_t uid, gid_t gid,
		      struct fuse_file_info *file);
int passthrough_truncate(const char *path, off_t size,
			 struct fuse_file_info *file);
int passthrough_utimens(const char *path, const struct timespec times[2],
			struct fuse_file_info *file);
int passthrough_statfs(const char *path, struct statvfs *stat);

/* ---- names.c ----------------------------------------------------------- */

int passthrough_mknod(const char *path, mode_t mode, dev_t device);
int passthrough_mkdir(const char *path, mode_t mode);
int passthrough_symlink(const char *target, const char *path);
int passthrough_readlink(const char *path, char *target, size_t size);
int passthrough_link(const char *old_path, const char *new_path);
int passthrough_rename(const char *old_path, const char *new_path,
		       unsigned int flags);
int passthrough_unlink(const char *path);
int passthrough_rmdir(const char *path);

/* ---- files.c ----------------------------------------------------------- */

int passthrough_create(const char *path, mode_t mode,
		       struct fuse_file_info *file);
int passthrough_open(const char *path, struct fuse_file_info *file);
int passthrough_read(const char *path, char *bytes, size_t size, off_t offset,
		     struct fuse_file_info *file);
int passthrough_write(const char *path, const char *bytes, size_t size,
		      off_t offset, struct fuse_file_info *file);
int passthrough_flush(const char *path, struct fuse_file_info *file);
int passthrough_fsync(const char *path, int data_only,
		      struct fuse_file_info *file);
int passthrough_release(const char *path, struct fuse_file_info *file);
int passthrough_fallocate(const char *path, int mode, off_t offset,
			  off_t length, struct fuse_file_info *file);
ssize_t passthrough_copy_file_range(const char *path_in,
				    struct fuse_file_info *file_in,
				    off_t offset_in, const char *path_out,
				    struct fuse_file_info *file_out,
				    off_t offset_out, size_t size, int flags);
off_t passthrough_lseek(const char *path, off_t offset, int whence,
			struct fuse_file_info *file);

/* ---- directories.c ----------------------------------------------------- */

int passthrough_opendir(const char *path, struct fuse_file_info *file);
int passthrough_readdir(const char *path, void *buffer, fuse_fill_dir_t fill,
			off_t offset, struct fuse_file_info *file,
			enum fuse_readdir_flags flags);
int passthrough_fsyncdir(const char *path, int data_only,
			 struct fuse_file_info *file);
int passthrough_releasedir(const char *path, struct fuse_file_info *file);

/* ---- xattrs.c ---------------------------------------------------------- */

int passthrough_setxattr(const char *path, const char *name, const char *value,
			 size_t size, int flags);
int passthrough_getxattr(const char *path, const char *name, char *value,
			 size_t size);
int passthrough_listxattr(const char *path, char *list, size_t size);
int passthrough_removexattr(const char *path, const char *name);

#endif
