/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the launcher's privilege shrinks. Its states, in this order:
 *
 *   laid aside   effective and filesystem ids the user's, effective set empty:
 *                arguments are read like this
 *   taken up     the installed rights, without CAP_SYS_ADMIN: the device is
 *                opened like this
 *   narrowed     the user's ids again; permitted CAP_SYS_ADMIN, which is
 *                effective around single system calls, and CAP_SETUID, for the
 *                shield alone; no other way back
 *   shielded     the same, and nothing that the user does can stop, end or
 *                limit the process (shield.h): from the look at the mountpoint
 *                to the look at the mount on it
 *   dropped      the user, with what --keep-caps names and nothing else
 *
 * Every change is read back; if one did not hold, the process dies.
 */
#ifndef FUSEFD_LAUNCH_PRIVILEGES_H
#define FUSEFD_LAUNCH_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The user who started the launcher, and what the kernel lets it do. */
struct caller {
	uid_t uid; /* the real ids: setuid changes only the effective ones */
	gid_t gid;
	bool root;	     /* root itself, free to decide; else policy does */
	bool admin;	     /* it came with CAP_SYS_ADMIN effective */
	uid_t installed_uid; /* the effective ids that it was started with */
	gid_t installed_gid;
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
	uint64_t last; /* CAP_SYS_ADMIN, and for the shield CAP_SETUID */
	bool tell;     /* --verbose: say each state, once it was read back */
	uid_t uid;
};

/* The first state. Also makes the process undumpable: no core dump, no ptrace
 * and no /proc/PID/mem by the user whose ids it takes. */
void privileges_lay_aside(struct caller *caller);

/* Dies if there is no CAP_SYS_ADMIN to work with. */
void privileges_expect_admin(const struct caller *caller);

/* The second state. */
void privileges_take_up(const struct caller *caller);

/* For root, which is free to do what it likes: CAP_SYS_ADMIN, too. */
void privileges_take_all(void);

/* The third, for good: all ids the owner's; permitted CAP_SYS_ADMIN, CAP_SETUID
 * if there is one, and what is kept; nothing effective; inheritable, ambient and (if the caller could empty it) bounding set just what
 * is kept; no_new_privs; and securebits that keep it so for uid 0. Dies if the
 * caller lacks what is to be kept. */
void privileges_narrow(struct privileges *privileges, const struct owner *owner,
		       uint64_t kept, bool tell);

/* CAP_SETUID effective, and no more, until privileges_try_lower(). */
bool privileges_try_raise_setuid(const struct privileges *privileges);

/* CAP_SYS_ADMIN effective, and no more; and back. false, with errno, if it did
 * not hold. They say nothing, since nothing is written meanwhile. */
bool privileges_try_raise(const struct privileges *privileges);
bool privileges_try_lower(const struct privileges *privileges);

/* The same, or death. */
void privileges_raise(const struct privileges *privileges);
void privileges_lower(const struct privileges *privileges);

/* Nothing but CAP_SYS_ADMIN: neither what COMMAND keeps, nor CAP_SETUID. */
bool privileges_try_keep_admin(struct privileges *privileges);

/* No CAP_SYS_ADMIN any more: what COMMAND is to have. */
bool privileges_try_drop(const struct privileges *privileges);

/* The calling thread's last capabilities. */
bool privileges_try_give_up(void);

/* If it is wanted: say what was effective and permitted between a raise and a
 * lower, as it was read back, and what is now. */
void privileges_tell(const struct privileges *privileges);

/* Instead of all that: give up whatever the launcher was installed with or
 * root has, for good, as the caller. */
void privileges_renounce(const struct caller *caller);

#endif
