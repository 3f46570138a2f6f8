/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Time launches: from before the fork to the main() of `arrived`, whose
 * output says when that was. The commands, one behind each "--next", take turns,
 * each round beginning with another one, so that what disturbs the machine
 * disturbs them all. After each its mount is taken away, and not timed.
 *
 * Usage: stopwatch ROUNDS UID MOUNTPOINT [--next COMMAND [ARG]...]...
 *
 * Prints "INDEX MICROSECONDS" for every launch; the commands run as UID.
 */
#include <err.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define NANOSECONDS  1000000000LL

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

static int64_t read_arrival(int fd)
{
	char text[64];
	ssize_t length = 0, more;

	while ((more = read(fd, text + length,
			    sizeof(text) - 1 - (size_t)length)) > 0)
		length += more;
	text[length] = '\0';
	return strtoll(text, NULL, 10);
}

static pid_t start(char **command, uid_t uid, int output)
{
	const pid_t pid = fork();

	if (pid)
		return pid;
	if (uid && (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
		    setresuid(uid, uid, uid)))
		_exit(1);
	dup2(output, STDOUT_FILENO);
	execv(command[0], command);
	_exit(127);
}

static double launch(char **command, uid_t uid, const char *mountpoint)
{
	int64_t begin, arrival;
	int ends[2], status;
	pid_t pid;

	if (!command[0])
		errx(1, "no command behind --next");
	if (pipe(ends))
		err(1, "pipe");
	begin = now();
	pid = start(command, uid, ends[1]);
	if (pid < 0)
		err(1, "fork");
	close(ends[1]);
	arrival = read_arrival(ends[0]);
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || status || arrival < begin)
		errx(1, "%s did not arrive: status %#x", command[0], status);
	if (umount2(mountpoint, MNT_DETACH))
		err(1, "%s was not mounted on by %s", mountpoint, command[0]);
	return (double)(arrival - begin) / 1000;
}

/* The places behind each "--next", which become the ends of what is before. */
static int split(char **argv, char **commands[COMMANDS_MAX])
{
	int count = 0;

	for (; *argv; argv++)
		if (strcmp(*argv, "--next") == 0 && count < COMMANDS_MAX) {
			*argv = NULL;
			commands[count++] = argv + 1;
		}
	return count;
}

int main(int argc, char **argv)
{
	char **commands[COMMANDS_MAX];
	const int rounds = argc > 4 ? (int)strtol(argv[1], NULL, 10) : 0;
	const uid_t uid = argc > 4 ? (uid_t)strtoul(argv[2], NULL, 10) : 0;
	const int count = argc > 4 ? split(argv + 4, commands) : 0;

	if (!count)
		errx(1, "usage: stopwatch ROUNDS UID MOUNTPOINT "
			"[--next COMMAND [ARG]...]...");
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			const int turn = (round + i) % count;

			printf("%d %.1f\n", turn,
			       launch(commands[turn], uid, argv[3]));
		}
	return 0;
}
