/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which options go together, and that each does something. Both die with a line
 * that names the option out of place.
 */
#ifndef FUSEFD_LAUNCH_OPTIONS_JUDGE_H
#define FUSEFD_LAUNCH_OPTIONS_JUDGE_H

#include "launch/options.h"

/* To be called when the mode is known. given: for each number of option_table.h,
 * up to OPTIONS_END, the value of that option, "" if it takes none, or NULL. */
void options_judge_given(const struct options *options,
			 const char *const *given);

/* To be called when COMMAND is known, too. */
void options_judge_together(const struct options *options);

#endif
