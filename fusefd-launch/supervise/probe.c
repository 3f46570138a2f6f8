/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/fds.h"

/* The connection was aborted, before the request or during it. */
static bool is_of_dead_connection(int error)
{
	return error == ENOTCONN || error == ECONNABORTED || error == ENODEV;
}

/* Whatever the filesystem answers, it does answer: an error may be its own. If
 * its own root is gone, because it passes on what a dead mount or a socket says,
 * it answers another question differently, as a rule; the kernel, speaking of a
 * dead connection, does not. */
static bool answers(int mount)
{
	struct statx status;
	struct statfs room;

	if (statx(mount, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC,
		  STATX_BASIC_STATS, &status) == 0 ||
	    !is_of_dead_connection(errno))
		return true;
	return fstatfs(mount, &room) == 0 || !is_of_dead_connection(errno);
}

static noreturn void ask(int mount)
{
	(void)prctl(PR_SET_NAME, "fusefd-probe", 0, 0, 0);
	fds_close_others(&mount, 1);
	/* The owner's READY=1 may come long before the answer, and nobody who
	 * waits for the end of a pipe is to wait for the answer. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	_exit(!answers(mount));
}

pid_t probe_start(int mount)
{
	const pid_t child = fork();

	if (child == 0)
		ask(mount);
	return child;
}
