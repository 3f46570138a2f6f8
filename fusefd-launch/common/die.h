/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the launcher says, and how it ends. One grammar for all messages:
 *
 *     fusefd-launch: cannot mount on '/mnt/x': it is not owned by you
 *     Choose a directory that you own.
 *
 * the object and the reason on one line and, where the user can do something
 * about it, what to do on the next.
 */
#ifndef FUSEFD_LAUNCH_DIE_H
#define FUSEFD_LAUNCH_DIE_H

#include <stdbool.h>
#include <stdnoreturn.h>

enum exit_status {
	EXIT_LAUNCHER = 125,	/* our own failure */
	EXIT_NOT_STARTED = 126, /* COMMAND cannot be executed */
	EXIT_NOT_FOUND = 127,	/* COMMAND is not found */
};

/* What mount(8) wants to know of a failure, in its own numbers. */
enum mount_status {
	MOUNT_USAGE = 1, /* wrongly asked for, or not permitted */
	MOUNT_SYSTEM = 2,
	MOUNT_FAILED = 32,
};

/* This is mount.fusefd: that is the name in its messages, and whatever status
 * it dies with, it ends with one of these: MOUNT_USAGE to begin with. */
void die_as_mount_helper(void);

/* The same if the program was called mount.fusefd or mount.fusefd.TYPE, and
 * whether it was. */
bool die_by_name(const char *argv0);

/* From here on it ends with that one. Says nothing to fusefd-launch. */
void die_means(enum mount_status status);

#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Prefix, message and newline in one write to stderr. */
void say(const char *format, ...) PRINTF(1, 2);

/* say() where it is wanted: what --verbose and --dry-run tell of the steps. */
void say_if(bool wanted, const char *format, ...) PRINTF(2, 3);

/* say() and end with EXIT_LAUNCHER. */
noreturn void die(const char *format, ...) PRINTF(1, 2);

/* say() and end with a status of one's own. */
noreturn void die_with(enum exit_status status, const char *format, ...)
	PRINTF(2, 3);

/* Whatever the process dies of from now on, this is called once, before the end
 * and behind the message: for what must not be left behind, and for those who
 * wait to hear. It cannot die itself. */
void die_after(void (*last_act)(int status, const char *message));

/* The name in single quotes, with quotes, backslashes, control characters and
 * bytes outside ASCII as \xNN: what a caller named must not be able to write to
 * a terminal or to pass for words of ours. Of a very long one, the beginning
 * and the end. Allocated; the process is too short to free it. */
const char *quoted(const char *name);

/* malloc()ed memory, or death. */
void *need_memory(void *memory);

#endif
