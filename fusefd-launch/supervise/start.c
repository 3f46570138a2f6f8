/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/command/command.h"

/* On a pipe that the exec closes, so that a report means that there was none:
 * an exit status could be COMMAND's own. */
static noreturn void report(int to, int error)
{
	(void)!write(to, &error, sizeof(error));
	_exit(EXIT_NOT_STARTED);
}

static noreturn void become_command(const struct launch *launch,
				    const struct signals *signals, int output,
				    const struct terminal *terminal, int to)
{
	char **environment =
		handoff_environment(&launch->handoff, &launch->options,
				    launch->callers_environment);

	if (terminal)
		terminal_take(terminal);
	if (output >= 0 && (dup2(output, STDOUT_FILENO) < 0 ||
			    dup2(output, STDERR_FILENO) < 0))
		report(to, errno);
	if (!privileges_try_drop(&launch->privileges))
		report(to, errno);
	signals_give_back(signals);
	command_execute(launch->path, launch->options.command, environment);
	report(to, errno);
}

/* What is COMMAND's alone: the connection has to die with COMMAND, and who
 * waits for the end of a pipe waits for COMMAND's. */
static void close_commands_fds(const struct launch *launch)
{
	for (size_t i = 0; i < launch->handoff.count; i++)
		close(launch->handoff.fds[i]);
	for (size_t i = 0; i < launch->options.keep_fd_count; i++)
		if (launch->options.keep_fds[i] > STDERR_FILENO)
			close(launch->options.keep_fds[i]);
}

pid_t start_command(const struct launch *launch, const struct signals *signals,
		    int output, struct terminal *terminal)
{
	int ends[2], error;
	pid_t child;
	ssize_t length;

	if (pipe2(ends, O_CLOEXEC))
		die("cannot make a pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("cannot start a process: %s", strerror(errno));
	if (child == 0)
		become_command(launch, signals, output, terminal, ends[1]);
	close(ends[1]);
	do
		length = read(ends[0], &error, sizeof(error));
	while (length < 0 && errno == EINTR);
	close(ends[0]);
	if (length != sizeof(error)) {
		close_commands_fds(launch);
		return child;
	}
	(void)waitpid(child, NULL, 0);
	if (terminal)
		terminal_give_back(terminal);
	command_die_unexecuted(launch->path, error);
}
