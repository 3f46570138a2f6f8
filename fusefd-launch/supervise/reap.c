/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What it means that a child has ended: it was COMMAND, or one of those that
 * COMMAND left behind, one of whom may be the filesystem; or it was the probe.
 */
#include "supervise/supervisor.h"

#include <signal.h>
#include <sys/wait.h>

#include "supervise/children.h"
#include "supervise/probe.h"
#include "supervise/survivors.h"

static bool is_clean(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Its own end, of its own accord: not because it was told to, nor because its
 * mount is gone, which it may have learned of before us. What is left by one
 * that was the filesystem itself, by its own word, is no filesystem. */
static bool may_leave_filesystem(const struct supervisor *supervisor,
				 pid_t ended)
{
	return !supervisor->told && supervisor->ready != ended &&
	       !(supervisor->state == SERVING &&
		 mounted_is_gone(&supervisor->mounted));
}

/* Has it gone to the background, as daemon(3) does it? Then the child that it
 * leaves is COMMAND from now on. Of several, nobody knows which; but the last
 * of them is. */
static bool goes_on_in_child(struct supervisor *supervisor, pid_t ended,
			     int status)
{
	const bool one_of_several = supervisor->command != ended;

	supervisor->command = children_find_only(supervisor->probe);
	return (one_of_several || is_clean(status)) &&
	       may_leave_filesystem(supervisor, ended) &&
	       children_signal(0, supervisor->probe);
}

/* Of COMMAND, or of one of the several that it left behind. */
static void judge_end(struct supervisor *supervisor, pid_t ended, int status)
{
	supervisor->status = status;
	supervisor->doubted = supervisor->state != ENDING &&
			      goes_on_in_child(supervisor, ended, status);
	supervisor->left |= supervisor->doubted;
	if (supervisor->doubted)
		return;
	supervisor->command = -1;
	supervisor_fail(supervisor, ENDED);
	supervisor_end(supervisor);
}

/* Its owner may kill it, which says nothing of the filesystem. */
static void probe_again(struct supervisor *supervisor)
{
	if (supervisor->state == STARTING)
		supervisor->probe = probe_start(supervisor->launch->mount);
	else
		supervisor->doubted = supervisor->left;
}

/* Where it fails COMMAND is dead, as a rule: it has a moment to say why, and
 * with what status. */
static void judge_probe(struct supervisor *supervisor, int status)
{
	supervisor->probe = -1;
	if (is_clean(status)) {
		supervisor_serve(supervisor);
	} else if (!WIFEXITED(status)) {
		probe_again(supervisor);
	} else if (supervisor->state == STARTING ||
		   (supervisor->state == SERVING && supervisor->left)) {
		supervisor->closed = true;
		supervisor->deadline = deadline_in(1);
	}
}

/* What COMMAND left behind may be the filesystem, or helpers of one that is no
 * more: the kernel knows whether anybody has a device fd. */
void supervisor_settle_doubt(struct supervisor *supervisor)
{
	if (!supervisor->doubted || supervisor->state != SERVING ||
	    supervisor->probe != -1)
		return;
	supervisor->doubted = false;
	supervisor->probe = survivors_probe(&supervisor->mounted);
}

void supervisor_bury_children(struct supervisor *supervisor)
{
	pid_t child;
	int status;

	while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (WIFSTOPPED(status)) {
			terminal_undo_stop(&supervisor->terminal, child,
					   WSTOPSIG(status));
			continue;
		}
		if (children_forget_stranger(child))
			continue;
		if (child == supervisor->probe)
			judge_probe(supervisor, status);
		else if (child == supervisor->command ||
			 (supervisor->command == -1 &&
			  supervisor->state != ENDING))
			judge_end(supervisor, child, status);
	}
	/* What COMMAND leaves at its end has not heard that this is one. */
	if (supervisor->state == ENDING && supervisor->command == -1)
		children_signal(SIGTERM, supervisor->probe);
}

/* None of those whom COMMAND left behind is the filesystem. */
void supervisor_end_survivors(struct supervisor *supervisor)
{
	if (mounted_is_gone(&supervisor->mounted))
		return;
	supervisor->command = -1;
	supervisor_end(supervisor);
}
