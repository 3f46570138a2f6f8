/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --help and --version show.
 */
#ifndef FUSEFD_LAUNCH_HELP_H
#define FUSEFD_LAUNCH_HELP_H

#include <stdnoreturn.h>

/* To stdout; both end the process. */
noreturn void help_print(void);
noreturn void help_print_version(void);

#endif
