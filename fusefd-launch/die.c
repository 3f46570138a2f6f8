/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "fusefd-launch: "

/* Longer than PATH_MAX quoted at its worst is nothing that a person reads. */
#define MESSAGE_MAX 8192

PRINTF(1, 0)
static void write_message(const char *format, va_list arguments)
{
	char message[MESSAGE_MAX] = PREFIX;
	const size_t prefix = strlen(PREFIX);
	const size_t space = sizeof(message) - prefix - 1;
	size_t length;
	int wanted;

	wanted = vsnprintf(message + prefix, space, format, arguments);
	if (wanted < 0)
		return;
	length = prefix + ((size_t)wanted < space ? (size_t)wanted : space - 1);
	message[length++] = '\n';
	/* One write, so that messages of many launches do not mix. That
	 * stderr cannot be written to is nothing that can be reported. */
	if (write(STDERR_FILENO, message, length) < 0)
		return;
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_message(format, arguments);
	va_end(arguments);
}

void say_if(bool wanted, const char *format, ...)
{
	va_list arguments;

	if (!wanted)
		return;
	va_start(arguments, format);
	write_message(format, arguments);
	va_end(arguments);
}

/* _exit: there is nothing to flush, and no exit handler of any library has
 * business in a process that holds privilege. */
void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_message(format, arguments);
	va_end(arguments);
	_exit(EXIT_LAUNCHER);
}

void die_with(enum exit_status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_message(format, arguments);
	va_end(arguments);
	_exit((int)status);
}

const char *quoted(const char *name)
{
	char *text = need_memory(malloc(4 * strlen(name) + 3));
	char *end = text;

	*end++ = '\'';
	for (; *name; name++) {
		const unsigned char byte = (unsigned char)*name;

		if (byte >= 0x20 && byte < 0x7f && byte != '\\')
			*end++ = *name;
		else
			end += sprintf(end, "\\x%02x", byte);
	}
	*end++ = '\'';
	*end = '\0';
	return text;
}

void *need_memory(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}
