/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/restriction.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/die.h"
#include "lib/protocol.h"

static const char prefix[] = FUSEFD_RESTRICT_PREFIX;

static uint32_t flag_of(const char *word, size_t length)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} known[] = {
		{FUSEFD_RESTRICT_RO, FUSEFD_KEEPER_RO},
		{FUSEFD_RESTRICT_NOEXEC, FUSEFD_KEEPER_NOEXEC},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].word) == length &&
		    strncmp(known[i].word, word, length) == 0)
			return known[i].flag;
	return 0;
}

uint32_t restriction_parse(const char *line)
{
	uint32_t flags = 0;
	size_t length;

	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	for (line += sizeof(prefix) - 1; *line; line += *line == ',') {
		length = strcspn(line, ",");
		flags |= flag_of(line, length);
		line += length;
	}
	return flags;
}

const char *restriction_words(uint32_t flags)
{
	switch (flags & (FUSEFD_KEEPER_RO | FUSEFD_KEEPER_NOEXEC)) {
	case FUSEFD_KEEPER_RO:
		return FUSEFD_RESTRICT_RO;
	case FUSEFD_KEEPER_NOEXEC:
		return FUSEFD_RESTRICT_NOEXEC;
	case FUSEFD_KEEPER_RO | FUSEFD_KEEPER_NOEXEC:
		return FUSEFD_RESTRICT_RO "," FUSEFD_RESTRICT_NOEXEC;
	default:
		return "";
	}
}

static const char *reason(int error)
{
	switch (error) {
	case ENOSYS:
		return "that takes Linux 5.12 or later";
	case EPIPE:
		return "the mount's keeper was killed";
	case ETIMEDOUT:
		return "the mount's keeper does not answer";
	default:
		return strerror(error);
	}
}

const char *restriction_apply(struct keeper *keeper, uint32_t flags)
{
	const int error = keeper_restrict(keeper, flags);
	const char *words = restriction_words(flags);
	char *text;

	if (!error)
		return NULL;
	if (asprintf(&text,
		     "COMMAND asks for '%s': %s\n"
		     "Give '-o %s' to fusefd-launch.",
		     words, reason(error), words) < 0)
		die("out of memory");
	return text;
}
