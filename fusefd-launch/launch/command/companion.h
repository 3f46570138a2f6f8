/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The launcher's companions: programs without privilege that do all for which
 * none is needed, and that it executes as it executes COMMAND.
 */
#ifndef FUSEFD_LAUNCH_COMPANION_H
#define FUSEFD_LAUNCH_COMPANION_H

#include <stdnoreturn.h>

/* The folder of the companions and of the stand-ins of --unmodified: this
 * program's own folder, if it is one of them; else the one below the launcher's,
 * as it is built, or ../libexec/fusefd, as it is installed. A user who may make
 * another link to the launcher elsewhere chooses what is executed; but it runs as
 * that user. Dies without /proc. */
const char *companion_folder(void);

/* Become that one, without a privilege, or die. */
noreturn void companion_execute(const char *name, char **arguments,
				char **environment);

#endif
