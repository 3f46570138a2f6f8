/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COMMAND's environment: built, not patched.
 */
#ifndef FUSEFD_LAUNCH_ENVIRONMENT_H
#define FUSEFD_LAUNCH_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "launch/privilege/privileges.h"

/* Take the caller's environment aside, so that no library of ours reads it. */
char **environment_take(void);

/* The value of a variable in it, or NULL. */
const char *environment_get(char *const *environment, const char *name);

/* A new environment: the caller's, less what concerned the caller alone (its
 * own handoff or socket activation) or, for another user's COMMAND, the few
 * variables that every program needs; plus room for more. */
struct environment {
	char **variables; /* NULL-ended */
	size_t count;
};

/* more: how many variables environment_add() will add. */
void environment_build(struct environment *environment, char *const *callers,
		       const struct owner *owner, size_t more);

/* In the place of the caller's own, where there is one. */
void environment_replace(struct environment *environment, const char *name,
			 const char *value);

__attribute__((format(printf, 2, 3))) void
environment_add(struct environment *environment, const char *format, ...);

#endif
