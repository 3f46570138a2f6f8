/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a supervisor is doing, and the steps by which that changes.
 *
 *   state      the mount   COMMAND                        when the timer ends
 *   ---------  ----------  -----------------------------  --------------------
 *   STARTING   detached    gets ready                     it is late: fail
 *   CUT_OFF    detached    has closed its device fds; it  it lives on: fail
 *                          has a moment to say why
 *   SERVING    attached    serves                         (there is none)
 *   DESERTED   attached    has ended, and no successor    unmount, and ask them
 *                          serves; one may say why        to end
 *   IN_USE     gone        serves those who have files    look again
 *                          open in it
 *   UNMOUNTED  gone        ends by itself, as most do     ask it to end
 *   ENDING     gone        was asked to end               kill it
 *
 * STARTING may become CUT_OFF, SERVING or ENDING; CUT_OFF, SERVING or ENDING;
 * SERVING, any that stands below it; DESERTED, IN_USE, UNMOUNTED or ENDING; and
 * so on, always downward. A mount that cannot be unmounted, or whose keeper was
 * killed, is as good as gone.
 *
 * The successor of a COMMAND that has ended is a child that it has left behind,
 * as daemon(3) does it; that child may be the filesystem or not:
 *
 *   NO_SUCCESSOR  COMMAND itself runs, or it has ended for good; any state
 *   DOUBTED       to be probed when the mount is attached; STARTING to SERVING
 *   TRUSTED       nothing speaks against it; any state
 */
#ifndef FUSEFD_LAUNCH_SUPERVISOR_H
#define FUSEFD_LAUNCH_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>
#include <syslog.h>

#include "common/die.h"
#include "common/loop.h"
#include "supervise/attached_mount.h"
#include "supervise/inherited_handoff.h"
#include "supervise/keeper_client.h"
#include "supervise/options.h"
#include "supervise/output.h"
#include "supervise/start_failure.h"
#include "supervise/terminal.h"

enum state {
	STARTING,
	CUT_OFF,
	SERVING,
	DESERTED,
	IN_USE,
	UNMOUNTED,
	ENDING,
};

enum successor { NO_SUCCESSOR, DOUBTED, TRUSTED };

/* Places in the loop. */
enum { ON_SIGNAL, ON_NOTIFY, ON_MOUNTS, ON_OUTPUT, ON_FRONT, ON_KEEPER };
enum { ON_TIME };

struct supervisor {
	struct loop loop;
	const struct supervise_options *options;
	const struct inherited_handoff *handoff;
	enum state state;
	enum successor successor;
	struct keeper keeper;
	struct attached_mount mount;
	struct output output;
	struct terminal terminal; /* -b: COMMAND's until it is ready */
	int front;		  /* see background.h; -1: there is none */
	int signals;		  /* a signalfd */
	int notify;		  /* COMMAND's NOTIFY_SOCKET */
	int detached;  /* a copy of the mount, to probe until it is attached */
	pid_t command; /* -1: it has ended, and left none or several */
	int status;    /* of the last of COMMAND's processes to end */
	pid_t probe;   /* -1: there is none */
	pid_t ready_pid;       /* who said READY=1; 0: the probe found it out */
	bool told_to_end;      /* by a signal: then one may end COMMAND */
	deadline_t probe_ends; /* IN_USE: no probe counts as a user later */
	enum start_failure failure;
	const char *reason; /* of MOUNT_IS_NOT_ATTACHED */
};

/* In the background, and ready, there is nobody left to tell but the log. */
#define TELL(supervisor, ...)                                                  \
	((supervisor)->output.to_log ? syslog(LOG_ERR, __VA_ARGS__)            \
				     : say(__VA_ARGS__))

/* ---- From state to state (supervisor.c) ----------------------------------- */

/* Attach the mount, and tell those who wait for that. Nothing, once it was. */
void supervisor_serve(struct supervisor *supervisor);

/* If the mount is not attached by now, it will not be. Nothing, once it is. */
void supervisor_fail(struct supervisor *supervisor, enum start_failure failure);
void supervisor_fail_to_mount(struct supervisor *supervisor,
			      const char *reason);

/* See whether the mount is gone. */
void supervisor_check_mount(struct supervisor *supervisor);

/* Take the mount away, and ask COMMAND to end. Nothing, once that was done. */
void supervisor_end(struct supervisor *supervisor);

/* One of these, without the other. */
void supervisor_unmount(struct supervisor *supervisor);
void supervisor_ask_to_end(struct supervisor *supervisor);

/* The keeper is gone, and nobody asked it to. */
void supervisor_lose_keeper(struct supervisor *supervisor);

void supervisor_set_timer(struct supervisor *supervisor, deadline_t at);

/* ---- When a child ends (reap.c) ------------------------------------------- */

/* Some have ended, or stopped. */
void supervisor_reap(struct supervisor *supervisor);

/* Start the probe of the detached mount. */
void supervisor_probe(struct supervisor *supervisor);

/* Find out, if that is open, whether the successor serves. */
void supervisor_settle_doubt(struct supervisor *supervisor);

#endif
