/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who the launcher runs for, and how its privilege shrinks: narrowed once, to
 * the user's ids and a permitted CAP_SYS_ADMIN, which is effective only
 * between privileges_raise() and privileges_lower(), and which the exec ends.
 * Every change is read back; what did not hold is death.
 */
#ifndef FUSEFD_LAUNCH_PRIVILEGES_H
#define FUSEFD_LAUNCH_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* Who started the launcher, and what the kernel lets it do. */
struct caller {
	uid_t uid; /* the real ids: setuid changes only the effective ones */
	gid_t gid;
	bool root; /* root itself, free to decide; else policy does */
};

/* Whose the mount will be and who runs COMMAND. */
struct owner {
	uid_t uid;
	gid_t gid;
	const char *name; /* NULL, as the next two: the caller itself, whose */
	const char *home; /* groups and environment stay as they are */
	const char *shell;
	gid_t *groups;
	size_t group_count;
};

/* No core dump, no ptrace and no /proc/PID/mem by the user whose ids the
 * launcher is about to take. */
void privileges_forbid_inspection(void);

/* Dies where there is no CAP_SYS_ADMIN to work with. */
void privileges_read(struct caller *caller);

/* For good: all ids the owner's, permitted CAP_SYS_ADMIN alone, nothing
 * effective, inheritable, ambient or (where the caller could empty it) in the
 * bounding set, no_new_privs, and securebits that keep it so for uid 0. */
void privileges_narrow(const struct owner *owner);

/* CAP_SYS_ADMIN effective, and no more. */
void privileges_raise(void);
void privileges_lower(void);

/* The same where there is a mount to take away before one may die: false,
 * with errno, where it did not hold. */
bool privileges_try_raise(void);
bool privileges_try_lower(void);

#endif
