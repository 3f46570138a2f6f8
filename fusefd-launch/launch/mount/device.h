/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device fds.
 */
#ifndef FUSEFD_LAUNCH_DEVICE_H
#define FUSEFD_LAUNCH_DEVICE_H

#include <stddef.h>

/* Open /dev/fuse count times, close-on-exec. The kernel gives the lowest
 * numbers from the first on, which with nothing but kept fds open above 2 are
 * those that the handoff promises. */
void device_open(int *fds, size_t count, int first);

/* Bind all but the first to the first's connection, which is mounted. */
void device_clone(const int *fds, size_t count);

/* Let them through the exec. */
void device_inherit(const int *fds, size_t count);

#endif
