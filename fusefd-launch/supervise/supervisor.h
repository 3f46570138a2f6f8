/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a supervisor is doing, and the steps by which that changes.
 */
#ifndef FUSEFD_LAUNCH_SUPERVISOR_H
#define FUSEFD_LAUNCH_SUPERVISOR_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>
#include <syslog.h>

#include "common/deadline.h"
#include "common/die.h"
#include "launch/launch.h"
#include "supervise/failure.h"
#include "supervise/mounted.h"
#include "supervise/output.h"
#include "supervise/terminal.h"

enum state {
	STARTING, /* COMMAND runs, and the mount is detached */
	SERVING,  /* the mount is attached */
	ENDING,	  /* the mount is gone, and so is COMMAND to be */
};

enum { ON_SIGNAL, ON_NOTIFY, ON_MOUNTS, ON_OUTPUT, ON_FRONT, EVENTS };

struct supervisor {
	struct launch *launch;
	enum state state;
	struct pollfd events[EVENTS];
	deadline_t deadline; /* of the state */
	deadline_t patience; /* with a probe in a mount that is gone; 0: none */
	struct output output;
	struct terminal terminal; /* -b: COMMAND's until it is ready */
	struct mounted mounted;
	pid_t command; /* -1 where it has ended, and left several children */
	int status;    /* of the last of them to end */
	pid_t probe;   /* -1 where it has ended */
	pid_t ready;   /* who said READY=1; 0: the probe found it out */
	bool told;     /* to end, by a signal to us */
	bool asked;    /* to end, by a signal of ours */
	bool closed;   /* the connection is dead, and COMMAND not known to be */
	bool left;     /* COMMAND has ended, and its children go on */
	bool doubted;  /* is there anybody among them who serves? */
	enum failure failure;
	const char *fault; /* with UNATTACHED */
};

/* In the background, and ready, there is nobody left to tell but the log. */
#define TELL(supervisor, ...)                                                  \
	((supervisor)->output.to_log ? syslog(LOG_ERR, __VA_ARGS__)            \
				     : say(__VA_ARGS__))

/* ---- From state to state (supervisor.c) ----------------------------------- */

/* Attach the mount, and tell whoever waits for that. Nothing, once it was. */
void supervisor_serve(struct supervisor *supervisor);

/* What is not attached by now will not be. Nothing, once it is. */
void supervisor_fail(struct supervisor *supervisor, enum failure failure);

/* Take the mount away, and ask COMMAND to end. Nothing, once that was done. */
void supervisor_end(struct supervisor *supervisor);

/* One of these, without the other. */
void supervisor_unmount(struct supervisor *supervisor);
void supervisor_ask_to_end(struct supervisor *supervisor);

/* ---- When a child ends (child_ends.c) ------------------------------------- */

/* Some have ended, or stopped. */
void supervisor_bury_children(struct supervisor *supervisor);

/* Ask, where it is open, whether those whom COMMAND left behind serve; and what
 * to do where they do not. */
void supervisor_settle_doubt(struct supervisor *supervisor);
void supervisor_end_survivors(struct supervisor *supervisor);

#endif
