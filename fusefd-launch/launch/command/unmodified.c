/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/unmodified.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/text.h"
#include "launch/command/command.h"
#include "launch/command/placeholders.h"

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

#define STAND_IN_LIBRARY "/libfusefd-preload.so"

static char *join(const char *first, const char *second)
{
	struct text text = {0};

	text_add(&text, first);
	text_add(&text, second);
	return text.bytes;
}

/* As the kernel knows it: argv[0] is the caller's, and may be a link. */
static char *own_path(void)
{
	char *path = need_memory(malloc(PATH_MAX));
	const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);

	if (length <= 0 || length == PATH_MAX)
		die("cannot find out which file this is: '/proc/self/exe': %s\n"
		    "fusefd-launch needs /proc mounted.",
		    length < 0 ? strerror(errno) : "no such path");
	path[length] = '\0';
	return path;
}

static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* They lie in the folder of the programs that the launcher executes, which may be
 * the one that asks. Else it is the launcher, and it looks from its own folder, as
 * it is built, or from the one above, as it is installed. Whoever may make another
 * link to the launcher elsewhere chooses what is loaded; but it is loaded into
 * COMMAND, which is that user's own. */
static const char *find_stand_ins(void)
{
	char *path = own_path();
	const char *built;

	cut_last(path);
	if (access(join(path, STAND_IN_LIBRARY), R_OK) == 0)
		return path;
	built = join(path, "/libexec");
	if (access(built, X_OK) == 0)
		return built;
	cut_last(path);
	return join(path, "/libexec/fusefd");
}

static const char *find(const char *folder, const char *name, int mode)
{
	const char *const path = join(folder, name);

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
	environment_replace(environment, name, join(join(first, ":"), second));
}

/* An empty entry of PATH is the current directory; of LD_PRELOAD, nothing. */
void unmodified_environment(struct environment *environment,
			    char *const *callers, const char *supervised)
{
	const char *path = environment_get(callers, "PATH");
	const char *preload = environment_get(callers, "LD_PRELOAD");
	const char *const folder = find_stand_ins();
	const char *const library = find(folder, STAND_IN_LIBRARY, R_OK);

	(void)find(folder, "/fusermount3", X_OK);
	if (supervised)
		environment_add(environment, "FUSEFD_SUPERVISED=%s",
				supervised);
	put_together(environment, "PATH", folder,
		     path ? path : COMMAND_DEFAULT_PATH);
	if (preload && *preload)
		put_together(environment, "LD_PRELOAD", preload, library);
	else
		environment_replace(environment, "LD_PRELOAD", library);
}
