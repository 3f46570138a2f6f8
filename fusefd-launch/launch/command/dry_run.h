/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUSEFD_LAUNCH_DRY_RUN_H
#define FUSEFD_LAUNCH_DRY_RUN_H

#include <stdnoreturn.h>

#include "launch/launch.h"

/* --dry-run: everything was checked; say what would come now, and end with 0. */
noreturn void dry_run_end(const struct launch *launch);

#endif
