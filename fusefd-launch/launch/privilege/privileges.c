/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/securebits.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/privilege/capabilities.h"
#include "launch/privilege/ids.h"

#define ADMIN BIT(CAP_SYS_ADMIN)

/* Securebits under which an exec by uid 0 gains nothing, a change of ids loses
 * nothing, and which only CAP_SETPCAP could lift; the locks matter if a
 * bounding set stays full. */
#define LOCKED_BITS                                                            \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |       \
	 SECBIT_NO_SETUID_FIXUP_LOCKED)

static void forbid_inspection(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		die("cannot make the process undumpable: %s", strerror(errno));
}

/* ---- Laid aside, and taken up ----------------------------------------------- */

static void set_effective(uint64_t effective)
{
	struct capabilities sets;

	capabilities_read(&sets);
	if (!capabilities_try_set(effective & sets.permitted, sets.permitted,
				  sets.inheritable))
		die("cannot change the effective capabilities: %s",
		    strerror(errno));
}

void privileges_lay_aside(struct caller *caller)
{
	struct capabilities sets;

	forbid_inspection();
	*caller = (struct caller){
		.uid = getuid(),
		.gid = getgid(),
		.installed_uid = geteuid(),
		.installed_gid = getegid(),
	};
	caller->root = caller->uid == 0 && caller->installed_uid == 0;
	capabilities_read(&sets);
	caller->admin = sets.effective & ADMIN;
	ids_set_effective(caller->uid, caller->gid);
	set_effective(0);
	/* A change of ids makes a process dumpable again if the administrator
	 * set fs.suid_dumpable. */
	forbid_inspection();
}

static noreturn void die_unprivileged(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		die("not privileged: it was started under no_new_privs, which "
		    "takes the setuid bit's effect away\n"
		    "Start it outside of that sandbox, or as root.");
	die("not privileged: it needs CAP_SYS_ADMIN to mount\n"
	    "Run it as root, or have it installed setuid root or with file "
	    "capabilities, on a filesystem without nosuid.");
}

void privileges_expect_admin(const struct caller *caller)
{
	if (!caller->admin)
		die_unprivileged();
}

void privileges_take_up(const struct caller *caller)
{
	ids_set_effective(caller->installed_uid, caller->installed_gid);
	/* To become uid 0 makes all that is permitted effective. */
	set_effective(~ADMIN);
}

void privileges_take_all(void)
{
	set_effective(~UINT64_C(0));
}

/* ---- Narrowed ----------------------------------------------------------------- */

static void expect_permitted(uint64_t kept, uint64_t permitted)
{
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (kept & ~permitted & BIT(i))
			die("option --keep-caps: you do not have capability "
			    "'%s' yourself",
			    capng_capability_to_name(i));
}

/* To leave uid 0 ends all capabilities, but under NO_SETUID_FIXUP. */
static void expect_kept_admin(const struct owner *owner)
{
	struct capabilities sets;

	capabilities_read(&sets);
	if (!(sets.permitted & ADMIN))
		die("cannot take uid %u and keep CAP_SYS_ADMIN until the "
		    "mount: " IS_MISSING("CAP_SETPCAP"),
		    owner->uid);
}

/* All capabilities that the kernel knows: it says EINVAL to the first that it
 * does not. */
static void limit_bounding_set(uint64_t kept)
{
	for (int i = 0;; i++) {
		if (i <= CAP_LAST_CAP && kept & BIT(i))
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return;
		die("cannot empty the bounding set: %s", strerror(errno));
	}
}

static void lock(uint64_t kept)
{
	/* Just these: if the caller has locked others, it fails. */
	if (prctl(PR_SET_SECUREBITS, LOCKED_BITS))
		die("cannot lock the securebits: %s", strerror(errno));
	limit_bounding_set(kept);
}

static void set_kept(uint64_t permitted, uint64_t kept)
{
	if (!capabilities_try_set(0, permitted | kept, kept) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		die("cannot drop capabilities: %s", strerror(errno));
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (kept & BIT(i) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0))
			die("cannot keep a capability: %s", strerror(errno));
}

static void expect_locks(uint64_t kept)
{
	int set;

	for (int i = 0; (set = prctl(PR_CAPBSET_READ, i)) >= 0; i++)
		if (set != !!(kept & BIT(i)))
			die("the bounding set is not what it was set to");
	if ((prctl(PR_GET_SECUREBITS) & LOCKED_BITS) != LOCKED_BITS)
		die("the securebits did not hold");
}

