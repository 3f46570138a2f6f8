/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mode and owner of what an operation creates.
 *
 * The file underneath is created by us, but it is the user's who asked. Where
 * that is somebody else (allow_other) and we may, by CAP_CHOWN, we give it
 * away; where we may not, it stays ours, as files on sshfs do.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include "passthrough.h"

#define SET_ID_BITS (S_ISUID | S_ISGID)

static int has_default_acl(int directory)
{
	return getxattr(fd_path(directory).text, "system.posix_acl_default",
			NULL, 0) > 0;
}

/* The umask is the user's, not ours; it counts where no default ACL does.
 * Set-id bits wait for the right owner: see created_finish(). */
mode_t created_mode(int parent, mode_t mode)
{
	mode &= ~(mode_t)SET_ID_BITS;
	if (has_default_acl(parent))
		return mode;
	return mode & ~fuse_get_context()->umask;
}

/* 0 too where we have no right to. */
static int give_to_caller(int parent, int node)
{
	const struct fuse_context *caller = fuse_get_context();
	gid_t gid = caller->gid;
	struct stat directory;

	if (fstat(parent, &directory) == -1)
		return -errno;
	if (directory.st_mode & S_ISGID)
		gid = (gid_t)-1;
	if (fchownat(node, "", caller->uid, gid, AT_EMPTY_PATH) == 0)
		return 0;
	return errno == EPERM ? 0 : -errno;
}

static int set_id_bits(int node, mode_t bits)
{
	struct stat stat;

	if (fstat(node, &stat) == -1)
		return -errno;
	if (stat.st_uid != fuse_get_context()->uid)
		return 0;
	if (chmod(fd_path(node).text, (stat.st_mode & 07777) | bits) == -1)
		return -errno;
	return 0;
}

/* Somebody may have replaced it under its name since it was created, by a
 * hard link to a file that must not be given away. */
static int is_ours_alone(int node)
{
	struct stat stat;

	if (fstat(node, &stat) == -1 || stat.st_uid != geteuid())
		return 0;
	return S_ISDIR(stat.st_mode) || stat.st_nlink == 1;
}

static int settle(int parent, const char *name, mode_t bits)
{
	AUTOCLOSE int node = tree_open_at(parent, name, O_PATH, 0);
	int error;

	if (node < 0)
		return node;
	if (!is_ours_alone(node))
		return 0;
	error = give_to_caller(parent, node);
	if (!error && bits)
		error = set_id_bits(node, bits);
	return error;
}

int created_finish(int parent, const char *name, mode_t mode)
{
	const struct fuse_context *caller = fuse_get_context();
	mode_t bits = S_ISREG(mode) ? mode & SET_ID_BITS : 0;
	int error;

	if (caller->uid == geteuid() && caller->gid == getegid() && !bits)
		return 0;
	error = settle(parent, name, bits);
	if (error)
		unlinkat(parent, name, S_ISDIR(mode) ? AT_REMOVEDIR : 0);
	return error;
}
