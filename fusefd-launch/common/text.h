/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A string that grows. (A stream of open_memstream(3) would do, but for glibc's
 * dropping what it has no memory for without a word.)
 */
#ifndef FUSEFD_LAUNCH_TEXT_H
#define FUSEFD_LAUNCH_TEXT_H

#include <stddef.h>

struct text {
	char *bytes; /* NUL-ended once something was added; NULL before */
	size_t length;
};

void text_add(struct text *text, const char *bytes);
void text_add_bytes(struct text *text, const char *bytes, size_t length);

/* Both together, allocated. */
char *text_join(const char *first, const char *second);

/* The numbers with commas, allocated. */
char *text_join_numbers(const int *numbers, size_t count);

#endif
