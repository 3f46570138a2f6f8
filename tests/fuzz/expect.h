/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every fuzz target has.
 */
#ifndef FUZZ_EXPECT_H
#define FUZZ_EXPECT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* A finding: the sanitizers print where. */
#define expect(condition)                                                      \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
				__LINE__, #condition);                         \
			abort();                                               \
		}                                                              \
	} while (0)

/* The input as a string of just its size, so that a read past the end is
 * seen. The caller frees it. */
static inline char *as_text(const void *input, size_t size)
{
	char *text = malloc(size + 1);

	expect(text);
	if (size)
		memcpy(text, input, size);
	text[size] = '\0';
	return text;
}

#endif
