/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Extended attributes, those of symbolic links too. POSIX ACLs are among them,
 * as system.posix_acl_access and system.posix_acl_default.
 *
 * Before Linux 6.13 no call takes a directory fd and a name here; the path of
 * an O_PATH fd does the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include "passthrough.h"

int passthrough_setxattr(const char *path, const char *name, const char *value,
			 size_t size, int flags)
{
	AUTOCLOSE int node = tree_open(path, O_PATH);

	if (node < 0)
		return node;
	if (setxattr(fd_path(node).text, name, value, size, flags) == -1)
		return -errno;
	return 0;
}

int passthrough_getxattr(const char *path, const char *name, char *value,
			 size_t size)
{
	AUTOCLOSE int node = tree_open(path, O_PATH);
	ssize_t length;

	if (node < 0)
		return node;
	length = getxattr(fd_path(node).text, name, value, size);
	return length == -1 ? -errno : (int)length;
}

int passthrough_listxattr(const char *path, char *list, size_t size)
{
	AUTOCLOSE int node = tree_open(path, O_PATH);
	ssize_t length;

	if (node < 0)
		return node;
	length = listxattr(fd_path(node).text, list, size);
	return length == -1 ? -errno : (int)length;
}

int passthrough_removexattr(const char *path, const char *name)
{
	AUTOCLOSE int node = tree_open(path, O_PATH);

	if (node < 0)
		return node;
	return removexattr(fd_path(node).text, name) == -1 ? -errno : 0;
}
