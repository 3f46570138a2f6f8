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
#include "supervise/command_environment.h"

/* On a pipe that the exec closes: if nothing comes, there was an exec. An exit
 * status could be COMMAND's own. */
static noreturn void report(int to, int error)
{
	(void)!write(to, &error, sizeof(error));
	_exit(EXIT_NOT_STARTED);
}

/* Neither the session nor an open terminal tells of this process's terminal
 * then, into which COMMAND's user could type (TIOCSTI). */
static bool isolate(void)
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return setsid() >= 0 && null >= 0 && dup2(null, STDIN_FILENO) >= 0;
}

static noreturn void become_command(struct command *command,
				    const struct signals *signals, int to)
{
	if (command->terminal)
		terminal_take(command->terminal);
	if (command->output >= 0 && (dup2(command->output, STDOUT_FILENO) < 0 ||
				     dup2(command->output, STDERR_FILENO) < 0))
		report(to, errno);
	if (command->isolated && !isolate())
		report(to, errno);
	if (command->listen_fds)
		command_environment_add_listen_fds(&command->environment,
						   command->device_fd_count);
	signals_give_back(signals);
	command_execute(command->path, command->arguments,
			command->environment.variables);
	report(to, errno);
}

/* The connection has to die with COMMAND; and those who wait for the end of a
 * pipe wait for COMMAND's end of it. */
static void close_commands_fds(const struct command *command)
{
	for (size_t i = 0; i < command->device_fd_count; i++)
		close(command->device_fds[i]);
	for (size_t i = 0; i < command->keep_fd_count; i++)
		if (command->keep_fds[i] > STDERR_FILENO)
			close(command->keep_fds[i]);
}

pid_t start_command(struct command *command, const struct signals *signals)
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
		become_command(command, signals, ends[1]);
	close(ends[1]);
	do
		length = read(ends[0], &error, sizeof(error));
	while (length < 0 && errno == EINTR);
	close(ends[0]);
	if (length != sizeof(error)) {
		close_commands_fds(command);
		return child;
	}
	(void)waitpid(child, NULL, 0);
	if (command->terminal)
		terminal_give_back(command->terminal);
	command_die_unexecuted(command->path, error);
}
