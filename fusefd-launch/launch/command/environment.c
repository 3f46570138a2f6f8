/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/environment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "lib/protocol.h"

/* Names; one that ends in '_' stands for all that begin so. These speak of
 * fds that are closed by now. */
static const char *const of_closed_fds[] = {
	FUSEFD_PREFIX,	"LISTEN_FDS",	 "LISTEN_PID",	   "LISTEN_FDNAMES",
	"_FUSE_COMMFD", "_FUSE_COMMFD2", "LISTEN_PIDFDID",
};

/* And these are all that another user's COMMAND gets: how to speak, where to
 * look for programs, and whom to tell that it is ready. What else the caller has
 * leads to the caller's files, agents, session and secrets. */
static const char *const for_others[] = {
	"LANG",		 "LANGUAGE",	   "LC_",	"TZ",
	"PATH",		 "TERM",	   "COLORTERM", "NOTIFY_SOCKET",
	"INVOCATION_ID", "JOURNAL_STREAM",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

char **environment_take(void)
{
	static char *nothing[] = {NULL};
	char **taken = environ;

	environ = nothing;
	return taken ? taken : nothing;
}

const char *environment_get(char *const *environment, const char *name)
{
	const size_t length = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static bool is_named(const char *variable, const char *const *names,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const size_t length = strlen(names[i]);

		if (strncmp(variable, names[i], length) != 0)
			continue;
		if (names[i][length - 1] == '_' || variable[length] == '=')
			return true;
	}
	return false;
}

/* HOME, USER, LOGNAME, SHELL and the end. */
#define OWNERS_VARIABLES 4

void environment_build(struct environment *environment, char *const *callers,
		       const struct owner *owner, size_t more)
{
	size_t count = 0;

	while (callers[count])
		count++;
	*environment = (struct environment){
		.variables = need_memory(calloc(
			count + OWNERS_VARIABLES + more + 1, sizeof(char *))),
	};
	for (; *callers; callers++) {
		if (is_named(*callers, of_closed_fds, COUNT(of_closed_fds)) ||
		    (owner->name &&
		     !is_named(*callers, for_others, COUNT(for_others))))
			continue;
		environment->variables[environment->count++] = *callers;
	}
	if (!owner->name)
		return;
	environment_add(environment, "HOME=%s", owner->home);
	environment_add(environment, "USER=%s", owner->name);
	environment_add(environment, "LOGNAME=%s", owner->name);
	environment_add(environment, "SHELL=%s", owner->shell);
}

void environment_replace(struct environment *environment, const char *name,
			 const char *value)
{
	const size_t length = strlen(name);
	size_t kept = 0;

	for (size_t i = 0; i < environment->count; i++) {
		char *variable = environment->variables[i];

		if (strncmp(variable, name, length) != 0 ||
		    variable[length] != '=')
			environment->variables[kept++] = variable;
	}
	environment->count = kept;
	environment_add(environment, "%s=%s", name, value);
}

void environment_add(struct environment *environment, const char *format, ...)
{
	char *variable;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&variable, format, arguments);
	va_end(arguments);
	if (length < 0)
		die("out of memory");
	environment->variables[environment->count++] = variable;
	/* environment_replace() leaves what it took out behind the end. */
	environment->variables[environment->count] = NULL;
}
