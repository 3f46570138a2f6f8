/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/option_values.h"

#include <limits.h>
#include <string.h>

#include "common/die.h"
#include "common/number.h"

unsigned long option_seconds(const char *option, const char *text)
{
	unsigned long seconds;

	/* The event loop counts milliseconds in an int. */
	if (!number_parse(text, INT_MAX / 1000, &seconds))
		die("option %s: %s is not a number of seconds, from 0 to %d",
		    option, quoted(text), INT_MAX / 1000);
	return seconds;
}

int option_fd(const char *option, const char *text)
{
	unsigned long number;

	if (!number_parse(text, INT_MAX, &number))
		die("option %s: %s is not the number of an fd", option,
		    quoted(text));
	return (int)number;
}

const char *option_payload(const char *option, const char *text)
{
	const size_t length = strlen(text);

	if (length == 0 || length >= HANDOFF_PAYLOAD_MAX)
		die("option %s: it is of %zu bytes, and 1 to %d can be sent",
		    option, length, HANDOFF_PAYLOAD_MAX - 1);
	return text;
}
