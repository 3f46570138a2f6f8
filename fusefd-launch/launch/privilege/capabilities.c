/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/capabilities.h"

#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/die.h"

bool capabilities_try_read(struct capabilities *sets)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct half[2];

	if (syscall(SYS_capget, &header, half))
		return false;
	*sets = (struct capabilities){
		.effective = half[0].effective | (uint64_t)half[1].effective
							 << 32,
		.permitted = half[0].permitted | (uint64_t)half[1].permitted
							 << 32,
		.inheritable = half[0].inheritable |
			       (uint64_t)half[1].inheritable << 32,
	};
	return true;
}

void capabilities_read(struct capabilities *sets)
{
	if (!capabilities_try_read(sets))
		die("cannot read the process's capabilities: %s",
		    strerror(errno));
}

bool capabilities_try_set(uint64_t effective, uint64_t permitted,
			  uint64_t inheritable)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct half[2] = {
		{
			.effective = (uint32_t)effective,
			.permitted = (uint32_t)permitted,
			.inheritable = (uint32_t)inheritable,
		},
		{
			.effective = (uint32_t)(effective >> 32),
			.permitted = (uint32_t)(permitted >> 32),
			.inheritable = (uint32_t)(inheritable >> 32),
		},
	};
	struct capabilities now;

	if (syscall(SYS_capset, &header, half) || !capabilities_try_read(&now))
		return false;
	errno = EPERM;
	return now.effective == effective && now.permitted == permitted &&
	       now.inheritable == inheritable;
}

uint64_t capabilities_parse(const char *list)
{
	static const char prefix[] = "cap_";
	char *rest = need_memory(strdup(list)), *name;
	uint64_t mask = 0;
	int capability;

	while ((name = strsep(&rest, ","))) {
		if (strncasecmp(name, prefix, strlen(prefix)) == 0)
			name += strlen(prefix);
		capability = *name ? capng_name_to_capability(name) : -1;
		if (capability < 0)
			die("option --keep-caps: no capability is named %s\n"
			    "capabilities(7) has the names.",
			    quoted(name));
		mask |= BIT(capability);
	}
	return mask;
}

const char *capabilities_name(char names[CAPABILITY_NAMES_MAX], uint64_t set)
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
