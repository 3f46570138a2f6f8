/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What somebody says of the device fds that he hands over: the variables of
 * protocol 1 (fusefd(7)), from an environment or from a message. Pure.
 */
#ifndef FUSEFD_ANNOUNCEMENT_H
#define FUSEFD_ANNOUNCEMENT_H

#include <fusefd.h>
#include <stddef.h>

/* The values as they were said, borrowed; NULL what was not said. */
struct fusefd_announcement {
	const char *protocol, *fds, *mountpoint, *acl, *owner;
};

/* Find the values in a message's payload, NUL-ended strings NAME=value, which
 * said borrows. -EPROTO: a string is cut off, has no name of ours or one that
 * came before, or there is a list of fds, which a message has no use for. */
int fusefd_read_payload(struct fusefd_announcement *said, const char *payload,
			size_t length);

/* All but the fds: that the protocol is ours, that the mountpoint is absolute,
 * what the ACL and the owner are. -EPROTO where one is missing or malformed. */
int fusefd_parse_facts(const struct fusefd_announcement *said,
		       enum fusefd_acl *acl, uid_t *owner);

/* Take the next fd from a list, and move *list behind it (NULL: it was the
 * last). -EPROTO where it is no number; what follows it can still be read. */
int fusefd_next_fd(const char **list);

#endif
