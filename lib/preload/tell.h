/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a stand-in has to say: to the launcher's supervisor, a message; and of a
 * wish that neither can fulfil, a line on stderr, in the name of the program
 * that it stands in for.
 */
#ifndef FUSEFD_PRELOAD_TELL_H
#define FUSEFD_PRELOAD_TELL_H

#include <stdbool.h>

/* Whose name; the shim's own where this is never called. */
void tell_as(const char *name);

/* One write of one line, with '?' for what could steer a terminal. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* As sd_notify(3). False, with nothing done, where there is no supervisor. One
 * that is gone hears nothing. */
bool tell_supervisor(const char *message);

/* Of what is in these flags of mount(2) or in this list, and not in the mount:
 * an option is the launcher's to give. But one that takes something from the
 * mount is the program's too: when this returns, the supervisor has seen to
 * that, or a line was told. */
void tell_of_options(unsigned long flags, const char *list);

#endif
