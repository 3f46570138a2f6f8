/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/sender.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervise/background.h"
#include "supervise/notify.h"

const char *sender_mountpoint(const struct sender *sender)
{
	return quoted(sender->handoff.announcement.mountpoint);
}

void sender_close_devices(struct sender *sender)
{
	inherited_handoff_close(&sender->handoff);
	sender->handoff.count = 0;
}

void sender_hang_up(struct sender *sender)
{
	loop_forget(&sender->loop, ON_SOCKET);
	if (sender->connection.socket >= 0)
		close(sender->connection.socket);
	sender->connection.socket = -1;
}

/* A mount that is attached by then, and whose keeper was told to leave it, or
 * could not unmount it, stays. */
void sender_leave(struct sender *sender)
{
	struct loop *loop = &sender->loop;

	sender_close_devices(sender);
	sender_hang_up(sender);
	connection_withdraw(&sender->connection);
	if (sender->copy >= 0)
		close(sender->copy);
	sender->copy = -1;
	loop_forget(loop, ON_KEEPER);
	keeper_let_go(&sender->keeper);
	sender->state = ENDING;
	/* Some probes nothing can end in time. */
	loop->timers[DEADLINE].at = deadline_in(1);
	loop->timers[NEXT].at = DEADLINE_NEVER;
	if (sender->probe > 0)
		(void)kill(sender->probe, SIGKILL);
}

void sender_unmount(struct sender *sender)
{
	const char *reason;

	loop_forget(&sender->loop, ON_KEEPER);
	reason = attached_mount_unmount(&sender->mount, &sender->keeper);
	if (reason) {
		TELL(sender, "cannot unmount %s: %s", sender_mountpoint(sender),
		     reason);
		sender->status = EXIT_LAUNCHER;
	}
	sender_leave(sender);
}

/* By way of fusectl, if that is mounted: its files are the mount's owner's.
 * Then a probe ends at once, even one that hangs in a request which the receiver
 * has read; else it ends when the receiver does. */
static void abort_connection(const struct sender *sender)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort",
		 sender->mount.connection);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "1", 1);
	close(fd);
}

void sender_fail(struct sender *sender, const char *failure)
{
	if (sender->state >= SERVING)
		return;
	sender->failure = failure;
	if (sender->state == WAITING)
		abort_connection(sender);
	sender_leave(sender);
}

static void stay(struct sender *sender)
{
	struct loop_timer *timers = sender->loop.timers;

	timers[DEADLINE].at = DEADLINE_NEVER;
	timers[NEXT].at =
		sender->answer.ended ? deadline_now() : DEADLINE_NEVER;
	/* The directory that it was started in is not ours to keep busy. */
	(void)!chdir("/");
	notify_ready(getenv("NOTIFY_SOCKET"));
	if (!sender->options->background)
		return;
	sender->to_log = true;
	openlog("fusefd-launch", LOG_PID, LOG_DAEMON);
	loop_forget(&sender->loop, ON_FRONT);
	background_detach(sender->front);
}

const char *sender_explain(const char *what, const char *reason)
{
	char *text;

	if (asprintf(&text, "%s: %s", what, reason) < 0)
		die("out of memory");
	return text;
}

static void leave_mounted(struct sender *sender)
{
	int error;

	loop_forget(&sender->loop, ON_KEEPER);
	error = keeper_leave(&sender->keeper);
	if (error) {
		say("cannot leave the mount on %s: %s",
		    sender_mountpoint(sender), strerror(error));
		sender->status = EXIT_LAUNCHER;
	}
	sender_leave(sender);
}

void sender_serve(struct sender *sender)
{
	const char *fault =
		attached_mount_attach(&sender->mount, &sender->keeper);

	if (fault) {
		sender_fail(sender,
			    sender_explain("cannot attach the mount", fault));
		return;
	}
	say_if(sender->options->verbose, "ready: mounted on %s",
	       sender_mountpoint(sender));
	sender->state = SERVING;
	if (sender->options->stay)
		stay(sender);
	else
		leave_mounted(sender);
}
