/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/placeholders.h"

#include <string.h>

#include "common/text.h"

struct placeholder {
	const char *name;
	const char *value;
};

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool placeholders_name_one_fd(char *const *command)
{
	for (char *const *argument = command + 1; *argument; argument++)
		if (strstr(*argument, "{}") || strstr(*argument, "{fd}"))
			return true;
	return false;
}

static const struct placeholder *find(const char *text,
				      const struct placeholder *placeholders)
{
	for (; placeholders->name; placeholders++)
		if (placeholders->value &&
		    starts_with(text, placeholders->name))
			return placeholders;
	return NULL;
}

static char *replace_in(char *argument, const struct placeholder *placeholders)
{
	const struct placeholder *found;
	struct text text = {0};

	if (!strchr(argument, '{'))
		return argument;
	while (*argument) {
		found = find(argument, placeholders);
		text_add_bytes(&text, found ? found->value : argument,
			       found ? strlen(found->value) : 1);
		argument += found ? strlen(found->name) : 1;
	}
	return text.bytes;
}

void placeholders_replace(char **command,
			  const struct placeholder_values *values)
{
	const struct placeholder placeholders[] = {
		{"{}", values->path},
		{"{fd}", values->fd},
		{"{fds}", values->fds},
		{"{mountpoint}", values->mountpoint},
		{"{source}", values->source},
		{"{options}", values->options},
		{NULL, NULL},
	};

	for (char **argument = command + 1; *argument; argument++)
		*argument = replace_in(*argument, placeholders);
}
