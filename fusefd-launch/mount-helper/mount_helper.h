/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What mount(8) asks of mount.fusefd, in the words of fusefd-launch: its command
 * line, and the environment that root's filesystems are to have.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_HELPER_H
#define FUSEFD_LAUNCH_MOUNT_HELPER_H

/* At boot as at any other time. */
#define ROOT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct command_line {
	char **arguments; /* NULL-ended */
	int count;
};

/* argv is that of
 *
 *     mount.fusefd SOURCE MOUNTPOINT [-sfnv] [-o OPTIONS] [-t fusefd.TYPE]
 *
 * and argv[0] one of its names, which the result has for its own. Dies where the
 * request is wrong; ends with 0 after --help and --version. */
void mount_helper_translate(struct command_line *line, int argc, char **argv);

/* At boot there is little in root's environment, and at other times anything:
 * PATH is a fixed one, and there is a HOME. */
void mount_helper_set_environment(void);

#endif
