/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What it means that a child has ended: it was COMMAND, or one of those that
 * COMMAND left behind, one of whom may be the filesystem; or it was the probe.
 */
#include "supervise/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise/children.h"
#include "supervise/probe.h"

static bool is_clean(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- COMMAND -------------------------------------------------------------- */

/* Only one that has ended of its own accord may: not because it was told to, nor
 * because its mount is gone, which it may have learned of before us. If it said
 * itself that it is ready, it was the filesystem, and what it leaves is none. */
static bool may_leave_filesystem(struct supervisor *supervisor, pid_t ended)
{
	return !supervisor->told_to_end && supervisor->ready_pid != ended &&
	       !(supervisor->state >= SERVING &&
		 attached_mount_is_gone(&supervisor->mount));
}

static bool goes_on_in_child(struct supervisor *supervisor, pid_t ended,
			     int status)
{
	const bool one_of_several = supervisor->command != ended;
	const bool anybody =
		children_succeed(&supervisor->command, supervisor->probe);

	return anybody && (one_of_several || is_clean(status)) &&
	       may_leave_filesystem(supervisor, ended);
}

/* Of COMMAND, or of one of the several that it left behind. */
static void judge_end(struct supervisor *supervisor, pid_t ended, int status)
{
	supervisor->status = status;
	if (supervisor->state < UNMOUNTED &&
	    goes_on_in_child(supervisor, ended, status)) {
		/* The probe's word that nobody serves is its last one. */
		if (supervisor->state <= SERVING)
			supervisor->successor = DOUBTED;
		return;
	}
	supervisor->command = -1;
	supervisor_fail(supervisor, COMMAND_ENDED);
	supervisor_end(supervisor);
}

/* ---- The probe ------------------------------------------------------------ */

void supervisor_probe(struct supervisor *supervisor)
{
	supervisor->probe = probe_start(supervisor->detached);
	if (supervisor->probe < 0)
		supervisor_fail_to_mount(supervisor, strerror(errno));
}

/* Its owner may kill it, which says nothing of the filesystem. */
static void probe_again(struct supervisor *supervisor)
{
	if (supervisor->state == STARTING)
		supervisor_probe(supervisor);
	else if (supervisor->state == SERVING &&
		 supervisor->successor == TRUSTED)
		supervisor->successor = DOUBTED;
}

/* If it fails COMMAND is dead, as a rule: it has a moment to say why, and with
 * what status. */
static void hear_of_death(struct supervisor *supervisor)
{
	if (supervisor->state == STARTING)
		supervisor->state = CUT_OFF;
	else if (supervisor->state == SERVING &&
		 supervisor->successor != NO_SUCCESSOR)
		supervisor->state = DESERTED;
	else
		return;
	supervisor_set_timer(supervisor, deadline_in(1));
}

static void judge_probe(struct supervisor *supervisor, int status)
{
	supervisor->probe = -1;
	if (is_clean(status))
		supervisor_serve(supervisor);
	else if (!WIFEXITED(status))
		probe_again(supervisor);
	else
		hear_of_death(supervisor);
}

static pid_t probe_attached(struct supervisor *supervisor)
{
	const int copy =
		attached_mount_copy(&supervisor->mount, &supervisor->keeper);
	pid_t probe;

	if (copy < 0)
		return -1;
	probe = probe_start(copy);
	close(copy);
	return probe;
}

/* A successor may be the filesystem, or a helper of one that is no more: the
 * kernel knows whether anybody has a device fd. If nobody can be sent to ask, it
 * is trusted. */
void supervisor_settle_doubt(struct supervisor *supervisor)
{
	if (supervisor->successor != DOUBTED || supervisor->state != SERVING ||
	    supervisor->probe != -1)
		return;
	supervisor->successor = TRUSTED;
	supervisor->probe = probe_attached(supervisor);
}

/* ---- Any ------------------------------------------------------------------ */

static void judge(struct supervisor *supervisor, pid_t child, int status)
{
	if (WIFSTOPPED(status))
		terminal_undo_stop(&supervisor->terminal, child,
				   WSTOPSIG(status));
	else if (child == supervisor->probe)
		judge_probe(supervisor, status);
	else if (child == supervisor->command ||
		 (supervisor->command == -1 && supervisor->state < UNMOUNTED))
		judge_end(supervisor, child, status);
}

void supervisor_reap(struct supervisor *supervisor)
{
	pid_t child;
	int status;

	while (children_next(&child, &status))
		judge(supervisor, child, status);
	/* An unmount ends a filesystem, as a rule: there may be no event yet. */
	supervisor_check_mount(supervisor);
	/* What COMMAND leaves at its end has not heard that this is one. */
	if (supervisor->state >= UNMOUNTED && supervisor->command == -1)
		children_signal(SIGTERM, supervisor->probe);
}
