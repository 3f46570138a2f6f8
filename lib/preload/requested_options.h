/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program wishes of a mount that it does not make: the mount options
 * that it would have given to the kernel, or to fusermount.
 */
#ifndef FUSEFD_PRELOAD_WISHES_H
#define FUSEFD_PRELOAD_WISHES_H

/* Of what is in these flags of mount(2) or in this list, and not in the mount:
 * an option is the launcher's to give. But one that takes something from the
 * mount is the program's too: when this returns, the supervisor has seen to
 * that, or a line was told. */
void wishes_see_to(unsigned long flags, const char *list);

#endif
