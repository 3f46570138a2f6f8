/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The front end on libfuse3's low-level interface, driven by our loop or by
 * libfuse's. The handlers are the same, and so is all that libfuse does by
 * default; without a write_buf() it splices nothing, with either loop.
 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

#include <fusefd_fuse3.h>

#include "nullfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Handlers ----------------------------------------------------------- */

/* What raw.c says, too: the kernel treats both alike. FUSE_PARALLEL_DIROPS is
 * not among it, since libfuse 3.14 does not pass that on. */
static void nullfs_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want = conn->capable & (FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO);
	conn->max_write = MAX_WRITE;
	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = CONGESTION_THRESHOLD;
}

static struct fuse_entry_param entry_of(uint64_t node)
{
	return (struct fuse_entry_param){.ino = node, .attr = tree_stat(node)};
}

static void nullfs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	uint64_t node = tree_find(parent, name);
	struct fuse_entry_param entry;

	if (!node) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	entry = entry_of(node);
	fuse_reply_entry(req, &entry);
}

static void nullfs_getattr(fuse_req_t req, fuse_ino_t ino,
			   struct fuse_file_info *fi)
{
	struct stat stat = tree_stat(ino);

	(void)fi;
	fuse_reply_attr(req, &stat, 0);
}

static void nullfs_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
			   int to_set, struct fuse_file_info *fi)
{
	(void)attr;
	(void)to_set;
	nullfs_getattr(req, ino, fi);
}

static void nullfs_create(fuse_req_t req, fuse_ino_t parent, const char *name,
			  mode_t mode, struct fuse_file_info *fi)
{
	uint64_t node = tree_create(parent, name);
	struct fuse_entry_param entry;

	(void)mode;
	if (!node) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	fi->direct_io = 1;
	entry = entry_of(node);
	fuse_reply_create(req, &entry, fi);
}

static void nullfs_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, tree_unlink(parent, name) ? 0 : ENOENT);
}

static void nullfs_open(fuse_req_t req, fuse_ino_t ino,
			struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void nullfs_read(fuse_req_t req, fuse_ino_t ino, size_t size,
			off_t offset, struct fuse_file_info *fi)
{
	const char *bytes;
	size_t length = tree_read((uint64_t)offset, size, &bytes);

	(void)ino;
	(void)fi;
	fuse_reply_buf(req, bytes, length);
}

static void nullfs_write(fuse_req_t req, fuse_ino_t ino, const char *bytes,
			 size_t size, off_t offset, struct fuse_file_info *fi)
{
	(void)ino;
	(void)bytes;
	(void)offset;
	(void)fi;
	fuse_reply_write(req, size);
}

static void nullfs_readdir(fuse_req_t req, fuse_ino_t ino, size_t size,
			   off_t offset, struct fuse_file_info *fi)
{
	const char *bytes;
	size_t length = tree_list(ino, (uint64_t)offset, size, &bytes);

	(void)fi;
	fuse_reply_buf(req, bytes, length);
}

static const struct fuse_lowlevel_ops operations = {
	.init = nullfs_init,
	.lookup = nullfs_lookup,
	.getattr = nullfs_getattr,
	.setattr = nullfs_setattr,
	.create = nullfs_create,
	.unlink = nullfs_unlink,
	.open = nullfs_open,
	.read = nullfs_read,
	.write = nullfs_write,
	.readdir = nullfs_readdir,
};

/* ---- Sessions ----------------------------------------------------------- */

static struct fuse_session *new_session(void)
{
	char *argv[] = {"nullfs", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	return fuse_session_new(&args, &operations, sizeof(operations), NULL);
}

static int complain(const char *what)
{
	fprintf(stderr, "nullfs: %s\n", what);
	return EXIT_FAILURE;
}

int fuse3_ours(void)
{
	struct fusefd_handoff *handoff;
	struct fuse_session *session;
	int error = fusefd_from_env(&handoff);

	if (error)
		return complain(strerror(-error));
	tree_plant((unsigned int)fusefd_count(handoff));
	session = new_session();
	if (!session)
		return complain("no session");
	error = fusefd_fuse3_session_attach(session, handoff);
	if (!error)
		error = fusefd_fuse3_session_loop(session);
	fusefd_fuse3_session_detach(session);
	fuse_session_destroy(session);
	fusefd_free(handoff);
	return error ? complain("the loop failed") : EXIT_SUCCESS;
}

/* max_idle_threads too, or libfuse would end the threads that it started. */
static int loop(struct fuse_session *session, bool clone_fd,
		unsigned int threads)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int error;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_clone_fd(config, clone_fd);
	fuse_loop_cfg_set_max_threads(config, threads);
	fuse_loop_cfg_set_idle_threads(config, threads);
	error = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return error;
}

int fuse3_own(bool clone_fd, unsigned int threads, const char *mountpoint)
{
	struct fuse_session *session;
	int error;

	tree_plant(threads);
	session = new_session();
	if (!session)
		return complain("no session");
	error = fuse_session_mount(session, mountpoint);
	if (!error)
		error = loop(session, clone_fd, threads);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return error ? complain("the loop failed") : EXIT_SUCCESS;
}
