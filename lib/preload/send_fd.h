/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An fd on its way to another process (unix(7), SCM_RIGHTS).
 */
#ifndef FUSEFD_PRELOAD_SEND_FD_H
#define FUSEFD_PRELOAD_SEND_FD_H

#include <stdbool.h>
#include <stddef.h>

/* Send these bytes, at least one, and the fd with them. false, with errno,
 * where not all of it was sent. */
bool send_fd(int socket, const void *bytes, size_t size, int fd);

#endif
