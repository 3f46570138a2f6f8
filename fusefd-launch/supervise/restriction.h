/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What COMMAND wants its mount to be without, read-only for one. A stand-in of
 * --unmodified says so if COMMAND would have mounted like this by itself, in a
 * line FUSEFD_RESTRICT=ro,noexec. It gives nobody anything, so that whoever may
 * say READY=1 may say this.
 */
#ifndef FUSEFD_LAUNCH_RESTRICTION_H
#define FUSEFD_LAUNCH_RESTRICTION_H

#include <stdint.h>

#include "supervise/keeper_client.h"

/* The flags (FUSEFD_KEEPER_RO, _NOEXEC) that such a line names; 0 if it is
 * another line. Words that are not known are passed over. */
uint32_t restriction_parse(const char *line);

/* The same in words, with commas. */
const char *restriction_words(uint32_t flags);

/* Have the keeper give them to the mount, while it is detached. NULL, or the
 * reason why not, allocated: then it must not be attached, since COMMAND's user
 * takes it for read-only. */
const char *restriction_apply(struct keeper *keeper, uint32_t flags);

#endif
