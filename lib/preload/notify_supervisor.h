/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A message to the launcher's supervisor, as sd_notify(3) sends it: the mount is
 * the supervisor's, and so is what is done to it.
 *
 * Both are false, with nothing sent, if there is no supervisor.
 */
#ifndef FUSEFD_PRELOAD_NOTIFY_SUPERVISOR_H
#define FUSEFD_PRELOAD_NOTIFY_SUPERVISOR_H

#include <stdbool.h>

/* Send it, and do not wait. */
bool notify_supervisor(const char *message);

/* Send it, and return when the supervisor has done what it asks for. False,
 * too, if that takes too long. */
bool notify_supervisor_and_wait(const char *message);

#endif
