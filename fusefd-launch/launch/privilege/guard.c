/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/die.h"
#include "launch/mount/mount.h"

/* It has what its creator had effective, and so needs nothing of libcap-ng or
 * malloc, whose state is each thread's own and could not be had. An eventfd,
 * and not a semaphore: where a futex fails, the C library aborts. */
static void *wait_and_take_back(void *argument)
{
	struct guard *guard = argument;
	eventfd_t value;

	while (eventfd_read(guard->wanted, &value))
		;
	mount_detach(guard->mount);
	return NULL;
}

void guard_start(struct guard *guard, const struct privileges *privileges,
		 int mount)
{
	int error;

	*guard = (struct guard){.privileges = privileges, .mount = mount};
	if (privileges->locked)
		return;
	guard->wanted = eventfd(0, EFD_CLOEXEC);
	error = guard->wanted < 0 ? errno : 0;
	if (!error)
		error = pthread_create(&guard->thread, NULL, wait_and_take_back,
				       guard);
	if (error)
		die("cannot start a thread to guard the mount: %s",
		    strerror(error));
}

bool guard_prepare_exec(const struct guard *guard)
{
	if (!privileges_try_lower(guard->privileges))
		return false;
	if (guard->privileges->locked)
		return true;
	if (!privileges_try_give_up())
		return false;
	privileges_tell(guard->privileges);
	return true;
}

void guard_take_back(struct guard *guard)
{
	if (!guard->privileges->locked) {
		while (eventfd_write(guard->wanted, 1))
			;
		pthread_join(guard->thread, NULL);
		return;
	}
	/* By nothing that could die before the mount is gone. */
	privileges_try_raise(guard->privileges);
	mount_detach(guard->mount);
	privileges_try_lower(guard->privileges);
}
