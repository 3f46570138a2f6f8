/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System calls that the C library of Debian 12 (glibc 2.36) does not wrap, or
 * wraps with a detour.
 */
#ifndef FUSEFD_LAUNCH_SYSCALLS_H
#define FUSEFD_LAUNCH_SYSCALLS_H

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int sys_openat2(int dir, const char *path,
			      const struct open_how *how)
{
	return (int)syscall(SYS_openat2, dir, path, how, sizeof(*how));
}

/* glibc's faccessat() emulates what it takes the kernel not to have. */
static inline int sys_faccessat2(int dir, const char *path, int mode, int flags)
{
	return (int)syscall(SYS_faccessat2, dir, path, mode, flags);
}

/* glibc has it from 2.34 on. */
static inline int sys_close_range(unsigned int first, unsigned int last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

#endif
