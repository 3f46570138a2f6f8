/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void terminal_open(struct terminal *terminal)
{
	terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal->fd < 0)
		return;
	terminal->group = tcgetpgrp(terminal->fd);
	if (terminal->group == getpgrp())
		return;
	close(terminal->fd);
	terminal->fd = -1;
}

void terminal_take(const struct terminal *terminal)
{
	(void)setpgid(0, 0);
	if (terminal->fd >= 0)
		(void)tcsetpgrp(terminal->fd, getpgrp());
}

void terminal_undo_stop(const struct terminal *terminal, pid_t child,
			int number)
{
	/* COMMAND's own; its first process, whose pid it was, may be gone. */
	const pid_t group = getpgid(child);

	if (terminal->fd >= 0 && number == SIGTSTP && group > 0 &&
	    group != terminal->group)
		(void)kill(-group, SIGCONT);
}

void terminal_give_back(struct terminal *terminal)
{
	if (terminal->fd < 0)
		return;
	(void)tcsetpgrp(terminal->fd, terminal->group);
	close(terminal->fd);
	terminal->fd = -1;
}
