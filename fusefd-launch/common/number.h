/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUSEFD_LAUNCH_NUMBER_H
#define FUSEFD_LAUNCH_NUMBER_H

#include <stdbool.h>

/* A decimal number that is the whole string, in [0, max]: no sign, no space,
 * no leading zero (which makes a number octal elsewhere), nothing after it. */
bool number_parse(const char *text, unsigned long max, unsigned long *number);

#endif
