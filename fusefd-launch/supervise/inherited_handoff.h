/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handoff that the launcher executed this program with: device fds, and
 * what the environment says of them (fusefd(7)).
 */
#ifndef FUSEFD_LAUNCH_INHERITED_HANDOFF_H
#define FUSEFD_LAUNCH_INHERITED_HANDOFF_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/announcement.h"

struct inherited_handoff {
	struct fusefd_announcement announcement; /* as the environment has it */
	int *fds;				 /* the primary first */
	size_t count;
	uid_t owner;
	enum fusefd_acl acl;
};

/* Dies if it is missing or malformed. */
void inherited_handoff_read(struct inherited_handoff *handoff);

/* The connection ends with the last process that holds one of its fds: that is
 * to be COMMAND. */
void inherited_handoff_close(const struct inherited_handoff *handoff);

#endif
