/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All three sets as bytes, which are 0 if they are empty. */
typedef struct __user_cap_data_struct capability_data[2];

/* libcap-ng would do, at the price of the time that its loading takes. */
bool capabilities_give_up(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const capability_data none = {0};
	capability_data left;

	/* Linux 4.3; a kernel without it has no ambient set to clear. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, &none) ||
	    syscall(SYS_capget, &header, &left))
		return false;
	if (memcmp(&left, &none, sizeof(none)) == 0)
		return true;
	errno = EPERM;
	return false;
}
