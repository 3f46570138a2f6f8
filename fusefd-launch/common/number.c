/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/number.h"

bool number_parse(const char *text, unsigned long max, unsigned long *number)
{
	unsigned long value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		const unsigned char digit = (unsigned char)(*text - '0');

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = 10 * value + digit;
	}
	*number = value;
	return true;
}
