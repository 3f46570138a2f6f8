/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "announcement.h"
#include "protocol.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- The variables of a message ----------------------------------------- */

/* Where the value of a variable goes; NULL for a name that is none of them. */
static const char **place_for(struct fusefd_announcement *said,
			      const char *name, size_t length)
{
	const struct {
		const char *name;
		const char **value;
	} variables[] = {
		{FUSEFD_NAME_PROTOCOL, &said->protocol},
		{FUSEFD_NAME_FDS, &said->fds},
		{FUSEFD_NAME_MOUNTPOINT, &said->mountpoint},
		{FUSEFD_NAME_ACL, &said->acl},
		{FUSEFD_NAME_OWNER, &said->owner},
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (strlen(variables[i].name) == length &&
		    memcmp(variables[i].name, name, length) == 0)
			return variables[i].value;
	return NULL;
}

static int read_variable(struct fusefd_announcement *said, const char *variable)
{
	size_t length = strcspn(variable, "=");
	const char **value;

	if (variable[length] != '=' ||
	    strncmp(variable, FUSEFD_PREFIX, sizeof(FUSEFD_PREFIX) - 1) != 0)
		return -EPROTO;
	value = place_for(said, variable, length);
	if (!value) /* a launcher that knows more than we do */
		return 0;
	if (*value)
		return -EPROTO;
	*value = variable + length + 1;
	return 0;
}

int fusefd_read_payload(struct fusefd_announcement *said, const char *payload,
			size_t length)
{
	const char *end = payload + length;

	memset(said, 0, sizeof(*said));
	if (length == 0 || end[-1] != '\0')
		return -EPROTO;
	for (; payload < end; payload += strlen(payload) + 1)
		if (read_variable(said, payload))
			return -EPROTO;
	return said->fds ? -EPROTO : 0;
}

/* ---- Their values ------------------------------------------------------- */

/* All of text[0..length) as a decimal number, written in the one way that it
 * has: no sign, no space, no leading zero. */
static bool parse_number(const char *text, size_t length, uint64_t max,
			 uint64_t *number)
{
	uint64_t value = 0;

	if (length == 0 || length > 10 || (text[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*number = value;
	return value <= max;
}

int fusefd_next_fd(const char **list)
{
	const char *item = *list;
	size_t length = strcspn(item, ",");
	uint64_t fd;

	*list = item[length] ? item + length + 1 : NULL;
	return parse_number(item, length, INT_MAX, &fd) ? (int)fd : -EPROTO;
}

static int parse_acl(const char *name, enum fusefd_acl *acl)
{
	static const char *const names[] = {
		[FUSEFD_ACL_OWNER] = FUSEFD_ACL_NAME_OWNER,
		[FUSEFD_ACL_OWNER_AND_ROOT] = FUSEFD_ACL_NAME_OWNER_AND_ROOT,
		[FUSEFD_ACL_ALL] = FUSEFD_ACL_NAME_ALL,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*acl = (enum fusefd_acl)i;
			return 0;
		}
	}
	return -EPROTO;
}

static int parse_owner(const char *text, uid_t *owner)
{
	uint64_t uid;

	/* (uid_t)-1 is nobody's: it means "no change" to the kernel. */
	if (!parse_number(text, strlen(text), UINT32_MAX - 1, &uid))
		return -EPROTO;
	*owner = (uid_t)uid;
	return 0;
}

int fusefd_parse_facts(const struct fusefd_announcement *said,
		       enum fusefd_acl *acl, uid_t *owner)
{
	if (!said->protocol ||
	    strcmp(said->protocol, FUSEFD_PROTOCOL_VERSION) != 0)
		return -EPROTO;
	if (!said->mountpoint || !said->acl || !said->owner ||
	    said->mountpoint[0] != '/')
		return -EPROTO;
	if (parse_acl(said->acl, acl) || parse_owner(said->owner, owner))
		return -EPROTO;
	return 0;
}
