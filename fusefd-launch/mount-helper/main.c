/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mount.fusefd: what mount(8) runs for the type fusefd. It has no privilege of
 * its own: it puts the request into the words of fusefd-launch and becomes that,
 * under its own name, which is the one in messages from there on.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/text.h"
#include "mount-helper/mount_helper.h"
#include "mount-helper/mount_request.h"

#define LAUNCHER "fusefd-launch"

/* Returns if there is none. */
static void execute_in(const char *folder, const char *below, char **arguments)
{
	struct text path = {0};

	text_add(&path, folder);
	text_add(&path, below);
	text_add(&path, "/" LAUNCHER);
	execv(path.bytes, arguments);
	if (errno != ENOENT && errno != ENOTDIR)
		die("cannot execute %s: %s", quoted(path.bytes),
		    strerror(errno));
}

/* Whatever links lead to this file. */
static void execute_beside_this(char **arguments)
{
	char path[PATH_MAX], *slash;
	const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));

	if (length <= 0 || length == sizeof(path))
		return;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return;
	*slash = '\0';
	execute_in(path, "", arguments);
	execute_in(path, "/../bin", arguments);
}

/* In /sbin this is, and in another prefix the launcher may be. */
static noreturn void execute_launcher(char **arguments)
{
	char folders[] = ROOT_PATH;
	char *rest = folders, *folder;

	die_means(MOUNT_SYSTEM);
	execute_beside_this(arguments);
	while ((folder = strsep(&rest, ":")))
		execute_in(folder, "", arguments);
	die("cannot find '" LAUNCHER "': it is neither in the folder of this "
	    "program, nor in ../bin from there, nor in one of " ROOT_PATH);
}

int main(int argc, char **argv)
{
	static char usual_name[] = MOUNT_HELPER_NAME;
	struct command_line line;

	die_as_mount_helper();
	if (argc < 1)
		die("no arguments at all, not even a name");
	if (!die_by_name(argv[0]))
		argv[0] = usual_name;
	mount_helper_translate(&line, argc, argv);
	if (getuid() == 0)
		mount_helper_set_environment();
	execute_launcher(line.arguments);
}
