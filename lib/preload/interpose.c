/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/interpose.h"

#include <errno.h>
#include <string.h>

#include "preload/announced.h"
#include "preload/helper.h"

/* POSIX lets dlsym() give the address of a function, and ISO C has no cast
 * from an object's. */
function_t next_of(struct next *next)
{
	function_t function = atomic_load(&next->function);
	const int error = errno;
	void *address;

	if (function)
		return function;
	address = dlsym(RTLD_NEXT, next->symbol);
	memcpy(&function, &address, sizeof(function));
	atomic_store(&next->function, function);
	errno = error;
	return function;
}

/* In each process that COMMAND executes, and in most of them all that this
 * library ever does. glibc gives a constructor what it gives to main(). */
__attribute__((constructor)) static void start(int argc, char **argv)
{
	(void)argc;
	announced_read();
	helper_replace(argv);
}
