/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The processes that a supervisor answers for: COMMAND, and whatever it left
 * behind, which comes to the supervisor as its next living ancestor.
 */
#ifndef FUSEFD_LAUNCH_CHILDREN_H
#define FUSEFD_LAUNCH_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/* Orphans come to this process (PR_SET_CHILD_SUBREAPER) from now on. Dies if
 * they cannot. The children that it has already are strangers, and left alone.
 * Comes before everything below. */
void children_adopt_orphans(void);

/* The next that has ended, and is buried, or has stopped; false if there is none.
 * Strangers are buried on the way. */
bool children_next(pid_t *child, int *status);

/* COMMAND has ended. Does anybody go on that it has left behind, as daemon(3)
 * leaves the filesystem? If that is a single child, it is COMMAND from now on;
 * of several nobody knows which is, and it is -1. but: a child that does not
 * count; -1: there is none. */
bool children_succeed(pid_t *command, pid_t but);

/* Send all children but one the signal, or none if it is 0. Returns how many
 * there are. */
size_t children_signal(int signal, pid_t but);

/* SIGTERM to all but that one, also to what is stopped. */
void children_ask_to_end(pid_t but);

/* Pass a signal of ours on to COMMAND, or, if that is -1, to all children but
 * one. Was it one to end by? */
bool children_forward(const struct signalfd_siginfo *info, pid_t command,
		      pid_t but);

/* The exit status of one who ends as a child with that wait status did. */
int children_exit_status(int status);

#endif
