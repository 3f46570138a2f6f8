/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether somebody serves the mount: what the receiver says, and what the kernel
 * says to a probe. The former may lie or be silent, the latter may hang.
 */
#include "socket/send/sender.h"

#include <string.h>
#include <sys/wait.h>

#include "supervise/probe.h"
#include "supervise/restriction.h"

/* In milliseconds: for a receiver that says that it is ready, or closes its end
 * without a word, to turn out dead; for one that is dead to have said why; and
 * for one that unmounts itself to end, with a status, as most do then. */
#define GRACE_OF_LIFE	  500
#define GRACE_OF_DEATH	  2000
#define GRACE_OF_STOPPING 500

/* How often to ask after a receiver that has closed its end, and yet serves. */
#define PATROL 10000

/* The receiver's words go between our quotes; its own become others. */
static const char *refusal(struct receiver_answer *answer)
{
	for (char *byte = answer->reason; *byte; byte++)
		if (*byte == '\'')
			*byte = '"';
	return sender_explain("the receiver refused",
			      quoted(*answer->reason
					     ? answer->reason
					     : strerror(answer->error)));
}

/* If it is not certain, time will tell. Only the probe confirms READY=1, at once
 * as a rule: anybody can say so and be gone. */
static bool is_certain(const struct receiver_answer *answer, bool dead)
{
	if (answer->error)
		return *answer->reason || answer->ended;
	return answer->ended &&
	       (dead || answer->unread || (answer->spoken && !answer->ready));
}

/* To say it again and again does not put it off. */
static void hear_stopping(struct sender *sender)
{
	const deadline_t latest = deadline_now() + GRACE_OF_STOPPING;

	if (sender->state == SERVING && sender->answer.stopping &&
	    sender->loop.timers[NEXT].at > latest)
		sender->loop.timers[NEXT].at = latest;
}

/* What it said between READY=1 and the attach counts, too. */
static void serve(struct sender *sender)
{
	sender_serve(sender);
	hear_stopping(sender);
}

/* A receiver that has closed its end without a word, and whose device fds are
 * open, knows nothing of answers, and has taken them. */
void sender_judge(struct sender *sender)
{
	struct receiver_answer *answer = &sender->answer;

	if (answer->error)
		sender_fail(sender, refusal(answer));
	else if (answer->unread && !answer->spoken)
		sender_fail(sender,
			    "the receiver closed the connection without "
			    "taking it");
	else if (sender->dead || (answer->spoken && !answer->ready))
		sender_fail(
			sender,
			"the receiver has ended before it was ready, or has "
			"closed the device fds");
	else
		serve(sender);
}

static void consider(struct sender *sender)
{
	const struct receiver_answer *answer = &sender->answer;

	if (sender->state != WAITING)
		return;
	if (is_certain(answer, sender->dead))
		sender_judge(sender);
	else if (sender->loop.timers[NEXT].at == DEADLINE_NEVER &&
		 (answer->ended || answer->ready))
		sender->loop.timers[NEXT].at = deadline_now() + GRACE_OF_LIFE;
	else if (sender->loop.timers[NEXT].at == DEADLINE_NEVER &&
		 (answer->error || sender->dead))
		sender->loop.timers[NEXT].at = deadline_now() + GRACE_OF_DEATH;
}

static void restrict_mount(struct sender *sender)
{
	const uint32_t flags = sender->answer.restrictions;
	const char *fault;

	sender->answer.restrictions = 0;
	if (!flags || sender->state != WAITING)
		return;
	fault = restriction_apply(&sender->keeper, flags);
	if (fault)
		sender_fail(sender, fault);
}

static void hear(struct sender *sender)
{
	receiver_answer_read(&sender->answer, sender->connection.socket);
	if (sender->answer.ended)
		sender_hang_up(sender);
	/* A receiver that does not serve yet means another mount. */
	if (sender->state != SERVING && !sender->answer.ready)
		sender->answer.stopping = false;
	restrict_mount(sender);
}

void sender_listen(struct sender *sender)
{
	hear(sender);
	if (sender->state == SERVING && sender->answer.ended)
		sender->loop.timers[NEXT].at = deadline_now();
	else
		hear_stopping(sender);
	consider(sender);
}

/* What the receiver said of the mount before it served may not have been read:
 * the probe ends as quickly. */
static void serve_probed(struct sender *sender)
{
	if (sender->connection.socket >= 0)
		hear(sender);
	if (sender->state == WAITING)
		serve(sender);
}

/* The filesystem has ended, wherever it was. */
static void lose(struct sender *sender)
{
	const int status = sender->answer.exit_status;

	TELL(sender, "the filesystem on %s has ended",
	     sender_mountpoint(sender));
	sender->status = status < 0 ? 0 : status;
	sender_unmount(sender);
}

void sender_judge_probe(struct sender *sender, int status)
{
	const bool alive = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	sender->probe = -1;
	/* Its owner may kill it, which says nothing of the filesystem. If that
	 * serves, the next patrol asks again. */
	sender->dead = WIFEXITED(status) && !alive;
	if (sender->state == WAITING && alive)
		serve_probed(sender);
	else if (sender->state == WAITING && !sender->dead)
		sender->probe = probe_start(sender->copy);
	else if (sender->state == SERVING && sender->dead)
		lose(sender);
	else if (sender->state == SERVING && sender->answer.ended)
		sender->loop.timers[NEXT].at = deadline_now() + PATROL;
	else
		consider(sender);
}

void sender_probe(struct sender *sender)
{
	sender->loop.timers[NEXT].at = DEADLINE_NEVER;
	if (sender->probe < 0)
		sender->probe = probe_start(sender->copy);
	/* Next time, perhaps. */
	if (sender->probe < 0)
		sender->loop.timers[NEXT].at = deadline_now() + PATROL;
}

void sender_patrol(struct sender *sender)
{
	if (sender->answer.stopping)
		lose(sender);
	else
		sender_probe(sender);
}
