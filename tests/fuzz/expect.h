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

#endif
