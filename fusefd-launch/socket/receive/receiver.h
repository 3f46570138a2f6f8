/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What fusefd-receive is doing, and what its sender hears of it.
 */
#ifndef FUSEFD_LAUNCH_RECEIVER_H
#define FUSEFD_LAUNCH_RECEIVER_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#include "common/loop.h"
#include "launch/options.h"
#include "socket/connection.h"
#include "socket/receive/received.h"
#include "supervise/signals.h"

/* The loop's sources and timers. */
enum { ON_SIGNAL, ON_SOCKET, ON_NOTIFY };
enum {
	DEADLINE, /* of a handoff to come; then, of COMMAND's end */
	RETRY,	  /* another attempt to connect */
};

struct receiver {
	struct options *options;
	char **callers_environment;
	struct loop loop;
	int signals; /* a signalfd */
	struct signals callers_signals;
	struct connection connection;
	struct received received;
	bool taken;    /* the handoff is here, and good */
	int notify;    /* COMMAND's NOTIFY_SOCKET; -1: it does not run yet */
	pid_t command; /* -1: it has ended, and several of its children go on */
	int status;    /* of the last of them to end */
	pid_t ready;   /* whoever said that it is ready; 0: nobody */
	bool told;     /* to end, by a signal */
	bool ending;   /* what is left is to follow */
};

/* Take a handoff, run COMMAND as a child, and exit as it does, with 128 and the
 * signal's number if one ended it. (receive.c) */
noreturn void receiver_run(struct receiver *receiver);

/* ---- What the sender hears (answers.c), if it is one of ours ---------------- */

/* From now on, it hears why this process dies, with nothing left behind. */
void answer_when_dying(struct receiver *receiver);

/* The handoff is good. */
void answer_taken(struct receiver *receiver);

/* COMMAND has sent something to NOTIFY_SOCKET. */
void answer_notice(struct receiver *receiver);

/* COMMAND has ended, and there is no more to say: the socket is closed. */
void answer_end(struct receiver *receiver);

#endif
