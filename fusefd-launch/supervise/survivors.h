/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What COMMAND leaves behind at its end: the filesystem, where it has gone to
 * the background; or helpers that nobody has told.
 */
#ifndef FUSEFD_LAUNCH_SURVIVORS_H
#define FUSEFD_LAUNCH_SURVIVORS_H

#include <sys/types.h>

#include "supervise/mounted.h"

/* A probe (probe.h) of the attached mount: it fails where nobody has a device
 * fd any more. -1 where there can be none; then nobody knows. */
pid_t survivors_probe(const struct mounted *mounted);

#endif
