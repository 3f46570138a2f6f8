/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mount.fusefd, the name under which mount(8) runs the launcher: its command
 * line is put into the words of fusefd-launch's own, and from there on nothing
 * is different but the name in messages and the exit status.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_HELPER_H
#define FUSEFD_LAUNCH_MOUNT_HELPER_H

#include <stdbool.h>

#include "launch/options.h"
#include "launch/privilege/privileges.h"

/* By that name, mount.fusefd or mount.fusefd.TYPE? */
bool mount_helper_is_called(const char *argv0);

/* As options_parse(), of
 *
 *     mount.fusefd SOURCE MOUNTPOINT [-sfnv] [-o OPTIONS] [-t fusefd.TYPE]
 *
 * The only file it reads is /etc/passwd, where a user names a user. */
void mount_helper_parse(struct options *options, int argc, char **argv);

/* COMMAND's environment as far as it comes from the caller. At boot there is
 * little in it, and root's may be anything: root's PATH is a fixed one, and
 * there is a HOME. */
char **mount_helper_environment(char **callers, const struct caller *caller);

#endif
