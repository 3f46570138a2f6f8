/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The filesystem of a launch that is timed: says when its main() began, in
 * nanoseconds of CLOCK_MONOTONIC, and ends.
 */
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return 1;
	return printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec) < 0;
}
