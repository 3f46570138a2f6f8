/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusermount and fusermount3, as a filesystem under `fusefd-launch
 * --unmodified` finds them: without any privilege, for the mount is there and
 * the device fds are inherited. To ask for a mount is to be sent the primary;
 * to unmount is the launcher's.
 *
 * It says nothing where it can do as it is told, and one line where it cannot.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/announced.h"
#include "preload/complain.h"
#include "preload/requested_options.h"
#include "stand-in/arguments.h"
#include "stand-in/commfd.h"
#include "stand-in/inherited.h"
#include "stand-in/supervisor.h"

/* Who looks at the version wants to know what it can ask for: this is the
 * fusermount3 whose words are understood here. */
#define SPOKEN_VERSION "3.14.0"

static const char usage[] =
	"Usage: %s [-o OPTIONS] MOUNTPOINT\n"
	"       %s -u [-z] [-q] MOUNTPOINT\n"
	"The stand-in of 'fusefd-launch --unmodified', for filesystems to "
	"call: it hands\n"
	"out the device fd that fusefd-launch has mounted.\n";

static const char *name_of(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;

	return name && *name ? name : "fusermount3";
}

/* Until the filesystem ends, which may be in the background and long after
 * the terminal is gone. */
static void stay(int commfd)
{
	(void)setsid();
	(void)!chdir("/");
	inherited_close_but(commfd);
	commfd_wait(commfd);
}

static int hand_out(const char *mountpoint, int commfd)
{
	const int device = inherited_primary();

	if (device < 0) {
		complain("cannot mount on '%s': no device fd was inherited",
			 mountpoint);
		return 1;
	}
	if (commfd_send(commfd, device)) {
		complain("cannot send the device fd: %s", strerror(errno));
		return 1;
	}
	return 0;
}

/* Where the launcher's words are not to be had, it is taken for ours. */
static int judge_mountpoint(const char *mountpoint)
{
	if (!announced.mountpoint || announced_is_mountpoint(mountpoint))
		return 0;
	complain("cannot mount on '%s': fusefd-launch has mounted on '%s'",
		 mountpoint, announced.mountpoint);
	return 1;
}

static int mount_(const struct arguments *arguments)
{
	const char *socket =
		arguments->socket ? arguments->socket : getenv("_FUSE_COMMFD");
	const int commfd = socket ? commfd_parse(socket) : -1;

	if (!arguments->mountpoint) {
		complain("no mountpoint given");
		return 1;
	}
	if (commfd < 0) {
		complain("cannot mount on '%s': _FUSE_COMMFD names no socket "
			 "to a "
			 "filesystem",
			 arguments->mountpoint);
		return 1;
	}
	if (arguments->request == REQUEST_MOUNT) {
		const bool bare = !announced.fds;

		if (bare) {
			supervisor_ask_parent();
			announced_read();
		}
		if (judge_mountpoint(arguments->mountpoint))
			return 1;
		requested_options_apply(0, arguments->options);
		if (hand_out(arguments->mountpoint, commfd))
			return 1;
		if (bare)
			supervisor_attach(arguments->mountpoint);
	}
	if (arguments->stays)
		stay(commfd);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	const char *name = name_of(argv[0]);

	complain_as(name);
	announced_read();
	arguments_read(&arguments, argc, argv);
	switch (arguments.request) {
	case REQUEST_MOUNT:
	case REQUEST_WATCH:
		return mount_(&arguments);
	case REQUEST_UNMOUNT:
		supervisor_unmount();
		return 0;
	case REQUEST_HELP:
		return printf(usage, name, name) < 0;
	case REQUEST_VERSION:
		return printf("%s version: " SPOKEN_VERSION
			      " (fusefd-launch " VERSION ")\n",
			      name) < 0;
	case REQUEST_WRONG:
		complain("unknown option, or without its value: '%s'",
			 arguments.wrong);
	}
	return 1;
}
