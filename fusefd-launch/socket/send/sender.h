/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What fusefd-send is doing, and the steps by which that changes.
 */
#ifndef FUSEFD_LAUNCH_SENDER_H
#define FUSEFD_LAUNCH_SENDER_H

#include <stdbool.h>
#include <syslog.h>

#include "common/die.h"
#include "common/loop.h"
#include "socket/connection.h"
#include "socket/send/handoff_message.h"
#include "socket/send/receiver_answer.h"
#include "socket/send/send_options.h"
#include "supervise/attached_mount.h"
#include "supervise/inherited_handoff.h"
#include "supervise/keeper_client.h"

enum state {
	CONNECTING, /* there is no receiver */
	SENDING,    /* it has not taken the message */
	WAITING,    /* it is not ready, and the mount is detached */
	SERVING,    /* the mount is attached */
	ENDING,	    /* there is only a probe to bury */
};

/* The loop's sources and timers. */
enum { ON_SIGNAL, ON_SOCKET, ON_MOUNTS, ON_KEEPER, ON_FRONT };
enum {
	DEADLINE, /* of getting ready; then, of ending */
	NEXT,	  /* when to try again, to judge or to probe */
};

struct sender {
	const struct send_options *options;
	struct inherited_handoff handoff;
	struct keeper keeper;
	int front; /* see background.h; -1: there is none */
	enum state state;
	struct loop loop;
	int signals; /* a signalfd */
	struct connection connection;
	struct handoff_message message;
	struct receiver_answer answer;
	int copy;    /* of the mount, detached for good: to be probed */
	pid_t probe; /* -1: none */
	bool dead;   /* says the probe */
	struct attached_mount mount;
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

/* Close the device fds, once. */
void sender_close_devices(struct sender *sender);

/* Close the connection. */
void sender_hang_up(struct sender *sender);

/* Send the handoff that the environment announces, attach the mount when the
 * receiver is ready, and exit with 0; or, if that is wanted, stay until either
 * of them goes. Dies if the receiver does not come, refuses, or does not get
 * ready. (send.c) */
noreturn void sender_run(struct sender *sender);

/* ---- From state to state (sender.c) --------------------------------------- */

/* Attach the mount. Then leave or, if that is wanted, stay. */
void sender_serve(struct sender *sender);

/* A mount that is not attached by now will not be. Nothing, once it is. */
void sender_fail(struct sender *sender, const char *failure);

/* End with the mount taken away, or as it is. */
void sender_unmount(struct sender *sender);
void sender_leave(struct sender *sender);

/* ---- Is the receiver ready? (receiver_readiness.c) ------------------------- */

/* Read what the receiver says. */
void sender_listen(struct sender *sender);

/* Start a probe of the mount, and judge what it ended with. */
void sender_probe(struct sender *sender);
void sender_judge_probe(struct sender *sender, int status);

/* There is no more to wait for: serve, or fail. */
void sender_judge(struct sender *sender);

/* The same while it serves: ask whether it still does, or unmount. */
void sender_patrol(struct sender *sender);

#endif
