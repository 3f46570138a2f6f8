/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The launcher's supervisor, which attaches the mount when the filesystem is
 * ready, and takes it away. For most filesystems it needs no word of ours.
 */
#ifndef FUSEFD_STAND_IN_SUPERVISOR_H
#define FUSEFD_STAND_IN_SUPERVISOR_H

/* What go-fuse opens in its mount. */
#define SUPERVISED_FILE ".go-fuse-epoll-hack"

/* go-fuse gives its helper an environment of one variable: find the launcher's
 * words in that of the filesystem, which is our parent. */
void supervisor_ask_parent(void);

/* go-fuse opens a file in its mount as soon as it has answered INIT, and fails
 * where it is not there. So have it attached now, and return when it is; or put
 * such a file into the folder, for the receiver to remove. A supervisor only: an
 * exec'd mount is attached already. */
void supervisor_attach(const char *mountpoint);

/* Who asks for an unmount, and is told that it is done, may wait for the end of
 * its connection: have it unmounted. */
void supervisor_unmount(void);

#endif
