/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "help/help.h"
#include "launch/option_table.h"

const struct help_row help_rows[] = {
	{'n', "device fds in all, 1 to 253 (default: auto, one per CPU,\n"
	      "at most 8; 1 where COMMAND takes {} or {fd})"},
	{'o', "mount options: ro, allow_other, fsname=NAME, ..."},
	{'u', "run COMMAND as that user (root only)"},
	{'c', "capabilities that COMMAND keeps (root only; default: none)"},
	{'k', "leave fd N open for COMMAND (repeatable)"},
	{'S', "stay until COMMAND ends, and unmount then; the mount appears\n"
	      "when it is ready"},
	{'b', "the same, and return when COMMAND is ready"},
	{OPTION_READY_TIMEOUT,
	 "how long to wait for that (default: 30; 0: for ever)"},
	{OPTION_STOP_TIMEOUT,
	 "how long COMMAND may take to end, once unmounted, before it\n"
	 "is killed (default: 10; 0: for ever)"},
	{OPTION_DETACHED, "leave it to COMMAND to have the mount attached"},
	{OPTION_UNMODIFIED,
	 "COMMAND does not know fusefd: stand in for what it opens\n"
	 "and calls to mount"},
	{OPTION_LISTEN_FDS, "also set LISTEN_FDS, as sd_listen_fds(3) has it"},
	{OPTION_LITERAL, "replace no placeholders"},
	{OPTION_SEND, "mount, and send the device fds to whoever serves them"},
	{OPTION_PAYLOAD, "what to send beside them, to one of another make"},
	{OPTION_RECEIVE,
	 "serve, without privilege, what somebody else has mounted"},
	{OPTION_UNMOUNT, "unmount a FUSE mount of yours"},
	{OPTION_LAZY,
	 "even one that is in use: it goes when its last user does"},
	{OPTION_DRY_RUN, "check everything, say each step, change nothing"},
	{OPTION_SOURCE, NULL},
	{OPTION_FILESYSTEM_OPTIONS, NULL},
	{'v', "say each step"},
	{'h', "show this text"},
	{'V', "show the version"},
	{0, NULL},
};
