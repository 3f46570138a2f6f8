/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/signals.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"

static void fill(sigset_t *set)
{
	static const int blocked[] = {SIGTERM, SIGINT,	SIGHUP,
				      SIGQUIT, SIGUSR1, SIGUSR2,
				      SIGCHLD, SIGPIPE, SIGTTOU};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++)
		sigaddset(set, blocked[i]);
}

int signals_take(struct signals *callers)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t set;
	int fd;

	fill(&set);
	/* If the caller ignores SIGCHLD the kernel buries the children, and
	 * nobody learns how they ended. */
	if (sigprocmask(SIG_BLOCK, &set, &callers->mask) ||
	    sigaction(SIGCHLD, &by_default, &callers->child))
		die("cannot set the process's signals: %s", strerror(errno));
	sigdelset(&set, SIGPIPE);
	sigdelset(&set, SIGTTOU);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("cannot make a signalfd: %s", strerror(errno));
	return fd;
}

bool signals_next(int fd, struct signalfd_siginfo *signal)
{
	return read(fd, signal, sizeof(*signal)) == sizeof(*signal);
}

void signals_give_back(const struct signals *callers)
{
	(void)sigaction(SIGCHLD, &callers->child, NULL);
	(void)sigprocmask(SIG_SETMASK, &callers->mask, NULL);
}
