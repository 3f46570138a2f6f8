/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/receive/empty_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/command/environment.h"
#include "lib/stand-in/supervisor.h"

static char *made;

const char *empty_folder_make(char *const *callers_environment)
{
	const char *place = environment_get(callers_environment, "TMPDIR");
	char *resolved, *path;

	if (!place || *place != '/')
		place = "/tmp";
	/* As the stand-ins will find it; and before there is anything in it
	 * that whoever owns it could exchange for a link. */
	resolved = realpath(place, NULL);
	if (resolved && asprintf(&path, "%s/fusefd-XXXXXX", resolved) < 0)
		die("out of memory");
	if (!resolved || !mkdtemp(path))
		die("cannot make a folder for {mountpoint} in %s: %s\n"
		    "Set TMPDIR to one that can be written to, such as "
		    "'/dev/shm'.",
		    quoted(place), strerror(errno));
	free(resolved);
	made = path;
	return made;
}

/* The helper has put that file there. */
void empty_folder_remove(void)
{
	int folder;

	if (!made)
		return;
	folder = open(made, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return;
	(void)unlinkat(folder, SUPERVISED_FILE, 0);
	close(folder);
	(void)rmdir(made);
}
