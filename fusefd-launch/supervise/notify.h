/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sd_notify(3) from both sides: COMMAND tells a supervisor that it is ready,
 * and the supervisor tells whoever waits for it.
 */
#ifndef FUSEFD_LAUNCH_NOTIFY_H
#define FUSEFD_LAUNCH_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A socket for COMMAND's messages, with an abstract address, so that no file
 * can be left behind. name: for NOTIFY_SOCKET; allocated. Dies if there can be
 * none. */
int notify_open(const char **name);

enum notice { NOTICE_NONE, NOTICE_READY, NOTICE_STOPPING };

/* Read a message: does the owner (or root) say READY=1 or STOPPING=1? by: which
 * process. restrictions: what else it asks for (restriction.h), which is to be
 * seen to first; 0: nothing. */
enum notice notify_read(int socket, uid_t owner, pid_t *by,
			uint32_t *restrictions);

/* Say READY=1 at that NOTIFY_SOCKET; NULL: nobody waits. */
void notify_ready(const char *name);

#endif
