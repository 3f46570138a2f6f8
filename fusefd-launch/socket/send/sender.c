/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launch/command/environment.h"
#include "launch/mount/mount.h"
#include "supervise/background.h"
#include "supervise/notify.h"

const char *sender_mountpoint(const struct sender *sender)
{
	return quoted(sender->launch->mountpoint.path);
}

void sender_watch_socket(struct sender *sender, int fd, short event)
{
	sender->events[ON_SOCKET] = (struct pollfd){.fd = fd, .events = event};
}

void sender_hang_up(struct sender *sender)
{
	if (sender->connection.socket >= 0)
		close(sender->connection.socket);
	sender->connection.socket = -1;
	sender_watch_socket(sender, -1, 0);
}

static void let_go(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void sender_close_devices(const struct launch *launch)
{
	for (size_t i = 0; i < launch->handoff.count; i++)
		close(launch->handoff.fds[i]);
}

/* Whatever is attached by then stays. */
void sender_leave(struct sender *sender)
{
	if (sender->state <= SENDING)
		sender_close_devices(sender->launch);
	connection_withdraw(&sender->connection);
	sender_hang_up(sender);
	let_go(&sender->launch->mount);
	let_go(&sender->copy);
	sender->state = ENDING;
	/* Some probes nothing can end in time. */
	sender->deadline = deadline_in(1);
	sender->next = DEADLINE_NEVER;
	if (sender->probe > 0)
		(void)kill(sender->probe, SIGKILL);
}

void sender_unmount(struct sender *sender)
{
	const char *reason = mounted_unmount(&sender->mounted);

	if (reason) {
		TELL(sender, "cannot unmount %s: %s", sender_mountpoint(sender),
		     reason);
		sender->status = EXIT_LAUNCHER;
	}
	sender_leave(sender);
}

/* By way of fusectl, where that is mounted: its files are the mount's owner's.
 * Then a probe ends at once, even one that hangs in a request which the receiver
 * has read; else it ends when the receiver does. */
static void abort_connection(int mount)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort",
		 mount_connection(mount));
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
	if (sender->state == WAITING && sender->launch->mount >= 0)
		abort_connection(sender->launch->mount);
	sender_leave(sender);
}

static void stay(struct sender *sender)
{
	const struct launch *launch = sender->launch;

	sender->deadline = DEADLINE_NEVER;
	sender->next = sender->answer.ended ? deadline_now() : DEADLINE_NEVER;
	/* The directory that it was started in is not ours to keep busy. */
	(void)!chdir("/");
	notify_ready(
		environment_get(launch->callers_environment, "NOTIFY_SOCKET"));
	if (launch->options.mode != RUN_BACKGROUND)
		return;
	sender->to_log = true;
	openlog("fusefd-launch", LOG_PID, LOG_DAEMON);
	background_detach(launch->front);
	sender->events[ON_FRONT].fd = -1;
}

const char *sender_explain(const char *what, const char *reason)
{
	char *text;

	if (asprintf(&text, "%s: %s", what, reason) < 0)
		die("out of memory");
	return text;
}

static void watch_over(struct sender *sender, int mount)
{
	sender->copy = mounted_copy(sender->launch, mount);
	if (sender->copy >= 0) {
		stay(sender);
		return;
	}
	TELL(sender, "cannot watch over %s: %s", sender_mountpoint(sender),
	     strerror(errno));
	sender->status = EXIT_LAUNCHER;
	sender_unmount(sender);
}

void sender_serve(struct sender *sender)
{
	struct launch *launch = sender->launch;
	const int mount = fcntl(launch->mount, F_DUPFD_CLOEXEC, 0);
	const char *fault = mount < 0
				    ? strerror(errno)
				    : mounted_attach(&sender->mounted, launch);

	if (fault) {
		sender_fail(sender,
			    sender_explain("cannot attach the mount", fault));
	} else {
		say_if(launch->options.verbose, "ready: mounted on %s",
		       sender_mountpoint(sender));
		sender->state = SERVING;
		if (launch->options.mode == RUN_SEND)
			sender_leave(sender);
		else
			watch_over(sender, mount);
	}
	if (mount >= 0)
		close(mount);
}
