/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With --keep-caps the launcher leaves capabilities to the program that it
 * executes. They are meant for COMMAND.
 */
#ifndef FUSEFD_LAUNCH_CAPABILITIES_H
#define FUSEFD_LAUNCH_CAPABILITIES_H

#include <stdbool.h>

/* Give up all that this process has, and could pass on. false, with errno, if
 * that did not hold. */
bool capabilities_give_up(void);

#endif
