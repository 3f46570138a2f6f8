/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-send: the mount was made here, and is served by whoever is at the
 * other end of a socket. Runs as the user, without any privilege; what takes
 * one, the keeper does.
 */
#include "common/fds.h"
#include "socket/send/sender.h"
#include "supervise/background.h"

int main(int argc, char **argv)
{
	/* Too large for a small stack. */
	static struct sender sender = {.front = -1, .probe = -1, .copy = -1};
	struct send_options options;

	fds_fill_standard();
	send_options_parse(&options, argc, argv);
	sender.options = &options;
	inherited_handoff_read(&sender.handoff);
	keeper_find(&sender.keeper);
	if (options.background)
		sender.front = background_start();
	sender_run(&sender);
}
