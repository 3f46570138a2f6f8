/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/supervisor.h"

#include <unistd.h>

#include "launch/command/environment.h"
#include "supervise/background.h"
#include "supervise/children.h"
#include "supervise/notify.h"

void supervisor_ask_to_end(struct supervisor *supervisor)
{
	supervisor->asked = true;
	supervisor->deadline =
		deadline_in(supervisor->launch->options.stop_timeout);
	children_ask_to_end(supervisor->probe);
}

void supervisor_unmount(struct supervisor *supervisor)
{
	const char *reason = mounted_unmount(&supervisor->mounted);

	if (reason)
		TELL(supervisor, "cannot unmount %s: %s",
		     quoted(supervisor->launch->mountpoint.path), reason);
}

void supervisor_end(struct supervisor *supervisor)
{
	if (supervisor->state == ENDING)
		return;
	if (supervisor->state == SERVING)
		supervisor_unmount(supervisor);
	else if (supervisor->launch->mount >= 0)
		close(supervisor->launch->mount);
	supervisor->state = ENDING;
	supervisor_ask_to_end(supervisor);
}

void supervisor_fail(struct supervisor *supervisor, enum failure failure)
{
	if (supervisor->state != STARTING)
		return;
	supervisor->failure = failure;
	supervisor_end(supervisor);
}

void supervisor_serve(struct supervisor *supervisor)
{
	struct launch *launch = supervisor->launch;

	if (supervisor->state != STARTING)
		return;
	supervisor->fault = mounted_attach(&supervisor->mounted, launch);
	if (supervisor->fault) {
		supervisor_fail(supervisor, UNATTACHED);
		return;
	}
	say_if(launch->options.verbose, "ready: mounted on %s",
	       quoted(launch->mountpoint.path));
	supervisor->state = SERVING;
	supervisor->closed = false;
	supervisor->deadline = DEADLINE_NEVER;
	notify_ready(
		environment_get(launch->callers_environment, "NOTIFY_SOCKET"));
	terminal_give_back(&supervisor->terminal);
	if (launch->options.mode == RUN_BACKGROUND) {
		output_to_log(&supervisor->output);
		background_detach(launch->front);
		supervisor->events[ON_FRONT].fd = -1;
	}
}
