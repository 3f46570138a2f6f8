/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/privilege/capability_sets.h"
#include "launch/privilege/ids.h"

/* Securebits under which an exec by uid 0 gains nothing, and which only
 * CAP_SETPCAP could lift; the locks matter where a bounding set stays full. */
#define LOCKED_BITS                                                            \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |       \
	 SECBIT_NO_SETUID_FIXUP_LOCKED)

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
	struct capability_sets sets;

	if (getresuid(&uid, &effective_uid, &saved_uid))
		die("cannot read the process's ids: %s", strerror(errno));
	capability_sets_read(&sets);
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

/* To leave uid 0 ends all capabilities, but under NO_SETUID_FIXUP. */
static void expect_kept_admin(const struct owner *owner)
{
	struct capability_sets sets;

	capability_sets_read(&sets);
	if (!(sets.permitted & BIT(CAP_SYS_ADMIN)))
		die("cannot take uid %u and keep CAP_SYS_ADMIN until the "
		    "mount: " IS_MISSING("CAP_SETPCAP"),
		    owner->uid);
}

static bool sets_are(uint64_t effective, uint64_t permitted,
		     uint64_t inheritable)
{
	struct capability_sets sets;

	if (!capability_sets_try_read(&sets))
		return false;
	errno = EPERM;
	return sets.effective == effective && sets.permitted == permitted &&
	       sets.inheritable == inheritable;
}

/* No capability is ambient that is not inheritable too (capabilities(7)), and
 * what is inheritable was read back before: just what is kept. */
static void expect_ambient(uint64_t kept)
{
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (kept & BIT(capability) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0,
			  0) != 1)
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
	if (!sets_are(0, privileges->kept | BIT(CAP_SYS_ADMIN),
		      privileges->kept))
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

/* Of all capabilities that the kernel knows: it says EINVAL of the first that
 * it does not. By hand, because libcap-ng 0.8.3 looks each of them up first,
 * and reads /proc/PID/status three times. */
static bool empty_bounding_set(uint64_t kept)
{
	for (int capability = 0;; capability++) {
		if (capability <= CAP_LAST_CAP && kept & BIT(capability))
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			return errno == EINVAL;
	}
}

static void set_capabilities(const struct privileges *privileges)
{
	static const int everywhere =
		CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_AMBIENT;
	int failed;

	if (privileges->locked && !empty_bounding_set(privileges->kept))
		die("cannot empty the bounding set: %s", strerror(errno));
	capng_clear(CAPNG_SELECT_ALL);
	failed = capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_SYS_ADMIN);
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (privileges->kept & BIT(i))
			failed |= capng_update(CAPNG_ADD, everywhere, i);
	failed |= capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (failed)
		die("cannot drop capabilities: %s", strerror(errno));
}

/* Some of this is told between the attach and the exec, when the process must
 * not end: not by SIGPIPE either, where nobody reads stderr any more. */
void privileges_tell(const struct privileges *privileges)
{
	char effective[CAPABILITY_NAMES_MAX], permitted[CAPABILITY_NAMES_MAX];
	const struct timespec at_once = {0};
	struct capability_sets sets;
	const int error = errno;
	sigset_t pipe, before;

	if (!privileges->tell || !capability_sets_try_read(&sets))
		return;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &pipe, &before))
		return;
	say("privilege: effective %s; permitted %s",
	    capability_sets_name(effective, sets.effective),
	    capability_sets_name(permitted, sets.permitted));
	if (!sigismember(&before, SIGPIPE))
		sigtimedwait(&pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
}

static void tell_narrowed(const struct privileges *privileges,
			  const struct owner *owner)
{
	char bounding[CAPABILITY_NAMES_MAX];

	say_if(privileges->tell,
	       "privilege: uid %u, gid %u; no_new_privs; bounding %s",
	       owner->uid, owner->gid,
	       privileges->locked
		       ? capability_sets_name(bounding, privileges->kept)
		       : "as it was, without CAP_SETPCAP");
	privileges_tell(privileges);
}

/* The order is libcap-ng 0.8.3's: the lock needs CAP_SETPCAP, so it comes
 * before the sets shrink; NO_SETUID_FIXUP, which it sets, lets the sets
 * survive the change of ids, so that nothing is ever regained.
 *
 * Only a caller with CAP_SETPCAP can empty the bounding set and lock the
 * securebits. Without it, as with a lone cap_sys_admin in the file, or in a
 * container that took CAP_SETPCAP away, no_new_privs stands alone. */
void privileges_narrow(struct privileges *privileges, const struct owner *owner,
		       uint64_t kept, bool tell)
{
	struct capability_sets before;

	capability_sets_read(&before);
	expect_permitted(kept, before.permitted);
	*privileges = (struct privileges){
		.kept = kept,
		.locked = before.effective & BIT(CAP_SETPCAP),
		.tell = tell,
	};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("cannot set no_new_privs: %s", strerror(errno));
	if (privileges->locked && capng_lock())
		die("cannot lock the securebits: %s", strerror(errno));
	ids_take(owner);
	expect_kept_admin(owner);
	set_capabilities(privileges);
	expect_narrowed(privileges, owner);
	/* A change of ids makes a process dumpable again where the
	 * administrator set fs.suid_dumpable. */
	privileges_forbid_inspection();
	tell_narrowed(privileges, owner);
}

static bool fill_set(capng_type_t set, uint64_t mask)
{
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (mask & BIT(i) && capng_update(CAPNG_ADD, set, i))
			return false;
	return true;
}

/* Told to libcap-ng from the beginning each time: in a child, or in another
 * thread, it knows nothing of what it was told before. */
static bool try_set(uint64_t effective, uint64_t permitted,
		    uint64_t inheritable)
{
	capng_clear(CAPNG_SELECT_CAPS);
	return fill_set(CAPNG_EFFECTIVE, effective) &&
	       fill_set(CAPNG_PERMITTED, permitted) &&
	       fill_set(CAPNG_INHERITABLE, inheritable) &&
	       capng_apply(CAPNG_SELECT_CAPS) == 0 &&
	       sets_are(effective, permitted, inheritable);
}

static bool try_change(const struct privileges *privileges, uint64_t effective,
		       uint64_t permitted)
{
	if (!try_set(effective, permitted, privileges->kept))
		return false;
	privileges_tell(privileges);
	return true;
}

bool privileges_try_raise(const struct privileges *privileges)
{
	return try_change(privileges, BIT(CAP_SYS_ADMIN),
			  privileges->kept | BIT(CAP_SYS_ADMIN));
}

bool privileges_try_lower(const struct privileges *privileges)
{
	return try_change(privileges, 0, privileges->kept | BIT(CAP_SYS_ADMIN));
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

bool privileges_try_drop(const struct privileges *privileges)
{
	return try_change(privileges, 0, privileges->kept);
}

/* The ambient set shrinks with the inheritable one (capabilities(7)). */
bool privileges_try_keep_none(struct privileges *privileges)
{
	privileges->kept = 0;
	return try_change(privileges, 0, BIT(CAP_SYS_ADMIN));
}

bool privileges_try_give_up(void)
{
	return try_set(0, 0, 0);
}
