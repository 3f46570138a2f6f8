/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/children.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"

/* In decimal, with spaces (proc_tid_children(5)). A child's pid is its own
 * until we bury it, so that a signal cannot hit anybody else. */
#define LIST "/proc/thread-self/children"

/* Opened once: a user may set our RLIMIT_NOFILE. */
static FILE *list;

/* Those that this process had before it was a supervisor: the keeper, and those
 * of a shell that has become one by exec. */
static struct {
	pid_t *pids;
	size_t count;
} strangers;

static size_t find_stranger(pid_t child)
{
	size_t i = 0;

	while (i < strangers.count && strangers.pids[i] != child)
		i++;
	return i;
}

static bool forget_stranger(pid_t child)
{
	const size_t i = find_stranger(child);

	if (i == strangers.count)
		return false;
	strangers.pids[i] = strangers.pids[--strangers.count];
	return true;
}

static bool read_next(pid_t but, pid_t *child)
{
	unsigned long number;
	char word[16];

	while (fscanf(list, "%15s", word) == 1) {
		if (!number_parse(word, INT_MAX, &number))
			continue;
		*child = (pid_t)number;
		if (*child != but && find_stranger(*child) == strangers.count)
			return true;
	}
	return false;
}

static void add_stranger(pid_t child)
{
	strangers.pids = need_memory(
		realloc(strangers.pids,
			(strangers.count + 1) * sizeof(*strangers.pids)));
	strangers.pids[strangers.count++] = child;
}

void children_adopt_orphans(void)
{
	pid_t child;

	list = fopen(LIST, "re");
	if (!list)
		die("cannot watch over COMMAND's processes: '" LIST "': %s",
		    strerror(errno));
	while (read_next(-1, &child))
		add_stranger(child);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		die("cannot become the parent of orphans: %s", strerror(errno));
}

size_t children_signal(int signal, pid_t but)
{
	size_t count = 0;
	pid_t child;

	rewind(list);
	while (read_next(but, &child)) {
		count++;
		if (signal)
			(void)kill(child, signal);
	}
	return count;
}

/* The only one there is beside that one; -1 if there are none, or more. */
static pid_t find_only(pid_t but)
{
	pid_t child, another;

	rewind(list);
	if (!read_next(but, &child) || read_next(but, &another))
		return -1;
	return child;
}

/* An error does not say that nobody has ended, and the signal that told of an
 * end does not come again. */
static pid_t wait_for_any(int *status)
{
	int tries = 3;
	pid_t child;

	do
		child = waitpid(-1, status, WNOHANG | WUNTRACED);
	while (child < 0 && errno != ECHILD && --tries);
	return child;
}

bool children_next(pid_t *child, int *status)
{
	do
		*child = wait_for_any(status);
	while (*child > 0 && !WIFSTOPPED(*status) && forget_stranger(*child));
	return *child > 0;
}

bool children_succeed(pid_t *command, pid_t but)
{
	*command = find_only(but);
	return children_signal(0, but) > 0;
}

/* What is stopped hears nothing before it continues. */
void children_ask_to_end(pid_t but)
{
	children_signal(SIGTERM, but);
	children_signal(SIGCONT, but);
}

/* A signal from the terminal goes to the whole process group: COMMAND has it.
 * But that the terminal has hung up is told to the session's leader alone. */
static bool has_gone_to_all(const struct signalfd_siginfo *info, pid_t command)
{
	return info->ssi_code == SI_KERNEL && getpgid(command) == getpgrp() &&
	       (info->ssi_signo != SIGHUP || getsid(0) != getpid());
}

bool children_forward(const struct signalfd_siginfo *info, pid_t command,
		      pid_t but)
{
	const int number = (int)info->ssi_signo;

	if (command == -1)
		children_signal(number, but);
	else if (!has_gone_to_all(info, command))
		(void)kill(command, number);
	return number != SIGUSR1 && number != SIGUSR2 && number != SIGHUP;
}

int children_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
