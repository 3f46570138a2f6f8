/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ioctl(fd, FUSE_DEV_IOC_CLONE, &primary): a second fd of the program's, which
 * was lent the primary too, becomes one of the clones.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "fuse_abi.h"
#include "preload/interpose.h"
#include "preload/pool.h"

int preload_ioctl(int fd, unsigned long request, ...) INTERPOSE("ioctl");

typedef int (*ioctl_t)(int fd, unsigned long request, ...);

/* Without libc's own prototype the compiler cannot know that the request is 32
 * bits wide: some callers extend its sign. */
static bool is_ours(int fd, unsigned long request, const void *argument)
{
	uint32_t primary;

	if ((uint32_t)request != FUSE_DEV_IOC_CLONE || !argument ||
	    !pool_exists())
		return false;
	memcpy(&primary, argument, sizeof(primary));
	return pool_owns(fd) && pool_owns((int)primary);
}

/* Not every request has an argument; what is read where none was given is not
 * looked at by the kernel either. */
int preload_ioctl(int fd, unsigned long request, ...)
{
	static struct next next = {.symbol = "ioctl"};
	const ioctl_t function = (ioctl_t)next_of(&next);
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (is_ours(fd, request, argument))
		return pool_exchange(fd);
	if (function)
		return function(fd, request, argument);
	errno = ENOSYS;
	return -1;
}
