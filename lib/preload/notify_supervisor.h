/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a stand-in has to say to the launcher's supervisor, as sd_notify(3) does:
 * the mount is that one's, and so is what is done to it.
 *
 * Both are false, with nothing done, where there is no supervisor.
 */
#ifndef FUSEFD_PRELOAD_SUPERVISED_H
#define FUSEFD_PRELOAD_SUPERVISED_H

#include <stdbool.h>

/* Say it, and do not wait. One that is gone hears nothing. */
bool supervised_tell(const char *message);

/* Say it, and return when it has been seen to. False, too, where that takes
 * longer than anybody's patience. */
bool supervised_have_done(const char *message);

#endif
