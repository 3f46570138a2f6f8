/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --background: the process that was started, the front, waits until COMMAND
 * is ready, and a child of it, the supervisor, does all the work.
 */
#ifndef FUSEFD_LAUNCH_BACKGROUND_H
#define FUSEFD_LAUNCH_BACKGROUND_H

/* Returns in the supervisor, with an fd that hangs up if the front is gone
 * before its time: somebody has interrupted it. The front keeps no capability
 * and no fd above 2. It exits as the supervisor does, or with 0 as soon as the
 * supervisor is ready. */
int background_start(void);

/* Let the front go, and leave its terminal and its session. */
void background_detach(int front);

#endif
