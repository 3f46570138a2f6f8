/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mount becomes visible.
 */
#ifndef FUSEFD_LAUNCH_ATTACH_H
#define FUSEFD_LAUNCH_ATTACH_H

#include "launch/launch.h"

/* Attach it to what is pinned: a rename or a new symbolic link at the path
 * changes nothing. NULL, or the reason why not. CAP_SYS_ADMIN must be
 * effective. */
const char *attach_mount(const struct launch *launch);

/* What only shows when the mount is attached, because others were as quick:
 * then it must go again. NULL where all is well. */
const char *attach_find_fault(const struct launch *launch);

#endif
