/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --background: COMMAND may ask at the terminal, for a password say, until it
 * is ready; then it must outlive the terminal, and Ctrl-C there. So it has a
 * process group of its own, and that one has the terminal meanwhile.
 */
#ifndef FUSEFD_LAUNCH_TERMINAL_H
#define FUSEFD_LAUNCH_TERMINAL_H

#include <sys/types.h>

struct terminal {
	int fd;	     /* -1: there is none, or somebody else has it */
	pid_t group; /* whose it is */
};

void terminal_open(struct terminal *terminal);

/* In the child, before it becomes COMMAND. */
void terminal_take(const struct terminal *terminal);

/* A signal has stopped a child: if that was Ctrl-Z, at a terminal that is
 * COMMAND's, no shell knows of it, and nobody would continue it. */
void terminal_undo_stop(const struct terminal *terminal, pid_t child,
			int number);

/* Back to whose it was. SIGTTOU must be blocked. */
void terminal_give_back(struct terminal *terminal);

#endif
