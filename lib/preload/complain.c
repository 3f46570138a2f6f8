/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/complain.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *who = "libfusefd-preload";

void complain_as(const char *name)
{
	who = name;
}

void complain(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	size_t length;

	(void)snprintf(line, sizeof(line) - 1, "%s: ", who);
	length = strlen(line);
	va_start(arguments, format);
	(void)vsnprintf(line + length, sizeof(line) - 1 - length, format,
			arguments);
	va_end(arguments);
	length = strlen(line);
	for (size_t i = 0; i < length; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[length++] = '\n';
	(void)!write(STDERR_FILENO, line, length);
}
