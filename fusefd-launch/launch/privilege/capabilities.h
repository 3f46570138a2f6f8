/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The calling thread's capability sets, each as a mask with a bit for each
 * capability number. By the system calls themselves: the library's state would
 * be one more thing to believe, and its start reads /proc at every launch.
 */
#ifndef FUSEFD_LAUNCH_CAPABILITIES_H
#define FUSEFD_LAUNCH_CAPABILITIES_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* For messages, behind what cannot be done. A root that lacks some capabilities
 * is a container's, or a service's. */
#define IS_MISSING(name)                                                       \
	name " is missing\n"                                                   \
	     "Let the container or the service in which it runs have that "    \
	     "capability."

struct capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

bool capabilities_try_read(struct capabilities *sets);
void capabilities_read(struct capabilities *sets);

/* Set all three and read them back: false, with errno, if they are not what
 * they were set to. */
bool capabilities_try_set(uint64_t effective, uint64_t permitted,
			  uint64_t inheritable);

/* The capabilities in a list such as "chown,dac_override". Dies on a name that
 * there is not. */
uint64_t capabilities_parse(const char *list);

/* "CAP_CHOWN, CAP_SYS_ADMIN", or "none". */
#define CAPABILITY_NAMES_MAX 2048
const char *capabilities_name(char names[CAPABILITY_NAMES_MAX], uint64_t set);

#endif
