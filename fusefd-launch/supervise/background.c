/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/background.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "supervise/capabilities.h"

static noreturn void exit_as(pid_t supervisor)
{
	int status;

	while (waitpid(supervisor, &status, 0) < 0)
		if (errno != EINTR)
			die("lost the supervisor: %s", strerror(errno));
	if (WIFSIGNALED(status))
		die("the supervisor was ended by signal %d", WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

static noreturn void wait_in_front(pid_t supervisor, int ready)
{
	char byte;
	ssize_t length;

	fds_close_others(&ready, 1);
	if (!capabilities_give_up())
		die("cannot drop capabilities: %s", strerror(errno));
	do
		length = read(ready, &byte, 1);
	while (length < 0 && errno == EINTR);
	if (length == 1)
		_exit(0);
	exit_as(supervisor);
}

int background_start(void)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	struct sigaction callers;
	pid_t supervisor;
	int ends[2];

	/* If the caller ignores SIGCHLD there is no status to be had. The
	 * supervisor is told of it, since COMMAND is to find it so. */
	if (sigaction(SIGCHLD, &by_default, &callers))
		die("cannot set the process's signals: %s", strerror(errno));
	if (pipe2(ends, O_CLOEXEC))
		die("cannot make a pipe: %s", strerror(errno));
	supervisor = fork();
	if (supervisor < 0)
		die("cannot start a supervisor: %s", strerror(errno));
	if (supervisor == 0) {
		(void)sigaction(SIGCHLD, &callers, NULL);
		close(ends[0]);
		return ends[1];
	}
	wait_in_front(supervisor, ends[0]);
}

static void take_null(void)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

/* A front that is gone by now was interrupted a moment too late. */
void background_detach(int front)
{
	(void)setsid();
	take_null();
	(void)!write(front, "", 1);
	close(front);
}
