/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --user: whom COMMAND runs as.
 */
#ifndef FUSEFD_LAUNCH_USER_H
#define FUSEFD_LAUNCH_USER_H

#include "launch/privilege/privileges.h"

/* specification: USER[:GROUP], each by name or number; NULL where --user was
 * not given, and the owner is the caller. Asks the user database (NSS), so
 * dies first where the caller is not root: a setuid process must not. */
void user_find(struct owner *owner, const char *specification,
	       const struct caller *caller);

#endif
