/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * command=TEMPLATE: a command line in one string, without a shell.
 */
#ifndef FUSEFD_LAUNCH_COMMAND_TEMPLATE_H
#define FUSEFD_LAUNCH_COMMAND_TEMPLATE_H

/* Its words, NULL-ended: blanks separate them, and are part of a word within
 * single quotes or behind a backslash; within the quotes a backslash is itself.
 * Nothing else has a meaning. Dies where there is no word, or a quote is not
 * closed. */
char **command_template_split(const char *template);

#endif
