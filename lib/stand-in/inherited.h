/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device fds among those that were inherited. Nothing else names them here:
 * go-fuse gives its helper an environment of one variable, which is about the
 * socket.
 */
#ifndef FUSEFD_STAND_IN_INHERITED_H
#define FUSEFD_STAND_IN_INHERITED_H

/* The primary: the launcher puts it before the clones. -1 where there is no
 * device fd with a live connection. */
int inherited_primary(void);

/* Close all, 0 to 2 too, which become /dev/null, and but this one: else who
 * stays would keep the connection alive, and pipes that others read. */
void inherited_close_but(int fd);

#endif
