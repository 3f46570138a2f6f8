/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/become.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/command/command.h"
#include "launch/command/companion.h"
#include "launch/command/environment.h"
#include "launch/command/guard.h"
#include "launch/keeper/keeper.h"

static char **environment_of(const struct launch *launch)
{
	return handoff_environment(&launch->handoff, &launch->options,
				   launch->callers_environment);
}

/* The caller's directory is the caller's: another user might not even be able
 * to look into it. What COMMAND's path says is said of that directory. */
static void leave_callers_directory(struct launch *launch)
{
	if (!launch->owner.name)
		return;
	if (launch->path)
		launch->path = command_absolute(launch->path);
	if (chdir("/"))
		die("cannot change to '/': %s", strerror(errno));
}

/* ---- COMMAND, on an attached mount ------------------------------------------ */

static void take_away(void *what)
{
	struct attachment *attachment = what;
	const int error = identity_unmount(
		&attachment->identity, &attachment->mountpoint->at, MNT_DETACH,
		&attachment->info, attachment->privileges);

	if (error && error != ENOENT)
		say("cannot take the mount away again: %s", strerror(error));
}

static void attach_or_die(struct launch *launch)
{
	int error;

	if (!shield_try_raise(&launch->shield, &launch->privileges))
		die("cannot take uid 0 for the mount: %s", strerror(errno));
	error = attach(&launch->attachment);
	if (error)
		die("cannot mount on %s: %s", quoted(launch->mountpoint.path),
		    attach_reason(error));
	privileges_tell(&launch->privileges);
}

/* What the user can stop, limit or end from here on is the user's own mount. */
static int try_to_execute(const struct launch *launch, char **environment)
{
	if (!shield_try_lower(&launch->shield, &launch->privileges))
		return errno;
	command_execute(launch->path, launch->options.command, environment);
	return errno;
}

/* CAP_SYS_ADMIN ends with the exec, and is kept for the case that it fails. */
static int execute(struct launch *launch, char **environment)
{
	int error;

	attach_or_die(launch);
	error = try_to_execute(launch, environment);
	take_away(&launch->attachment);
	return error;
}

static int execute_guarded(struct launch *launch, char **environment)
{
	struct guard guard;
	int error;

	guard_start(&guard, &launch->privileges, take_away,
		    &launch->attachment);
	attach_or_die(launch);
	error = privileges_try_give_up() ? try_to_execute(launch, environment)
					 : errno;
	guard_call(&guard);
	return error;
}

noreturn void become_command(struct launch *launch)
{
	char **environment = environment_of(launch);
	int error;

	leave_callers_directory(launch);
	say_if(launch->privileges.tell, "mounting on %s and executing %s",
	       quoted(launch->mountpoint.path), quoted(launch->path));
	error = launch->privileges.locked
			? execute(launch, environment)
			: execute_guarded(launch, environment);
	command_die_unexecuted(launch->path, error);
}

/* ---- A program that has the mount kept for it --------------------------------- */

struct arguments {
	char **words; /* NULL-ended */
	size_t count;
};

static void add(struct arguments *arguments, const char *word)
{
	arguments->words[arguments->count++] = (char *)word;
	arguments->words[arguments->count] = NULL;
}

__attribute__((format(printf, 2, 3))) static void
add_option(struct arguments *arguments, const char *format, ...)
{
	va_list values;
	char *word;

	va_start(values, format);
	if (vasprintf(&word, format, values) < 0)
		die("out of memory");
	va_end(values);
	add(arguments, word);
}

/* What --supervise, --background and --send say to their companion. */
static void add_common(struct arguments *arguments,
		       const struct options *options)
{
	if (options->mode == RUN_BACKGROUND)
		add(arguments, "--background");
	if (options->verbose)
		add(arguments, "--verbose");
	add_option(arguments, "--ready-timeout=%lu", options->ready_timeout);
}

static void add_send(struct arguments *arguments, const struct options *options)
{
	if (options->mode == RUN_SUPERVISE)
		add(arguments, "--supervise");
	add_option(arguments, "--send=%s", options->send.text);
	if (options->payload)
		add_option(arguments, "--payload=%s", options->payload);
}

static void add_supervise(struct arguments *arguments,
			  const struct launch *launch)
{
	const struct options *options = &launch->options;

	add_option(arguments, "--stop-timeout=%lu", options->stop_timeout);
	if (options->unmodified)
		add(arguments, "--unmodified");
	if (options->listen_fds)
		add(arguments, "--listen-fds");
	if (launch->owner.name)
		add(arguments, "--other-user");
	for (size_t i = 0; i < options->keep_fd_count; i++)
		add_option(arguments, "--keep-fd=%d", options->keep_fds[i]);
	add_option(arguments, "--execute=%s", launch->path);
	add(arguments, "--");
	for (char **word = options->command; *word; word++)
		add(arguments, *word);
}

static char **companions_arguments(const struct launch *launch)
{
	const struct options *options = &launch->options;
	struct arguments arguments = {0};
	size_t room = options->keep_fd_count + 16;

	while (options->command[arguments.count])
		arguments.count++;
	room += arguments.count;
	arguments = (struct arguments){
		.words = need_memory(calloc(room, sizeof(char *))),
	};
	add(&arguments, launch->arguments[0]);
	add_common(&arguments, options);
	if (options->send.kind)
		add_send(&arguments, options);
	else
		add_supervise(&arguments, launch);
	return arguments.words;
}

noreturn void become_kept(struct launch *launch)
{
	const struct options *options = &launch->options;
	char **arguments = options->command, **environment;
	char number[16];

	leave_callers_directory(launch);
	if (options->mode != RUN_DETACHED)
		arguments = companions_arguments(launch);
	snprintf(number, sizeof(number), "%d",
		 keeper_start(&launch->attachment, &launch->shield));
	launch->handoff.keeper_fd = number;
	shield_return_limits(&launch->shield);
	environment = environment_of(launch);
	say_if(launch->privileges.tell, "mounting on %s and executing %s",
	       quoted(launch->mountpoint.path),
	       quoted(launch->path ? launch->path : "fusefd-send"));
	if (!privileges_try_drop(&launch->privileges))
		die("cannot drop CAP_SYS_ADMIN: %s", strerror(errno));
	if (options->mode != RUN_DETACHED)
		companion_execute(options->send.kind ? "fusefd-send"
						     : "fusefd-supervise",
				  arguments, environment);
	command_execute(launch->path, arguments, environment);
	command_die_unexecuted(launch->path, errno);
}
