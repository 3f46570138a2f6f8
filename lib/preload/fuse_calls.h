/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which calls are about a FUSE mount, by their arguments. Pure.
 */
#ifndef FUSEFD_PRELOAD_FUSE_CALLS_H
#define FUSEFD_PRELOAD_FUSE_CALLS_H

#include <stdbool.h>

#define FUSE_DEVICE "/dev/fuse"

/* An open of the device itself: by this path, and to be read and written. A
 * program that opens it otherwise only looks. */
bool opens_fuse_device(const char *path, int flags);

/* fuse or fuseblk, with or without a subtype. */
bool is_fuse_type(const char *type);

/* Is the option in this list? A backslash takes the meaning from a comma. */
bool has_option(const char *list, const char *option);

#endif
