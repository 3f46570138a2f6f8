/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether fds are what they are said to be. Changes nothing.
 */
#ifndef FUSEFD_VERIFY_H
#define FUSEFD_VERIFY_H

#include <stddef.h>

/* 0 if these fds are device fds of one live connection, each named once; else
 * the negative errno that fusefd.h lists. */
int fusefd_verify(const int *fds, size_t count);

/* Whether fd is an open /dev/fuse, bound to a connection or not. */
int fusefd_is_device(int fd);

#endif
