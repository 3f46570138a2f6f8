/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/inherited_handoff.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "lib/protocol.h"

static void read_fds(struct inherited_handoff *handoff)
{
	const char *list = handoff->announcement.fds;
	int fd;

	handoff->fds =
		need_memory(calloc(strlen(list) + 1, sizeof(*handoff->fds)));
	while (list) {
		fd = fusefd_next_fd(&list);
		if (fd <= STDERR_FILENO)
			die("the handoff is malformed: " FUSEFD_NAME_FDS
			    " is %s",
			    quoted(handoff->announcement.fds));
		handoff->fds[handoff->count++] = fd;
	}
}

void inherited_handoff_read(struct inherited_handoff *handoff)
{
	*handoff = (struct inherited_handoff){
		.announcement = {
			.protocol = getenv(FUSEFD_NAME_PROTOCOL),
			.fds = getenv(FUSEFD_NAME_FDS),
			.mountpoint = getenv(FUSEFD_NAME_MOUNTPOINT),
			.acl = getenv(FUSEFD_NAME_ACL),
			.owner = getenv(FUSEFD_NAME_OWNER),
		}};
	if (!handoff->announcement.fds)
		die("there is no handoff: " FUSEFD_NAME_FDS " is not set\n"
		    "Start this program by fusefd-launch.");
	if (fusefd_parse_facts(&handoff->announcement, &handoff->acl,
			       &handoff->owner))
		die("the handoff is malformed, or of another protocol than "
		    "ours, " FUSEFD_PROTOCOL_VERSION);
	read_fds(handoff);
}

void inherited_handoff_close(const struct inherited_handoff *handoff)
{
	for (size_t i = 0; i < handoff->count; i++)
		close(handoff->fds[i]);
}
