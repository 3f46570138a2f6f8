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

/* For a child that has just been buried: was it a stranger? */
bool children_forget_stranger(pid_t child);

/* Send all children but one the signal, or none if it is 0. Returns how many
 * there are. */
size_t children_signal(int signal, pid_t but);

/* The only one there is beside that one; -1 if there are none, or more. */
pid_t children_find_only(pid_t but);

/* SIGTERM to all but that one, also to what is stopped. */
void children_ask_to_end(pid_t but);

/* Pass a signal of ours on to COMMAND, or, if that is -1, to all children but
 * one. Was it one to end by? */
bool children_forward(const struct signalfd_siginfo *info, pid_t command,
		      pid_t but);

/* The exit status of one who ends as a child with that wait status did. */
int children_exit_status(int status);

#endif
