/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mount options that a program would have given to the kernel or to
 * fusermount. It mounts nothing: the mount is there already.
 */
#ifndef FUSEFD_PRELOAD_REQUESTED_OPTIONS_H
#define FUSEFD_PRELOAD_REQUESTED_OPTIONS_H

/* Apply what these flags of mount(2) and this list ask for. Options are the
 * launcher's to give, but for those that take something from the mount (ro,
 * noexec): the supervisor has applied these when this returns. A line on stderr
 * names each that could not be applied and is not in the mount. */
void requested_options_apply(unsigned long flags, const char *list);

#endif
