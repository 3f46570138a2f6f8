/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/unmodified.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/text.h"
#include "launch/command/command.h"
#include "launch/command/companion.h"
#include "launch/command/placeholders.h"
#include "lib/protocol.h"

/* Before it serves, such a program looks at its mountpoint, locks it, or asks
 * whether it is empty: of a mount that is attached, it would ask itself. */
void unmodified_judge(const struct options *options)
{
	if (options->listen_fds)
		die("option --listen-fds does not go with --unmodified: the "
		    "device fds begin at %d there",
		    UNMODIFIED_FIRST_FD);
	if (options->mount.allow_root)
		die("mount option 'allow_root' does not go with --unmodified: "
		    "COMMAND would let everybody in\n"
		    "Give 'allow_other' here, and 'allow_root' to COMMAND, "
		    "where it has such an option.");
	if (options->mode == RUN_EXEC &&
	    (options->literal || !placeholders_name_one_fd(options->command)))
		die("option --unmodified needs --supervise or --background, or "
		    "a COMMAND that takes {}\n"
		    "Else COMMAND would wait for itself where it looks at its "
		    "mountpoint before it serves.");
}

static const char *find(const char *folder, const char *name, int mode)
{
	const char *const path = text_join(folder, name);

	if (access(path, mode))
		die("option --unmodified: cannot use %s: %s\n"
		    "'make install' puts it there; a container's image needs "
		    "it, too.",
		    quoted(path), strerror(errno));
	/* LD_PRELOAD knows no quotes. */
	if (strpbrk(path, ": \t\n"))
		die("option --unmodified: cannot use %s: no colon and no space "
		    "can be part of that path",
		    quoted(path));
	return path;
}

static void put_together(struct environment *environment, const char *name,
			 const char *first, const char *second)
{
	environment_replace(environment, name,
			    text_join(text_join(first, ":"), second));
}

/* An empty entry of PATH is the current directory; of LD_PRELOAD, nothing. */
void unmodified_environment(struct environment *environment,
			    char *const *callers, const char *supervised)
{
	const char *path = environment_get(callers, "PATH");
	const char *preload = environment_get(callers, "LD_PRELOAD");
	const char *const folder = companion_folder();
	const char *const library = find(folder, "/libfusefd-preload.so", R_OK);

	(void)find(folder, "/fusermount3", X_OK);
	if (supervised)
		environment_add(environment, FUSEFD_NAME_SUPERVISED "=%s",
				supervised);
	put_together(environment, "PATH", folder,
		     path ? path : COMMAND_DEFAULT_PATH);
	if (preload && *preload)
		put_together(environment, "LD_PRELOAD", preload, library);
	else
		environment_replace(environment, "LD_PRELOAD", library);
}
