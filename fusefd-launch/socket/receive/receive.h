/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --receive: COMMAND serves what somebody else has mounted, without privilege.
 */
#ifndef FUSEFD_LAUNCH_RECEIVE_H
#define FUSEFD_LAUNCH_RECEIVE_H

#include <stdnoreturn.h>

#include "launch/launch.h"

/* Give up all privilege, take a handoff, run COMMAND as a child, and exit as it
 * does, with 128 and the signal's number where one ended it. */
noreturn void receive_handoff(struct launch *launch);

#endif