static void tell_sets(uint64_t effective, uint64_t permitted)
{
	static char names[2][CAPABILITY_NAMES_MAX];

	say("privilege: effective %s; permitted %s",
	    capabilities_name(names[0], effective),
	    capabilities_name(names[1], permitted));
}

static void tell_narrowed(const struct privileges *privileges,
			  const struct owner *owner)
{
	char bounding[CAPABILITY_NAMES_MAX];

	if (!privileges->tell)
		return;
	say("privilege: uid %u, gid %u; no_new_privs; bounding %s", owner->uid,
	    owner->gid,
	    privileges->locked ? capabilities_name(bounding, privileges->kept)
			       : "as it was, without CAP_SETPCAP");
	tell_sets(0, privileges->last | privileges->kept);
}

/* What privileges_narrow() does, and privileges_renounce() with nothing left.
 *
 * The order: the locks need CAP_SETPCAP, so they come before the sets shrink;
 * NO_SETUID_FIXUP lets the sets survive the change of ids, so that nothing is
 * ever regained. Without CAP_SETPCAP, as with a lone cap_sys_admin in the file,
 * or in a container that took it away, no_new_privs stands alone. */
static void narrow(struct privileges *privileges, const struct owner *owner,
		   uint64_t last)
{
	const uint64_t kept = privileges->kept;
	struct capabilities before;

	capabilities_read(&before);
	expect_permitted(kept, before.permitted);
	privileges->locked = before.effective & BIT(CAP_SETPCAP);
	privileges->last = last & before.permitted;
	privileges->uid = owner->uid;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		die("cannot set no_new_privs: %s", strerror(errno));
	if (privileges->locked)
		lock(kept);
	ids_take(owner);
	if (last)
		expect_kept_admin(owner);
	set_kept(privileges->last, kept);
	if (privileges->locked)
		expect_locks(kept);
	if (owner->uid != 0 && setuid(0) == 0)
		die("the process could still become root");
	forbid_inspection();
}

void privileges_narrow(struct privileges *privileges, const struct owner *owner,
		       uint64_t kept, bool tell)
{
	*privileges = (struct privileges){.kept = kept, .tell = tell};
	narrow(privileges, owner, ADMIN | BIT(CAP_SETUID));
	tell_narrowed(privileges, owner);
}

void privileges_renounce(const struct caller *caller)
{
	const struct owner self = {.uid = caller->uid, .gid = caller->gid};

	struct privileges none = {0};

	privileges_take_up(caller);
	narrow(&none, &self, 0);
}

/* ---- Around single system calls ------------------------------------------------ */

static bool try_change(const struct privileges *privileges, uint64_t effective,
		       uint64_t permitted)
{
	return capabilities_try_set(effective, permitted | privileges->kept,
				    privileges->kept);
}

bool privileges_try_raise(const struct privileges *privileges)
{
	return try_change(privileges, ADMIN, privileges->last);
}

bool privileges_try_raise_setuid(const struct privileges *privileges)
{
	return try_change(privileges, BIT(CAP_SETUID), privileges->last);
}

bool privileges_try_lower(const struct privileges *privileges)
{
	return try_change(privileges, 0, privileges->last);
}

void privileges_raise(const struct privileges *privileges)
{
	if (!privileges_try_raise(privileges))
		die("cannot raise CAP_SYS_ADMIN: %s", strerror(errno));
}

void privileges_lower(const struct privileges *privileges)
{
	if (!privileges_try_lower(privileges))
		die("cannot lower CAP_SYS_ADMIN: %s", strerror(errno));
}

void privileges_tell(const struct privileges *privileges)
{
	struct capabilities now;

	if (!privileges->tell || !capabilities_try_read(&now))
		return;
	tell_sets(ADMIN, privileges->last | privileges->kept);
	tell_sets(now.effective, now.permitted);
}

/* ---- Dropped -------------------------------------------------------------------- */

/* The ambient set shrinks with the inheritable one (capabilities(7)). */
bool privileges_try_keep_admin(struct privileges *privileges)
{
	privileges->kept = 0;
	privileges->last = ADMIN;
	return privileges_try_lower(privileges);
}

bool privileges_try_drop(const struct privileges *privileges)
{
	return try_change(privileges, 0, 0);
}

bool privileges_try_give_up(void)
{
	return capabilities_try_set(0, 0, 0);
}
