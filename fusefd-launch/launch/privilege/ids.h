/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUSEFD_LAUNCH_IDS_H
#define FUSEFD_LAUNCH_IDS_H

#include "launch/privilege/privileges.h"

/* The owner's groups, where a user is named, and for good all gids and all uids
 * the owner's. Read back; what did not hold is death. */
void ids_take(const struct owner *owner);

#endif
