/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --send is doing, and the steps by which that changes.
 */
#ifndef FUSEFD_LAUNCH_SENDER_H
#define FUSEFD_LAUNCH_SENDER_H

#include <poll.h>
#include <syslog.h>

#include "common/deadline.h"
#include "common/die.h"
#include "launch/launch.h"
#include "socket/connection.h"
#include "socket/send/handoff_message.h"
#include "socket/send/receiver_answer.h"
#include "supervise/mounted.h"

enum state {
	CONNECTING, /* there is no receiver */
	SENDING,    /* it has not taken the message */
	WAITING,    /* it is not ready, and the mount is detached */
	SERVING,    /* the mount is attached */
	ENDING,	    /* there is only a probe to bury */
};

enum { ON_SIGNAL, ON_SOCKET, ON_MOUNTS, ON_FRONT, EVENTS };

struct sender {
	struct launch *launch;
	enum state state;
	struct pollfd events[EVENTS];
	deadline_t deadline; /* of getting ready; then, of ending */
	deadline_t next;     /* when to try again, to judge or to probe */
	struct connection connection;
	struct handoff_message message;
	struct receiver_answer answer;
	pid_t probe; /* -1: none */
	bool dead;   /* says the probe */
	struct mounted mounted;
	int copy;	     /* of the mount, to probe when it is attached */
	const char *failure; /* why it did not get ready */
	int signal;	     /* the one that ends us */
	int status;	     /* to exit with */
	bool to_log;	     /* in the background, and nobody listens */
};

#define TELL(sender, ...)                                                      \
	((sender)->to_log ? syslog(LOG_ERR, __VA_ARGS__) : say(__VA_ARGS__))

/* Its mountpoint, for messages. */
const char *sender_mountpoint(const struct sender *sender);

/* "WHAT: REASON", allocated. */
const char *sender_explain(const char *what, const char *reason);

void sender_watch_socket(struct sender *sender, int fd, short event);
void sender_hang_up(struct sender *sender);
void sender_close_devices(const struct launch *launch);

/* ---- From state to state (sender.c) --------------------------------------- */

/* Attach the mount. Then leave or, in the supervised modes, stay. */
void sender_serve(struct sender *sender);

/* What is not attached by now will not be. Nothing, once it is. */
void sender_fail(struct sender *sender, const char *failure);

/* End with the mount taken away, or as it is. */
void sender_unmount(struct sender *sender);
void sender_leave(struct sender *sender);

/* ---- What the witnesses say (witnesses.c) ---------------------------------- */

/* Of the receiver, what can be read from its socket. */
void sender_listen(struct sender *sender);

/* Start a probe of that mount, and judge what it ended with. */
void sender_probe(struct sender *sender, int mount);
void sender_judge_probe(struct sender *sender, int status);

/* There is no more to wait for: serve, or fail. */
void sender_judge(struct sender *sender);

/* The same while it serves: ask whether it still does, or unmount. */
void sender_patrol(struct sender *sender);

#endif
