/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/supervisor.h"

#include <stdlib.h>
#include <unistd.h>

#include "supervise/background.h"
#include "supervise/children.h"
#include "supervise/notify.h"

static const char *mountpoint(const struct supervisor *supervisor)
{
	return quoted(supervisor->mount.mountpoint);
}

void supervisor_set_timer(struct supervisor *supervisor, deadline_t at)
{
	supervisor->loop.timers[ON_TIME].at = at;
}

/* ---- The end -------------------------------------------------------------- */

void supervisor_ask_to_end(struct supervisor *supervisor)
{
	supervisor->state = ENDING;
	supervisor_set_timer(supervisor,
			     deadline_in(supervisor->options->stop_timeout));
	children_ask_to_end(supervisor->probe);
}

void supervisor_unmount(struct supervisor *supervisor)
{
	const char *reason =
		attached_mount_unmount(&supervisor->mount, &supervisor->keeper);

	if (reason)
		TELL(supervisor, "cannot unmount %s: %s",
		     mountpoint(supervisor), reason);
}

static void close_detached(struct supervisor *supervisor)
{
	if (supervisor->detached >= 0)
		close(supervisor->detached);
	supervisor->detached = -1;
}

/* The keeper of a mount that stays has nothing more to do, either. */
void supervisor_end(struct supervisor *supervisor)
{
	if (supervisor->state >= UNMOUNTED)
		return;
	close_detached(supervisor);
	if (supervisor->state >= SERVING)
		supervisor_unmount(supervisor);
	keeper_let_go(&supervisor->keeper);
	supervisor_ask_to_end(supervisor);
}

void supervisor_fail(struct supervisor *supervisor, enum start_failure failure)
{
	if (supervisor->state >= SERVING)
		return;
	supervisor->failure = failure;
	supervisor_end(supervisor);
}

void supervisor_fail_to_mount(struct supervisor *supervisor, const char *reason)
{
	supervisor->reason = reason;
	supervisor_fail(supervisor, MOUNT_IS_NOT_ATTACHED);
}

void supervisor_lose_keeper(struct supervisor *supervisor)
{
	if (supervisor->keeper.socket < 0)
		return;
	keeper_let_go(&supervisor->keeper);
	supervisor_fail_to_mount(supervisor, "its keeper was killed");
	supervisor_check_mount(supervisor);
	if (supervisor->state >= IN_USE)
		return;
	TELL(supervisor,
	     "cannot watch over %s: its keeper was killed, and the mount stays"
	     "%sUnmount it with 'fusefd-launch --unmount'.",
	     mountpoint(supervisor), supervisor->output.to_log ? ": " : "\n");
	supervisor_ask_to_end(supervisor);
}

/* ---- The mount ------------------------------------------------------------ */

/* A filesystem learns of the unmount from the kernel (ENODEV), and ends by
 * itself, with a status of its own. So many seconds later it has not. */
#define UNMOUNTED_PATIENCE 3

/* A probe keeps the connection as an open file does, and so COMMAND from
 * hearing of the unmount, for as long as nobody answers it. */
static bool is_used(struct supervisor *supervisor)
{
	if (!attached_mount_is_used(&supervisor->mount))
		return false;
	if (supervisor->probe == -1)
		return true;
	if (!supervisor->probe_ends)
		supervisor->probe_ends =
			deadline_in(supervisor->options->stop_timeout);
	return deadline_now() < supervisor->probe_ends;
}

/* After a lazy unmount, COMMAND serves those who still have files open. The
 * keeper does not: what the mount was in is not its to keep busy. */
void supervisor_check_mount(struct supervisor *supervisor)
{
	if (supervisor->state < SERVING || supervisor->state > IN_USE ||
	    !attached_mount_is_gone(&supervisor->mount))
		return;
	(void)keeper_unmount(&supervisor->keeper, 0);
	keeper_let_go(&supervisor->keeper);
	if (is_used(supervisor)) {
		supervisor->state = IN_USE;
		supervisor_set_timer(supervisor, deadline_in(1));
		return;
	}
	supervisor->state = UNMOUNTED;
	supervisor_set_timer(supervisor, deadline_in(UNMOUNTED_PATIENCE));
}

void supervisor_serve(struct supervisor *supervisor)
{
	const char *reason;

	if (supervisor->state >= SERVING)
		return;
	reason = attached_mount_attach(&supervisor->mount, &supervisor->keeper);
	if (reason) {
		supervisor_fail_to_mount(supervisor, reason);
		return;
	}
	say_if(supervisor->options->verbose, "ready: mounted on %s",
	       mountpoint(supervisor));
	supervisor->state = SERVING;
	supervisor_set_timer(supervisor, DEADLINE_NEVER);
	close_detached(supervisor);
	notify_ready(getenv("NOTIFY_SOCKET"));
	terminal_give_back(&supervisor->terminal);
	if (supervisor->options->background) {
		output_to_log(&supervisor->output);
		loop_forget(&supervisor->loop, ON_FRONT);
		background_detach(supervisor->front);
	}
}
