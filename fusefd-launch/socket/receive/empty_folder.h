/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --receive --unmodified gives COMMAND for a mountpoint: the real one is the
 * sender's, and where COMMAND runs there may be no such directory, or one that
 * is in use.
 */
#ifndef FUSEFD_LAUNCH_EMPTY_FOLDER_H
#define FUSEFD_LAUNCH_EMPTY_FOLDER_H

/* Make one, as the user, in the caller's TMPDIR or in /tmp. Its path, without
 * symbolic links, is allocated. Dies if there can be none. */
const char *empty_folder_make(char *const *callers_environment);

/* Remove it, if it was made; unless COMMAND has put something there. */
void empty_folder_remove(void);

#endif
