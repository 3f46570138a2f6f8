/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Of a wish that cannot be fulfilled, a line on stderr: in the name of the
 * program that is stood in for, whose user looks there.
 */
#ifndef FUSEFD_PRELOAD_TELL_H
#define FUSEFD_PRELOAD_TELL_H

/* Whose name; the shim's own where this is never called. */
void tell_as(const char *name);

/* One write of one line, with '?' for what could steer a terminal. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

#endif
