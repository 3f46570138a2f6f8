/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mount(2) and umount(2) of our mount: the launcher has mounted, and unmounts.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "preload/announced.h"
#include "preload/complain.h"
#include "preload/fuse_calls.h"
#include "preload/interpose.h"
#include "preload/pool.h"
#include "preload/requested_options.h"

int preload_mount(const char *source, const char *target, const char *type,
		  unsigned long flags, const void *options) INTERPOSE("mount");
int preload_umount(const char *target) INTERPOSE("umount");
int preload_umount2(const char *target, int flags) INTERPOSE("umount2");

typedef int (*mount_t)(const char *source, const char *target, const char *type,
		       unsigned long flags, const void *options);
typedef int (*umount_t)(const char *target);
typedef int (*umount2_t)(const char *target, int flags);

/* The mountpoint in the program's own words, by which it will unmount. */
static char *mounted_on;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool remember(const char *target)
{
	char *copy = strdup(target);

	if (!copy)
		return false;
	(void)pthread_mutex_lock(&lock);
	free(mounted_on);
	mounted_on = copy;
	(void)pthread_mutex_unlock(&lock);
	return true;
}

/* By its name alone: a filesystem that unmounts itself must not ask itself
 * what is there. */
static bool is_remembered(const char *target)
{
	bool found;

	(void)pthread_mutex_lock(&lock);
	found = target && mounted_on && strcmp(target, mounted_on) == 0;
	(void)pthread_mutex_unlock(&lock);
	return found;
}

static bool is_ours(const char *target)
{
	if (announced_is_mountpoint(target))
		return true;
	complain("cannot mount on '%s': fusefd-launch has mounted on '%s'",
		 target, announced.mountpoint ? announced.mountpoint : "?");
	return false;
}

int preload_mount(const char *source, const char *target, const char *type,
		  unsigned long flags, const void *options)
{
	static struct next next = {.symbol = "mount"};
	const mount_t function = (mount_t)next_of(&next);

	if (target && is_fuse_type(type) && pool_exists() && is_ours(target)) {
		requested_options_apply(flags, options);
		return remember(target) ? 0 : -1;
	}
	if (function)
		return function(source, target, type, flags, options);
	errno = ENOSYS;
	return -1;
}

int preload_umount(const char *target)
{
	static struct next next = {.symbol = "umount"};
	const umount_t function = (umount_t)next_of(&next);

	if (is_remembered(target))
		return 0;
	if (function)
		return function(target);
	errno = ENOSYS;
	return -1;
}

int preload_umount2(const char *target, int flags)
{
	static struct next next = {.symbol = "umount2"};
	const umount2_t function = (umount2_t)next_of(&next);

	if (is_remembered(target))
		return 0;
	if (function)
		return function(target, flags);
	errno = ENOSYS;
	return -1;
}
