/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which options go together, and that each does something. Both die with a line
 * that names the option out of place.
 */
#ifndef FUSEFD_LAUNCH_OPTIONS_JUDGE_H
#define FUSEFD_LAUNCH_OPTIONS_JUDGE_H

#include <stdbool.h>

#include "launch/options.h"

/* Once the mode is known. given: for each number of option_table.h, up to
 * OPTIONS_END, whether that one was. */
void options_judge_given(const struct options *options, const bool *given);

/* Once COMMAND is known, too. */
void options_judge_together(const struct options *options);

#endif
