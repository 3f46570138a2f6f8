/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * die.h for a fuzzer, who runs the launcher's code a million times in one
 * process: death returns to survives(), and every message is looked at instead
 * of written. need_memory() is the target's own, which knows whose the memory
 * is.
 *
 *     if (survives())
 *             parse(input);
 */
#ifndef FUSEFD_TESTS_SURVIVE_H
#define FUSEFD_TESTS_SURVIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "expect.h"

static jmp_buf before;

/* False where the call behind it has died. setjmp() must be called by who is
 * still there when it returns for the second time: hence a macro. */
#define survives() (setjmp(before) == 0)

/* Nothing but what quoted() lets through may reach a terminal. */
PRINTF(1, 0)
static inline void look_at(const char *format, va_list arguments)
{
	char message[65536];
	int length;

	length = vsnprintf(message, sizeof(message), format, arguments);
	expect(length > 0 && (size_t)length < sizeof(message));
	for (int i = 0; i < length; i++)
		expect(message[i] == '\n' ||
		       (message[i] >= ' ' && message[i] <= '~'));
}

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	look_at(format, arguments);
	va_end(arguments);
	longjmp(before, 1);
}

void die_with(enum exit_status status, const char *format, ...)
{
	va_list arguments;

	(void)status;
	va_start(arguments, format);
	look_at(format, arguments);
	va_end(arguments);
	longjmp(before, 1);
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	look_at(format, arguments);
	va_end(arguments);
}

void say_if(bool wanted, const char *format, ...)
{
	va_list arguments;

	if (!wanted)
		return;
	va_start(arguments, format);
	look_at(format, arguments);
	va_end(arguments);
}

void die_as_mount_helper(void)
{
}

void die_means(enum mount_status status)
{
	(void)status;
}

/* Two names in one message are the most there are. */
const char *quoted(const char *name)
{
	static char texts[2][32768];
	static size_t next;
	char *const text = texts[next++ % 2];
	size_t length = 0;

	for (; *name && length < sizeof(texts[0]) - 8; name++)
		if (*name >= ' ' && *name <= '~')
			text[length++] = *name;
		else
			length += (size_t)sprintf(text + length, "\\x%02x",
						  (unsigned char)*name);
	text[length] = '\0';
	return text;
}

#endif
