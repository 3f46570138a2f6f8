/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --receive is doing, and what its sender hears of it.
 */
#ifndef FUSEFD_LAUNCH_RECEIVER_H
#define FUSEFD_LAUNCH_RECEIVER_H

#include <poll.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "launch/launch.h"
#include "socket/connection.h"
#include "socket/receive/received.h"
#include "supervise/signals.h"

enum { ON_SIGNAL, ON_OTHER, EVENTS };

struct receiver {
	struct launch *launch;
	struct signals signals;
	struct connection connection;
	struct received received;
	struct mountpoint folder;     /* COMMAND's, of --unmodified */
	struct pollfd events[EVENTS]; /* the other: the socket, then COMMAND */
	deadline_t deadline;
	deadline_t next; /* of another attempt to connect */
	pid_t command;	 /* -1 where it has ended, and its children go on */
	int status;	 /* of the last of them to end */
	pid_t ready_pid; /* whoever said that it is ready; 0: nobody */
	bool told;	 /* to end, by a signal */
	bool ending;	 /* what is left is to follow */
};

/* ---- What the sender hears (report.c), where it is one of ours -------------- */

/* The handoff is good; and from now on, what we die of, with nothing left. */
void report_taken(struct receiver *receiver);

/* COMMAND has sent something to NOTIFY_SOCKET. */
void report_notice(struct receiver *receiver);

/* COMMAND has ended, and there is no more to say: the socket is closed. */
void report_end(const struct receiver *receiver);

#endif
