/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --unmount: one mount, known by its id, and no other.
 */
#ifndef FUSEFD_LAUNCH_UNMOUNT_H
#define FUSEFD_LAUNCH_UNMOUNT_H

#include "launch/options.h"
#include "launch/privilege/privileges.h"

/* All of them, one after the other; the exit status. */
int unmount_all(const struct options *options, const struct caller *caller);

#endif
