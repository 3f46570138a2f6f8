/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the last preparation on, a keeper can make no system call but those that
 * its acts are made of: none that opens a file, executes a program or starts a
 * process, so that its uid 0 is worth nothing.
 */
#ifndef FUSEFD_LAUNCH_CONFINE_H
#define FUSEFD_LAUNCH_CONFINE_H

#include <stdbool.h>

/* For good; any other call ends the process. false, with errno, if the kernel
 * has no filters. Takes no_new_privs, which was set before. */
bool confine_keeper(void);

#endif
