/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handoff (fusefd(7)) as the environment announces it. The variables stay
 * there: a shell or env(1) may come before the filesystem, and loads the same
 * stand-in.
 */
#ifndef FUSEFD_PRELOAD_ANNOUNCED_H
#define FUSEFD_PRELOAD_ANNOUNCED_H

#include <stdbool.h>

#include "notify.h"

/* Copies, since a program may overwrite its environment (setproctitle does);
 * NULL: not said. Filled in before main(), without a look at any fd. */
struct announced {
	char *fds, *mountpoint, *acl, *supervised;
	struct fusefd_notify supervisor; /* its NOTIFY_SOCKET; of no other */
};

extern struct announced announced;

/* Fill it in. A process with more rights than who started it takes no word
 * from that one's environment. */
void announced_read(void);

/* Is this the mountpoint of the handoff, or a name that a program that was
 * given /dev/fd/N makes of that? It is not asked for what lies behind it. */
bool announced_is_mountpoint(const char *path);

/* Does the mount let in others than its owner? True where nobody said. */
bool announced_is_for_others(void);

#endif
