/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a stand-in says of a wish that it cannot fulfil: a line on stderr, in
 * the name of the program that it stands in for.
 */
#ifndef FUSEFD_PRELOAD_TELL_H
#define FUSEFD_PRELOAD_TELL_H

/* Whose name; the shim's own where this is never called. */
void tell_as(const char *name);

/* One write of one line, with '?' for what could steer a terminal. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* Of what is in this list and not in the mount: an option is the launcher's to
 * give. */
void tell_of_options(const char *list);

#endif
