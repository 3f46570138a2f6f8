/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

uint64_t privileges_parse(const char *list)
{
	static const char prefix[] = "cap_";
	char *rest = need_memory(strdup(list)), *name;
	uint64_t mask = 0;
	int capability;

	while ((name = strsep(&rest, ","))) {
		if (strncasecmp(name, prefix, strlen(prefix)) == 0)
			name += strlen(prefix);
		capability = *name ? capng_name_to_capability(name) : -1;
		if (capability < 0)
			die("option --keep-caps: no capability is named %s\n"
			    "capabilities(7) has the names.",
			    quoted(name));
		mask |= BIT(capability);
	}
	return mask;
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

static bool is_among(gid_t gid, const gid_t *gids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (gids[i] == gid)
			return true;
	return false;
}

/* The kernel sorts them, so they are compared as sets. */
static void expect_groups(const struct owner *owner)
{
	gid_t *gids =
		need_memory(calloc(owner->group_count + 1, sizeof(*gids)));
	const int count = getgroups((int)owner->group_count, gids);

	if (count < 0 || (size_t)count != owner->group_count)
		die("the process's groups did not become those of user %s",
		    quoted(owner->name));
	for (size_t i = 0; i < owner->group_count; i++)
		if (!is_among(owner->groups[i], gids, (size_t)count))
			die("the process did not get group %u",
			    owner->groups[i]);
	free(gids);
}

static void take_groups(const struct owner *owner)
{
	if (!owner->name)
		return;
	if (setgroups(owner->group_count, owner->groups) == 0) {
		expect_groups(owner);
		return;
	}
	if (errno != EPERM || !setgroups_is_denied())
		die("cannot take the groups of user %s: %s",
		    quoted(owner->name), strerror(errno));
}

static const char *reason(int error)
{
	return error == EINVAL ? "it is not mapped in this user namespace"
			       : strerror(error);
}

static void take_ids(const struct owner *owner)
{
	uid_t uids[3];
	gid_t gids[3];

	take_groups(owner);
	if (setresgid(owner->gid, owner->gid, owner->gid))
		die("cannot take gid %u: %s", owner->gid, reason(errno));
	if (setresuid(owner->uid, owner->uid, owner->uid))
		die("cannot take uid %u: %s", owner->uid, reason(errno));
	if (getresuid(&uids[0], &uids[1], &uids[2]) ||
	    getresgid(&gids[0], &gids[1], &gids[2]))
		die("cannot read the process's ids: %s", strerror(errno));
	for (int i = 0; i < 3; i++)
		if (uids[i] != owner->uid || gids[i] != owner->gid)
			die("the process's ids did not become %u and %u",
			    owner->uid, owner->gid);
}

/* Permitted CAP_SYS_ADMIN and what is kept, and either just CAP_SYS_ADMIN
 * effective or nothing. */
static bool sets_are(const struct privileges *privileges, uint64_t effective)
{
	struct sets sets;

	if (!try_read_sets(&sets))
		return false;
	errno = EPERM;
	return sets.effective == effective &&
	       sets.permitted == (privileges->kept | BIT(CAP_SYS_ADMIN)) &&
	       sets.inheritable == privileges->kept;
}

static void expect_ambient(uint64_t kept)
{
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if ((prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0,
			   0) == 1) != !!(kept & BIT(capability)))
			die("the ambient set is not what it was set to");
}

static void expect_locks(uint64_t kept)
{
	int capability, set;

	for (capability = 0; (set = prctl(PR_CAPBSET_READ, capability)) >= 0;
	     capability++)
		if (set != !!(kept & BIT(capability)))
			die("the bounding set is not what it was set to");
	if ((prctl(PR_GET_SECUREBITS) & LOCKED_BITS) != LOCKED_BITS)
		die("the securebits did not hold");
}

static void expect_narrowed(const struct privileges *privileges,
			    const struct owner *owner)
{
	if (!sets_are(privileges, 0))
		die("the process's capabilities are not what they were set "
		    "to");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		die("no_new_privs did not hold");
	expect_ambient(privileges->kept);
	if (privileges->locked)
		expect_locks(privileges->kept);
	if (owner->uid != 0 && setuid(0) == 0)
		die("the process could still become root");
}

static void expect_permitted(uint64_t kept, uint64_t permitted)
{
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (kept & ~permitted & BIT(capability))
			die("option --keep-caps: you do not have capability "
			    "'%s' yourself",
			    capng_capability_to_name((unsigned)capability));
}

static void set_capabilities(const struct privileges *privileges)
{
	static const int everywhere = CAPNG_PERMITTED | CAPNG_INHERITABLE |
				      CAPNG_BOUNDING_SET | CAPNG_AMBIENT;
	int failed;

	capng_clear(CAPNG_SELECT_ALL);
	failed = capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_SYS_ADMIN);
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (privileges->kept & BIT(i))
			failed |= capng_update(CAPNG_ADD, everywhere, i);
	failed |= capng_apply(
		privileges->locked ? CAPNG_SELECT_ALL
				   : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (failed)
		die("cannot drop capabilities: %s", strerror(errno));
}

/* The order is libcap-ng 0.8.3's: the lock needs CAP_SETPCAP, so it comes
 * before the sets shrink; NO_SETUID_FIXUP, which it sets, lets the sets
 * survive the change of ids, so that nothing is ever regained.
 *
 * Only a caller with CAP_SETPCAP can empty the bounding set and lock the
 * securebits. Without it, as with a lone cap_sys_admin in the file, or in a
 * container that took CAP_SETPCAP away, no_new_privs stands alone. */
void privileges_narrow(struct privileges *privileges, const struct owner *owner,
		       uint64_t kept)
{
	struct sets before;

	read_sets(&before);
	expect_permitted(kept, before.permitted);
	*privileges = (struct privileges){
		.kept = kept,
		.locked = before.effective & BIT(CAP_SETPCAP),
	};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("cannot set no_new_privs: %s", strerror(errno));
	if (privileges->locked && capng_lock())
		die("cannot lock the securebits: %s", strerror(errno));
	take_ids(owner);
	set_capabilities(privileges);
	expect_narrowed(privileges, owner);
	/* A change of ids makes a process dumpable again where the
	 * administrator set fs.suid_dumpable. */
	privileges_forbid_inspection();
}

bool privileges_try_raise(const struct privileges *privileges)
{
	return capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SYS_ADMIN) == 0 &&
	       capng_apply(CAPNG_SELECT_CAPS) == 0 &&
	       sets_are(privileges, BIT(CAP_SYS_ADMIN));
}

bool privileges_try_lower(const struct privileges *privileges)
{
	return capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, CAP_SYS_ADMIN) == 0 &&
	       capng_apply(CAPNG_SELECT_CAPS) == 0 && sets_are(privileges, 0);
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

bool privileges_try_give_up(void)
{
	struct sets sets;

	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) || !try_read_sets(&sets))
		return false;
	errno = EPERM;
	return !sets.effective && !sets.permitted && !sets.inheritable;
}
