/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/help.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

static const char help_text[] =
	"Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND [ARG]...\n"
	"       fusefd-launch --send=ADDRESS [OPTION]... MOUNTPOINT\n"
	"       fusefd-launch --receive=ADDRESS [OPTION]... [--] COMMAND "
	"[ARG]...\n"
	"       fusefd-launch --unmount [--lazy] MOUNTPOINT...\n"
	"Mount a FUSE filesystem, drop every privilege, and run COMMAND to "
	"serve it.\n"
	"\n"
	"  -n, --fds=N|auto      device fds in all, 1 to 253 (default: auto, "
	"one per CPU,\n"
	"                        at most 8; 1 where COMMAND takes {} or {fd})\n"
	"  -o, --options=LIST    mount options: ro, allow_other, fsname=NAME, "
	"...\n"
	"  -u, --user=USER[:GROUP]\n"
	"                        run COMMAND as that user (root only)\n"
	"  -c, --keep-caps=LIST  capabilities that COMMAND keeps (root only; "
	"default: none)\n"
	"  -k, --keep-fd=N       leave fd N open for COMMAND (repeatable)\n"
	"  -S, --supervise       stay until COMMAND ends, and unmount then; "
	"the "
	"mount appears\n"
	"                        when it is ready\n"
	"  -b, --background      the same, and return when COMMAND is ready\n"
	"      --ready-timeout=SECONDS\n"
	"                        how long to wait for that (default: 30; 0: "
	"for ever)\n"
	"      --stop-timeout=SECONDS\n"
	"                        how long COMMAND may take to end, once "
	"unmounted, before it\n"
	"                        is killed (default: 10; 0: for ever)\n"
	"      --unmodified      COMMAND does not know fusefd: stand in for "
	"what it opens\n"
	"                        and calls to mount\n"
	"      --listen-fds      also set LISTEN_FDS, as sd_listen_fds(3) has "
	"it\n"
	"      --literal         replace no placeholders\n"
	"      --send=ADDRESS    mount, and send the device fds to whoever "
	"serves them\n"
	"      --payload=TEXT    what to send beside them, to one of another "
	"make\n"
	"      --receive=ADDRESS serve, without privilege, what somebody "
	"else has mounted\n"
	"      --unmount         unmount a FUSE mount of yours\n"
	"      --lazy            even one that is in use: it goes when its "
	"last "
	"user does\n"
	"      --dry-run         check everything, say each step, change "
	"nothing\n"
	"  -v, --verbose         say each step\n"
	"  -h, --help            show this text\n"
	"  -V, --version         show the version\n"
	"\n"
	"In COMMAND's arguments, {} becomes /dev/fd/N of the primary device "
	"fd, {fd} its\n"
	"number, {fds} all numbers, {mountpoint} the absolute mountpoint.\n"
	"\n"
	"ADDRESS is listen:PATH, connect:PATH or fd:N, of a Unix socket.\n"
	"\n"
	"Exit status: that of COMMAND; 125 where fusefd-launch failed, 126 "
	"where COMMAND\n"
	"cannot be executed, 127 where it is not found. See "
	"fusefd-launch(8).\n";

static noreturn void print_and_exit(const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout))
		die("cannot write to stdout: %s", strerror(errno));
	exit(0);
}

void help_print(void)
{
	print_and_exit(help_text);
}

void help_print_version(void)
{
	print_and_exit("fusefd-launch " VERSION "\n");
}
