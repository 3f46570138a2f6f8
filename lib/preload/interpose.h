/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a function of the C library's is taken over, and called.
 */
#ifndef FUSEFD_PRELOAD_INTERPOSE_H
#define FUSEFD_PRELOAD_INTERPOSE_H

#include <dlfcn.h>
#include <stdatomic.h>

/* Give a function of ours the C library's symbol. Under its own name it could
 * not be defined beside the headers, which make macros and inline functions of
 * some of these names. */
#define INTERPOSE(symbol) __asm__(symbol) __attribute__((visibility("default")))

/* Who would have been called but for us: the C library, or the next one in
 * LD_PRELOAD. Looked up when it is first needed, which may be in another
 * library's constructor. NULL where there is none. */
typedef void (*function_t)(void);

struct next {
	const char *symbol;
	_Atomic(function_t) function;
};

function_t next_of(struct next *next);

#endif
