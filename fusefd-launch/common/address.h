/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the other side of a handoff is: the ADDRESS of --send and --receive.
 */
#ifndef FUSEFD_LAUNCH_ADDRESS_H
#define FUSEFD_LAUNCH_ADDRESS_H

enum address_kind {
	ADDRESS_NONE, /* not given */
	ADDRESS_LISTEN,
	ADDRESS_CONNECT,
	ADDRESS_FD,
};

struct address {
	enum address_kind kind;
	const char *text; /* as it was given */
	const char *path; /* of LISTEN and CONNECT */
	int fd;		  /* of FD */
};

/* Reads listen:PATH, connect:PATH or fd:N and touches nothing. Dies where it is
 * none of them, in that option's name. The result points into the text. */
void address_parse(struct address *address, const char *option,
		   const char *text);

/* The last name in the path. */
const char *address_name(const struct address *address);

#endif
