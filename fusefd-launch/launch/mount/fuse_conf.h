/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /etc/fuse.conf, the file that fusermount3(1) has: what the administrator
 * allows users.
 */
#ifndef FUSEFD_LAUNCH_FUSE_CONF_H
#define FUSEFD_LAUNCH_FUSE_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define FUSE_CONF_PATH "/etc/fuse.conf"

struct fuse_conf {
	bool user_allow_other;
	bool limited;		 /* false: mount_max = -1 */
	unsigned long mount_max; /* FUSE mounts of one user */
};

/* The defaults where there is no such file. Dies where it is not root's
 * alone to write, cannot be read, or has a line that is not understood: what
 * the administrator meant to forbid must not be allowed by mistake. */
void fuse_conf_read(struct fuse_conf *conf);

/* The text of the file, in place; text[length] is NUL. 0, or the number of the first line that is
 * not understood. */
size_t fuse_conf_parse(struct fuse_conf *conf, char *text, size_t length);

#endif
