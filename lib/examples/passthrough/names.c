/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making, renaming and removing names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "passthrough.h"

/* Not for regular files: libfuse calls create for them. */
int passthrough_mknod(const char *path, mode_t mode, dev_t device)
{
	const char *name;
	AUTOCLOSE int parent = tree_open_parent(path, &name);

	if (parent < 0)
		return parent;
	if (mknodat(parent, name, created_mode(parent, mode), device) == -1)
		return -errno;
	return created_finish(parent, name, mode);
}

int passthrough_mkdir(const char *path, mode_t mode)
{
	const char *name;
	AUTOCLOSE int parent = tree_open_parent(path, &name);

	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, created_mode(parent, mode)) == -1)
		return -errno;
	return created_finish(parent, name, mode | S_IFDIR);
}

int passthrough_symlink(const char *target, const char *path)
{
	const char *name;
	AUTOCLOSE int parent = tree_open_parent(path, &name);

	if (parent < 0)
		return parent;
	if (symlinkat(target, parent, name) == -1)
		return -errno;
	return created_finish(parent, name, S_IFLNK);
}

int passthrough_readlink(const char *path, char *target, size_t size)
{
	AUTOCLOSE int node = tree_open(path, O_PATH);
	ssize_t length;

	if (node < 0)
		return node;
	length = readlinkat(node, "", target, size - 1);
	if (length == -1)
		return -errno;
	target[length] = '\0';
	return 0;
}

int passthrough_link(const char *old_path, const char *new_path)
{
	const char *old_name;
	const char *new_name;
	AUTOCLOSE int old_parent = tree_open_parent(old_path, &old_name);
	AUTOCLOSE int new_parent = tree_open_parent(new_path, &new_name);

	if (old_parent < 0)
		return old_parent;
	if (new_parent < 0)
		return new_parent;
	if (linkat(old_parent, old_name, new_parent, new_name, 0) == -1)
		return -errno;
	return 0;
}

int passthrough_rename(const char *old_path, const char *new_path,
		       unsigned int flags)
{
	const char *old_name;
	const char *new_name;
	AUTOCLOSE int old_parent = tree_open_parent(old_path, &old_name);
	AUTOCLOSE int new_parent = tree_open_parent(new_path, &new_name);

	if (old_parent < 0)
		return old_parent;
	if (new_parent < 0)
		return new_parent;
	if (renameat2(old_parent, old_name, new_parent, new_name, flags) == -1)
		return -errno;
	return 0;
}

static int remove_name(const char *path, int flags)
{
	const char *name;
	AUTOCLOSE int parent = tree_open_parent(path, &name);

	if (parent < 0)
		return parent;
	return unlinkat(parent, name, flags) == -1 ? -errno : 0;
}

int passthrough_unlink(const char *path)
{
	return remove_name(path, 0);
}

int passthrough_rmdir(const char *path)
{
	return remove_name(path, AT_REMOVEDIR);
}
