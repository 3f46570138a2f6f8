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
#include <stdint.h>
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

/* What is left after privileges_narrow(). */
struct privileges {
	uint64_t kept; /* --keep-caps: a bit for each capability number */
	bool locked;   /* the bounding set and the securebits stand guard */
	bool tell;     /* --verbose: say each state, once it is read back */
};

/* The capabilities in a list such as "chown,dac_override", as a mask. Dies on
 * a name that there is not. */
uint64_t privileges_parse(const char *list);

/* No core dump, no ptrace and no /proc/PID/mem by the user whose ids the
 * launcher is about to take. */
void privileges_forbid_inspection(void);

/* Dies where there is no CAP_SYS_ADMIN to work with. */
void privileges_read(struct caller *caller);

/* For good: all ids the owner's; permitted CAP_SYS_ADMIN and what is kept;
 * nothing effective; inheritable, ambient and (where the caller could empty
 * it) bounding set just what is kept; no_new_privs; and securebits that keep
 * it so for uid 0. Dies where the caller lacks what is to be kept. */
void privileges_narrow(struct privileges *privileges, const struct owner *owner,
		       uint64_t kept, bool tell);

/* CAP_SYS_ADMIN effective, and no more. */
void privileges_raise(const struct privileges *privileges);
void privileges_lower(const struct privileges *privileges);

/* The same where there is a mount to take away before one may die: false,
 * with errno, where it did not hold. */
bool privileges_try_raise(const struct privileges *privileges);
bool privileges_try_lower(const struct privileges *privileges);

/* A child that becomes COMMAND gives up CAP_SYS_ADMIN, and a supervisor what
 * only COMMAND keeps. */
bool privileges_try_drop(const struct privileges *privileges);
bool privileges_try_keep_none(struct privileges *privileges);

/* The calling thread's last capabilities. This one tells nothing by itself. */
bool privileges_try_give_up(void);

/* Where it is wanted, say what is effective and permitted now. */
void privileges_tell(const struct privileges *privileges);

#endif
