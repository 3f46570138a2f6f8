/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/address.h"

#include <limits.h>
#include <string.h>

#include "common/die.h"
#include "common/number.h"

/* What is left of a socket's address (sun_path) for the name, once the
 * directory is in front of it as /proc/self/fd/N: see connection.c. */
#define NAME_MAX_LENGTH 80

static const char *behind(const char *prefix, const char *text)
{
	const size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

const char *address_name(const struct address *address)
{
	const char *slash = strrchr(address->path, '/');

	return slash ? slash + 1 : address->path;
}

static void judge_path(const struct address *address, const char *option)
{
	const char *name = address_name(address);

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		die("option %s: %s does not name a socket", option,
		    quoted(address->text));
	if (strlen(address->path) >= PATH_MAX || strlen(name) > NAME_MAX_LENGTH)
		die("option %s: the name %s is too long\n"
		    "A socket's name is of at most %d bytes; its directory's "
		    "may be longer.",
		    option, quoted(name), NAME_MAX_LENGTH);
}

void address_parse(struct address *address, const char *option,
		   const char *text)
{
	const char *number = behind("fd:", text);
	unsigned long fd;

	*address = (struct address){.text = text, .fd = -1};
	if ((address->path = behind("listen:", text))) {
		address->kind = ADDRESS_LISTEN;
		judge_path(address, option);
	} else if ((address->path = behind("connect:", text))) {
		address->kind = ADDRESS_CONNECT;
		judge_path(address, option);
	} else if (number && number_parse(number, INT_MAX, &fd)) {
		address->kind = ADDRESS_FD;
		address->fd = (int)fd;
	} else {
		die("option %s: %s is not listen:PATH, connect:PATH or fd:N",
		    option, quoted(text));
	}
}
