/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd-receive: COMMAND serves what somebody else has mounted. It gets the
 * arguments that the launcher was given, and runs as the user, without any
 * privilege: there is nothing here that takes one.
 */
#include "common/die.h"
#include "common/fds.h"
#include "launch/command/environment.h"
#include "launch/options.h"
#include "socket/receive/receiver.h"

int main(int argc, char **argv)
{
	/* Too large for a small stack. */
	static struct receiver receiver;
	struct options options;

	fds_fill_standard();
	receiver.callers_environment = environment_take();
	options_parse(&options, argc, argv);
	if (options.mode != RUN_RECEIVE)
		die("option --receive is missing: nobody knows whom to receive "
		    "from");
	fds_close_others(options.keep_fds, options.keep_fd_count);
	receiver.options = &options;
	receiver_run(&receiver);
}
