/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line on stderr about something that cannot be done, in the name of the
 * program that is stood in for: its user looks there.
 */
#ifndef FUSEFD_PRELOAD_COMPLAIN_H
#define FUSEFD_PRELOAD_COMPLAIN_H

/* Take that name; without a call it is the shim's own. */
void complain_as(const char *name);

/* One write of one line, with '?' for what could steer a terminal. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif
