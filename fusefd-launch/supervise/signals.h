/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A supervisor takes its signals from an fd; COMMAND gets them as the caller
 * had them.
 */
#ifndef FUSEFD_LAUNCH_SIGNALS_H
#define FUSEFD_LAUNCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

/* What the caller had and a supervisor needs otherwise. */
struct signals {
	sigset_t mask;
	struct sigaction child;
};

/* Block what a supervisor handles, and SIGPIPE and SIGTTOU, which must not keep
 * it from telling something: returns a signalfd. Dies if there can be none. */
int signals_take(struct signals *callers);

/* The next signal that has come to that fd; false if there is none. A loop asks
 * for one at a time: who sends them without end is not to keep it. */
bool signals_next(int fd, struct signalfd_siginfo *signal);

/* In the child that becomes COMMAND. */
void signals_give_back(const struct signals *callers);

#endif
