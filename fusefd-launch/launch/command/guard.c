/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/die.h"

static void *wait_and_act(void *argument)
{
	struct guard *guard = argument;
	eventfd_t value;

	(void)privileges_try_lower(guard->privileges);
	while (eventfd_read(guard->wanted, &value))
		;
	guard->act(guard->what);
	return NULL;
}

void guard_start(struct guard *guard, const struct privileges *privileges,
		 void (*act)(void *what), void *what)
{
	int error;

	*guard = (struct guard){
		.wanted = eventfd(0, EFD_CLOEXEC),
		.privileges = privileges,
		.act = act,
		.what = what,
	};
	error = guard->wanted < 0 ? errno : 0;
	privileges_raise(privileges);
	if (!error)
		error = pthread_create(&guard->thread, NULL, wait_and_act,
				       guard);
	privileges_lower(privileges);
	if (error)
		die("cannot start a thread to guard the mount: %s",
		    strerror(error));
}

void guard_call(struct guard *guard)
{
	while (eventfd_write(guard->wanted, 1))
		;
	pthread_join(guard->thread, NULL);
}
