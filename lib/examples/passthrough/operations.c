/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the filesystem can do, and what it agrees on with the kernel.
 */
#include "passthrough.h"

static void want(struct fuse_conn_info *conn, unsigned int capability)
{
	conn->want |= conn->capable & capability;
}

static void *passthrough_init(struct fuse_conn_info *conn,
			      struct fuse_config *config)
{
	/* Hard links are one file: show the source's inode numbers. To libfuse
	 * each name is a node of its own; with timeouts of 0 their attributes
	 * and, on the next read, their data agree all the same. */
	config->use_ino = 1;

	/* What has a handle needs no path, so libfuse need not build one. */
	config->nullpath_ok = 1;

	/* hard_remove stays off: for an fstat(2) Linux sends no handle, and a
	 * file that has been unlinked has no path. libfuse renames it to
	 * .fuse_hidden… until it is closed. kernel_cache stays off too, since
	 * others may write to the source: data is asked for afresh after an
	 * open, or when size or mtime have changed. */

	/* The kernel checks permissions, ACLs included, against the user who
	 * asks. Without this, allow_other would lend our rights to all. */
	want(conn, FUSE_CAP_POSIX_ACL);

	/* A default ACL takes the place of the umask; see created.c. */
	want(conn, FUSE_CAP_DONT_MASK);

	/* Set-id bits must go when somebody unprivileged writes. Only the
	 * kernel knows who does; if we run as root, writing keeps them. */
	conn->want &= ~(unsigned int)FUSE_CAP_HANDLE_KILLPRIV;

	/* Attributes that may not be kept are not worth sending along. */
	if (config->entry_timeout <= 0 || config->attr_timeout <= 0)
		conn->want &= ~(unsigned int)(FUSE_CAP_READDIRPLUS |
					      FUSE_CAP_READDIRPLUS_AUTO);

	return fuse_get_context()->private_data;
}

/* No lock and no flock: Linux then keeps both kinds of locks itself, for all
 * users of the mount. A session has a fixed number of workers. One that waited
 * for a lock here would be missing for the unlock, and when all wait,
 * nothing moves any more. */
const struct fuse_operations passthrough_operations = {
	.init = passthrough_init,

	.getattr = passthrough_getattr,
	.chmod = passthrough_chmod,
	.chown = passthrough_chown,
	.truncate = passthrough_truncate,
	.utimens = passthrough_utimens,
	.statfs = passthrough_statfs,

	.mknod = passthrough_mknod,
	.mkdir = passthrough_mkdir,
	.symlink = passthrough_symlink,
	.readlink = passthrough_readlink,
	.link = passthrough_link,
	.rename = passthrough_rename,
	.unlink = passthrough_unlink,
	.rmdir = passthrough_rmdir,

	.create = passthrough_create,
	.open = passthrough_open,
	.read = passthrough_read,
	.write = passthrough_write,
	.flush = passthrough_flush,
	.fsync = passthrough_fsync,
	.release = passthrough_release,
	.fallocate = passthrough_fallocate,
	.copy_file_range = passthrough_copy_file_range,
	.lseek = passthrough_lseek,

	.opendir = passthrough_opendir,
	.readdir = passthrough_readdir,
	.fsyncdir = passthrough_fsyncdir,
	.releasedir = passthrough_releasedir,

	.setxattr = passthrough_setxattr,
	.getxattr = passthrough_getxattr,
	.listxattr = passthrough_listxattr,
	.removexattr = passthrough_removexattr,
};
