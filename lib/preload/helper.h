/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libfuse executes /usr/bin/fusermount3 by its path, and looks in PATH only
 * where there is none. That one is without its setuid bit under no_new_privs,
 * and judges by the machine's fuse.conf what the launcher has judged: so in it
 * we execute ours in its place.
 */
#ifndef FUSEFD_PRELOAD_HELPER_H
#define FUSEFD_PRELOAD_HELPER_H

/* Returns where this process is no such helper, or ours. */
void helper_replace(char **argv);

#endif
