/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/restriction.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "common/die.h"

static const char prefix[] = "FUSEFD_RESTRICT=";

static uint64_t attribute_of(const char *word, size_t length)
{
	static const struct {
		const char *word;
		uint64_t attribute;
	} known[] = {
		{"ro", MOUNT_ATTR_RDONLY},
		{"noexec", MOUNT_ATTR_NOEXEC},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].word) == length &&
		    strncmp(known[i].word, word, length) == 0)
			return known[i].attribute;
	return 0;
}

uint64_t restriction_parse(const char *line)
{
	uint64_t attributes = 0;
	size_t length;

	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	for (line += sizeof(prefix) - 1; *line; line += *line == ',') {
		length = strcspn(line, ",");
		attributes |= attribute_of(line, length);
		line += length;
	}
	return attributes;
}

const char *restriction_words(uint64_t attributes)
{
	switch (attributes & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC)) {
	case MOUNT_ATTR_RDONLY:
		return "ro";
	case MOUNT_ATTR_NOEXEC:
		return "noexec";
	case MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC:
		return "ro,noexec";
	default:
		return "";
	}
}

static const char *explain(uint64_t attributes, const char *reason)
{
	const char *words = restriction_words(attributes);
	char *text;

	if (asprintf(&text,
		     "COMMAND asks for '%s': %s\n"
		     "Give '-o %s' to fusefd-launch.",
		     words, reason, words) < 0)
		die("out of memory");
	return text;
}

/* By the fd: asks nothing of the filesystem, which does not run. What the mount
 * has already takes no new kernel. */
const char *restriction_apply(const struct launch *launch, uint64_t attributes)
{
	struct mount_attr change = {
		.attr_set = attributes & ~launch->options.mount.attributes,
	};
	int error = 0;

	if (!change.attr_set)
		return NULL;
	if (!privileges_try_raise(&launch->privileges))
		return explain(attributes, "CAP_SYS_ADMIN could not be raised");
	if (mount_setattr(launch->mount, "", AT_EMPTY_PATH, &change,
			  sizeof(change)))
		error = errno;
	if (!privileges_try_lower(&launch->privileges))
		return explain(attributes,
			       "CAP_SYS_ADMIN could not be lowered");
	if (error == ENOSYS)
		return explain(attributes, "that takes Linux 5.12 or later");
	return error ? explain(attributes, strerror(error)) : NULL;
}
