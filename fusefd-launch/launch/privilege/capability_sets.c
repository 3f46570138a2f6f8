/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/capability_sets.h"

#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/die.h"

bool capability_sets_try_read(struct capability_sets *sets)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct halves[2];

	if (syscall(SYS_capget, &header, halves))
		return false;
	sets->effective = halves[0].effective | (uint64_t)halves[1].effective
							<< 32;
	sets->permitted = halves[0].permitted | (uint64_t)halves[1].permitted
							<< 32;
	sets->inheritable =
		halves[0].inheritable | (uint64_t)halves[1].inheritable << 32;
	return true;
}

void capability_sets_read(struct capability_sets *sets)
{
	if (!capability_sets_try_read(sets))
		die("cannot read the process's capabilities: %s",
		    strerror(errno));
}

const char *capability_sets_name(char names[CAPABILITY_NAMES_MAX], uint64_t set)
{
	char *end = stpcpy(names, set ? "" : "none");
	const char *name;

	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++) {
		if (!(set & BIT(i)))
			continue;
		name = capng_capability_to_name(i);
		end += sprintf(end, "%sCAP_", end == names ? "" : ", ");
		for (; name && *name; name++)
			*end++ = (char)toupper((unsigned char)*name);
		*end = '\0';
	}
	return names;
}
