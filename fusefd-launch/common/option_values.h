/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Values of options that the launcher hands on to its companions: both read
 * them, since the companions can be called by hand, too.
 */
#ifndef FUSEFD_LAUNCH_OPTION_VALUES_H
#define FUSEFD_LAUNCH_OPTION_VALUES_H

/* What is sent beside the fds is less than this: there are receivers, with a
 * format of their own, that take ours, but have room for no more. */
#define HANDOFF_PAYLOAD_MAX 4096

/* In seconds. */
#define READY_TIMEOUT_DEFAULT 30
#define STOP_TIMEOUT_DEFAULT  10

/* Each dies with a message about that option if the text is no such value. */
unsigned long option_seconds(const char *option, const char *text);
int option_fd(const char *option, const char *text);
const char *option_payload(const char *option, const char *text);

#endif
