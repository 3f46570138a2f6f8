/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "fusefd-launch: "

#define MESSAGE_MAX 8192

/* Of a name longer than twice this, what is shown of its beginning and of its
 * end. Escaped at its worst, and twice in one message, it leaves room. */
#define NAME_PART_MAX 400

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

static char *put_quoted(char *to, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		const unsigned char byte = (unsigned char)from[i];

		if (byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '\'')
			*to++ = from[i];
		else
			to += sprintf(to, "\\x%02x", byte);
	}
	return to;
}

const char *quoted(const char *name)
{
	const size_t length = strlen(name);
	char *text = need_memory(malloc(4 * length + 3));
	char *end = text;

	*end++ = '\'';
	if (length <= (size_t)2 * NAME_PART_MAX) {
		end = put_quoted(end, name, length);
	} else {
		end = put_quoted(end, name, NAME_PART_MAX);
		end = stpcpy(end, "...");
		end = put_quoted(end, name + length - NAME_PART_MAX,
				 NAME_PART_MAX);
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
