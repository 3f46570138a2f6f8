/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fd table that the caller left.
 */
#ifndef FUSEFD_LAUNCH_FDS_H
#define FUSEFD_LAUNCH_FDS_H

#include <stddef.h>

/* Put /dev/null where fds 0 to 2 are closed: else the next file opened would
 * be what a message is written to. */
void fds_fill_standard(void);

/* Close all above 2 but those kept. Dies where one of these is not open.
 * Sorts the array. */
void fds_close_others(int *kept, size_t count);

/* The absolute path, without symbolic links, of what the fd is open on, in the
 * kernel's own words; NULL where it has none, or one
 * that is too long. Allocated. Dies where /proc is
 * not mounted. */
const char *fds_read_path(int fd);

#endif
