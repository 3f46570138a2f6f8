/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX 8192

/* Of a name longer than twice this, what is shown of its beginning and of its
 * end. Escaped at its worst, and twice in one message, it leaves room. */
#define NAME_PART_MAX 400

static const char *prefix = "fusefd-launch: ";

/* Where this is mount.fusefd: what a death means to mount(8). */
static bool is_mount_helper;
static enum mount_status mount_status;

void die_as_mount_helper(void)
{
	prefix = "mount.fusefd: ";
	is_mount_helper = true;
	mount_status = MOUNT_USAGE;
}

bool die_by_name(const char *argv0)
{
	static const char name[] = "mount.fusefd";
	const char *slash = strrchr(argv0, '/');
	const char *base = slash ? slash + 1 : argv0;
	bool called = strncmp(base, name, strlen(name)) == 0;

	if (called)
		called = !base[strlen(name)] || base[strlen(name)] == '.';
	if (called)
		die_as_mount_helper();
	return called;
}

void die_means(enum mount_status status)
{
	mount_status = status;
}

PRINTF(1, 0)
static void write_message(const char *format, va_list arguments)
{
	char message[MESSAGE_MAX];
	const size_t begin = (size_t)(stpcpy(message, prefix) - message);
	const size_t space = sizeof(message) - begin - 1;
	size_t length;
	int wanted;

	wanted = vsnprintf(message + begin, space, format, arguments);
	if (wanted < 0)
		return;
	length = begin + ((size_t)wanted < space ? (size_t)wanted : space - 1);
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
static noreturn void end_with(int status)
{
	_exit(is_mount_helper ? (int)mount_status : status);
}

static void (*last_act)(int status, const char *message);

void die_after(void (*act)(int status, const char *message))
{
	last_act = act;
}

/* The message, and the last act. */
PRINTF(2, 0)
static void say_last(int status, const char *format, va_list arguments)
{
	void (*const act)(int, const char *) = last_act;
	char message[MESSAGE_MAX];
	va_list again;

	va_copy(again, arguments);
	write_message(format, arguments);
	last_act = NULL;
	if (act && vsnprintf(message, sizeof(message), format, again) >= 0)
		act(status, message);
	va_end(again);
}

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_last(EXIT_LAUNCHER, format, arguments);
	va_end(arguments);
	end_with(EXIT_LAUNCHER);
}

void die_with(enum exit_status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_last((int)status, format, arguments);
	va_end(arguments);
	end_with((int)status);
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
	if (!memory) {
		die_means(MOUNT_SYSTEM);
		die("out of memory");
	}
	return memory;
}
