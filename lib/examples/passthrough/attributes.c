/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * stat(2), statfs(2), and all that changes what stat(2) says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/statvfs.h>

#include "passthrough.h"

/* Btrfs subvolumes and layers of an overlay are devices of their own within
 * one mount, where the same inode number means another file. Here they all
 * show up as one device, so theirs are moved out of the way. */
ino_t inode_number(dev_t device, ino_t inode)
{
	const uint64_t golden_ratio = 0x9e3779b97f4a7c15;

	if (device == passthrough_self()->device)
		return inode;
	return inode ^ (ino_t)(device * golden_ratio);
}

int stat_fd(int fd, struct stat *stat)
{
	if (fstat(fd, stat) == -1)
		return -errno;
	stat->st_ino = inode_number(stat->st_dev, stat->st_ino);
	return 0;
}

int passthrough_getattr(const char *path, struct stat *stat,
			struct fuse_file_info *file)
{
	if (file)
		return stat_fd((int)file->fh, stat);

	AUTOCLOSE int node = tree_open(path, O_PATH);

	return node < 0 ? node : stat_fd(node, stat);
}

int passthrough_chmod(const char *path, mode_t mode,
		      struct fuse_file_info *file)
{
	if (file)
		return fchmod((int)file->fh, mode) == -1 ? -errno : 0;

	AUTOCLOSE int node = tree_open(path, O_PATH);

	if (node < 0)
		return node;
	/* An fchmod() of an O_PATH fd takes Linux 6.6 (fchmodat2). */
	return chmod(fd_path(node).text, mode) == -1 ? -errno : 0;
}

int passthrough_chown(const char *path, uid_t uid, gid_t gid,
		      struct fuse_file_info *file)
{
	if (file)
		return fchown((int)file->fh, uid, gid) == -1 ? -errno : 0;

	AUTOCLOSE int node = tree_open(path, O_PATH);

	if (node < 0)
		return node;
	return fchownat(node, "", uid, gid, AT_EMPTY_PATH) == -1 ? -errno : 0;
}

int passthrough_truncate(const char *path, off_t size,
			 struct fuse_file_info *file)
{
	if (file)
		return ftruncate((int)file->fh, size) == -1 ? -errno : 0;

	/* O_NONBLOCK: as in files.c. */
	AUTOCLOSE int node = tree_open(path, O_WRONLY | O_NONBLOCK);

	if (node < 0)
		return node;
	return ftruncate(node, size) == -1 ? -errno : 0;
}

int passthrough_utimens(const char *path, const struct timespec times[2],
			struct fuse_file_info *file)
{
	if (file)
		return futimens((int)file->fh, times) == -1 ? -errno : 0;

	AUTOCLOSE int node = tree_open(path, O_PATH);

	if (node < 0)
		return node;
	return utimensat(node, "", times, AT_EMPTY_PATH) == -1 ? -errno : 0;
}

/* Of the file, not of the source: with project quotas, XFS and ext4 answer for
 * the project of the directory asked. */
int passthrough_statfs(const char *path, struct statvfs *stat)
{
	AUTOCLOSE int node = tree_open(path, O_PATH);

	if (node < 0)
		return node;
	return fstatvfs(node, stat) == -1 ? -errno : 0;
}
