/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The calling thread's capability sets as the kernel has them. They are read
 * without libcap-ng, which writes them: a read-back that shares its author's
 * mistake would prove nothing.
 */
#ifndef FUSEFD_LAUNCH_CAPABILITY_SETS_H
#define FUSEFD_LAUNCH_CAPABILITY_SETS_H

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

struct capability_sets {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

/* False, with errno, where they cannot be read. */
bool capability_sets_try_read(struct capability_sets *sets);

/* The same, or death. */
void capability_sets_read(struct capability_sets *sets);

/* Room for the names of all that there are. */
#define CAPABILITY_NAMES_MAX 2048

/* "CAP_CHOWN, CAP_SYS_ADMIN", or "none". Returns NAMES. */
const char *capability_sets_name(char names[CAPABILITY_NAMES_MAX],
				 uint64_t set);

#endif
