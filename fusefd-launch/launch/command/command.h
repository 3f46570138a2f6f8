/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COMMAND: found before anything is mounted, executed as the last act.
 */
#ifndef FUSEFD_LAUNCH_COMMAND_H
#define FUSEFD_LAUNCH_COMMAND_H

#include <stdnoreturn.h>

/* Where the caller has no PATH, as execvp(3) does; without the current
 * directory, which nobody expects there. */
#define COMMAND_DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* The path of the executable file, as the user who will run it finds it: the
 * name itself where it has a slash, else by the caller's PATH. Dies with
 * EXIT_NOT_FOUND or EXIT_NOT_STARTED. */
const char *command_find(const char *name, char *const *callers_environment);

/* The same path, as it is called from any directory. */
const char *command_absolute(const char *path);

/* Dies where it lies below the mountpoint: the exec would look for it in the
 * new mount, and wait for the filesystem that it is to become. */
void command_check_place(const char *path, const char *mountpoint);

/* The last part of the name. */
const char *command_base_name(const char *name);

/* Replaces the process; where it returns, errno says why it could not. Never
 * searches, and never puts a shell in the place of what has no format. */
void command_execute(const char *path, char **command, char **environment);

/* Dies with EXIT_NOT_STARTED and what that errno means. */
noreturn void command_die_unexecuted(const char *path, int error);

#endif
