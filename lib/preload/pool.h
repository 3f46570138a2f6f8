/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device fds of the handoff, lent to a program that believes to open
 * /dev/fuse.
 *
 * It gets duplicates, for it closes what it opened: libfuse closes a clone
 * when an idle thread ends, and opens another one later. Which of them it
 * closed nobody tells us; so they are lent in turn, and again when all were
 * lent. To the kernel, duplicates are one device fd.
 *
 * Safe to use from any thread.
 */
#ifndef FUSEFD_PRELOAD_POOL_H
#define FUSEFD_PRELOAD_POOL_H

#include <stdbool.h>

/* Is there a handoff in this process? The first question takes it: what was
 * announced is verified and, from then on, closed on exec, lest a child of the
 * filesystem keep the connection alive. Not sooner, because the same question
 * never comes in a shell that is to execute the filesystem. */
bool pool_exists(void);

/* The primary, as open(2) with these flags; -1 with errno. */
int pool_lend(int flags);

/* Is it a duplicate of a device fd of ours? */
bool pool_owns(int fd);

/* Make fd, one of ours, a duplicate of the next clone; 0, or -1 with errno. */
int pool_exchange(int fd);

#endif
