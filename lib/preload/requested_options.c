/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/requested_options.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "preload/announced.h"
#include "preload/complain.h"
#include "preload/fuse_calls.h"
#include "preload/notify_supervisor.h"
#include "protocol.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void complain_of_acl(const char *list)
{
	static const char *const of_acl[] = {"allow_other", "allow_root"};

	if (announced_is_for_others())
		return;
	for (size_t i = 0; i < COUNT(of_acl); i++)
		if (has_option(list, of_acl[i]))
			complain("option '%s' is without effect: give '-o "
				 "allow_other' to fusefd-launch",
				 of_acl[i]);
}

/* The options of a mount in mountinfo. */
static bool find_options(uint64_t mount, char options[static 256])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0)
		found = strtoull(line, NULL, 10) == mount &&
			sscanf(line, "%*s %*s %*s %*s %*s %255s", options) == 1;
	free(line);
	(void)fclose(file);
	return found;
}

/* It is attached where there is no supervisor. DONT_SYNC: it does not answer
 * yet. */
static bool has_already(const char *option)
{
	struct statx status;
	char options[256];

	return announced.mountpoint && !announced.supervised &&
	       statx(AT_FDCWD, announced.mountpoint, AT_STATX_DONT_SYNC,
		     STATX_MNT_ID, &status) == 0 &&
	       find_options(status.stx_mnt_id, options) &&
	       has_option(options, option);
}

/* What a program may take from its mount. */
static const struct restriction {
	const char *option;
	unsigned long flag;
} restrictions[] = {
	{FUSEFD_RESTRICT_RO, MS_RDONLY},
	{FUSEFD_RESTRICT_NOEXEC, MS_NOEXEC},
};

static bool is_wanted(const struct restriction *restriction,
		      unsigned long flags, const char *list)
{
	return (flags & restriction->flag) ||
	       has_option(list, restriction->option);
}

static void ask_for_restrictions(unsigned long flags, const char *list)
{
	const char *wanted[COUNT(restrictions)];
	char message[64] = FUSEFD_RESTRICT_PREFIX;
	size_t count = 0, length = strlen(message);

	for (size_t i = 0; i < COUNT(restrictions); i++) {
		if (!is_wanted(&restrictions[i], flags, list))
			continue;
		wanted[count] = restrictions[i].option;
		length += (size_t)snprintf(message + length,
					   sizeof(message) - length, "%s%s",
					   count ? "," : "", wanted[count]);
		count++;
	}
	if (!count || notify_supervisor_and_wait(message))
		return;
	for (size_t i = 0; i < count; i++)
		if (!has_already(wanted[i]))
			complain("option '%s' is without effect: give "
				 "'-o %s' to fusefd-launch",
				 wanted[i], wanted[i]);
}

void requested_options_apply(unsigned long flags, const char *list)
{
	complain_of_acl(list);
	ask_for_restrictions(flags, list);
}
