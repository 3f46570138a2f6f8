/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The socket to the filesystem, whose number is in _FUSE_COMMFD: a stream or,
 * from go-fuse, of datagrams.
 */
#ifndef FUSEFD_STAND_IN_COMMFD_H
#define FUSEFD_STAND_IN_COMMFD_H

/* The fd of that number, -1 where it is none of an open socket. */
int commfd_parse(const char *number);

/* One byte, and the device fd with it. 0, or -1 with errno. Waits for nobody to
 * read it: go-fuse and bazil read when this process has ended. */
int commfd_send(int commfd, int device);

/* Until the filesystem has closed its end, or is no more. */
void commfd_wait(int commfd);

#endif
