/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"

/* The sets as the kernel has them. Read without libcap-ng, which wrote them:
 * a read-back that shares its author's mistake would prove nothing. */
struct sets {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

#define BIT(capability) (UINT64_C(1) << (capability))

/* Securebits under which an exec by uid 0 gains nothing, and which only
 * CAP_SETPCAP could lift; the locks matter where a bounding set stays full. */
#define LOCKED_BITS                                                            \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |       \
	 SECBIT_NO_SETUID_FIXUP_LOCKED)

static bool try_read_sets(struct sets *sets)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct halves[2];

	if (syscall(SYS_capget, &header, halves))
		return false;
	sets->effective = halves[0].effective | (uint64_t)halves[1].effective
							<< 32;
	sets->permitted = halves[0].permitted | (uint64_t)halves[1].permitted
							<< 32;
	sets->inheritable =
		halves[0].inheritable | (uint64_t)halves[1].inheritable << 32;
	return true;
}

static void read_sets(struct sets *sets)
{
	if (!try_read_sets(sets))
		die("cannot read the process's capabilities: %s",
		    strerror(errno));
}

void privileges_forbid_inspection(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		die("cannot make the process undumpable: %s", strerror(errno));
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

void privileges_read(struct caller *caller)
{
	uid_t uid, effective_uid, saved_uid;
	struct sets sets;

	if (getresuid(&uid, &effective_uid, &saved_uid))
		die("cannot read the process's ids: %s", strerror(errno));
	read_sets(&sets);
	if (!(sets.effective & BIT(CAP_SYS_ADMIN)))
		die_unprivileged();
	*caller = (struct caller){
		.uid = uid,
		.gid = getgid(),
		.root = uid == 0 && effective_uid == 0,
	};
}

/* In a user namespace that maps one user only, setgroups is denied for good
 * (user_namespaces(7)): the groups that the caller has are all there will
 * be. */
static bool setgroups_is_denied(void)
{
	char word[8] = "";
	FILE *file = fopen("/proc/self/setgroups", "re");

	if (!file)
		return false;
	if (!fgets(word, sizeof(word), file))
		word[0] = '\0';
	fclose(file);
	return strcmp(word, "deny\n") == 0;
}

static void take_groups(const struct owner *owner)
{
	if (!owner->name)
		return;
	if (setgroups(owner->group_count, owner->groups) == 0)
		return;
	if (errno != EPERM || !setgroups_is_denied())
		die("cannot take the groups of user %s: %s",
		    quoted(owner->name), strerror(errno));
}

static void take_ids(const struct owner *owner)
{
	uid_t uids[3];
	gid_t gids[3];

	take_groups(owner);
	if (setresgid(owner->gid, owner->gid, owner->gid))
		die("cannot take gid %u: %s", owner->gid, strerror(errno));
	if (setresuid(owner->uid, owner->uid, owner->uid))
		die("cannot take uid %u: %s", owner->uid, strerror(errno));
	if (getresuid(&uids[0], &uids[1], &uids[2]) ||
	    getresgid(&gids[0], &gids[1], &gids[2]))
		die("cannot read the process's ids: %s", strerror(errno));
	for (int i = 0; i < 3; i++)
		if (uids[i] != owner->uid || gids[i] != owner->gid)
			die("the process's ids did not become %u and %u",
			    owner->uid, owner->gid);
}

/* Permitted CAP_SYS_ADMIN, and either just that effective or nothing. */
static bool sets_are(uint64_t effective)
{
	struct sets sets;

	if (!try_read_sets(&sets))
		return false;
	errno = EPERM;
	return sets.effective == effective &&
	       sets.permitted == BIT(CAP_SYS_ADMIN) && sets.inheritable == 0;
}

/* Only a caller with CAP_SETPCAP can empty the bounding set and lock the
 * securebits. Without it, as with a lone cap_sys_admin in the file, neither
 * is needed: uid is not 0, and no_new_privs stands. */
static void expect_locked(bool could_lock)
{
	int capability;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		die("no_new_privs did not hold");
	for (capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0,
			  0) == 1)
			die("the ambient set did not become empty");
	if (!could_lock)
		return;
	for (capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0;
	     capability++)
		if (prctl(PR_CAPBSET_READ, capability) != 0)
			die("the bounding set did not become empty");
	if ((prctl(PR_GET_SECUREBITS) & LOCKED_BITS) != LOCKED_BITS)
		die("the securebits did not hold");
}

/* The order is libcap-ng 0.8.3's: the lock needs CAP_SETPCAP, so it comes
 * before the sets shrink; NO_SETUID_FIXUP, which it sets, lets the sets
 * survive the change of ids, so that nothing is ever regained. */
void privileges_narrow(const struct owner *owner)
{
	struct sets before;
	bool can_lock;

	read_sets(&before);
	can_lock = before.effective & BIT(CAP_SETPCAP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("cannot set no_new_privs: %s", strerror(errno));
	if (can_lock && capng_lock())
		die("cannot lock the securebits: %s", strerror(errno));
	take_ids(owner);
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_SYS_ADMIN) ||
	    capng_apply(can_lock ? CAPNG_SELECT_ALL
				 : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT))
		die("cannot drop capabilities: %s", strerror(errno));
	if (!sets_are(0))
		die("the process's capabilities are not what they were set "
		    "to");
	expect_locked(can_lock);
	if (owner->uid != 0 && setuid(0) == 0)
		die("the process could still become root");
	/* A change of ids makes a process dumpable again where the
	 * administrator set fs.suid_dumpable. */
	privileges_forbid_inspection();
}

bool privileges_try_raise(void)
{
	return capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SYS_ADMIN) == 0 &&
	       capng_apply(CAPNG_SELECT_CAPS) == 0 &&
	       sets_are(BIT(CAP_SYS_ADMIN));
}

bool privileges_try_lower(void)
{
	return capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, CAP_SYS_ADMIN) == 0 &&
	       capng_apply(CAPNG_SELECT_CAPS) == 0 && sets_are(0);
}

void privileges_raise(void)
{
	if (!privileges_try_raise())
		die("cannot raise CAP_SYS_ADMIN: %s", strerror(errno));
}

void privileges_lower(void)
{
	if (!privileges_try_lower())
		die("cannot lower CAP_SYS_ADMIN: %s", strerror(errno));
}
