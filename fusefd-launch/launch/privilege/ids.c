/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/ids.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/privilege/capabilities.h"

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

static bool has(int capability)
{
	struct capabilities sets;

	capabilities_read(&sets);
	return sets.effective & BIT(capability);
}

/* Why the ids could not be taken: capability is the one that it takes. */
static const char *reason(int error, int capability)
{
	if (error == EINVAL)
		return "it is not mapped in this user namespace";
	if (error != EPERM || has(capability))
		return strerror(error);
	return capability == CAP_SETUID ? IS_MISSING("CAP_SETUID")
					: IS_MISSING("CAP_SETGID");
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
		    quoted(owner->name), reason(errno, CAP_SETGID));
}

bool ids_try_set(uid_t real, uid_t effective, uid_t saved)
{
	uid_t now[3];

	if (setresuid(real, effective, saved) ||
	    getresuid(&now[0], &now[1], &now[2]))
		return false;
	errno = EPERM;
	return now[0] == real && now[1] == effective && now[2] == saved;
}

void ids_take(const struct owner *owner)
{
	const gid_t gid = owner->gid;
	gid_t now[3];

	take_groups(owner);
	if (setresgid(gid, gid, gid) || getresgid(&now[0], &now[1], &now[2]))
		die("cannot take gid %u: %s", gid, reason(errno, CAP_SETGID));
	if (now[0] != gid || now[1] != gid || now[2] != gid)
		die("the process's gids did not become %u", gid);
	if (!ids_try_set(owner->uid, owner->uid, owner->uid))
		die("cannot take uid %u: %s", owner->uid,
		    reason(errno, CAP_SETUID));
}

void ids_set_effective(uid_t uid, gid_t gid)
{
	if (getegid() != gid && (setegid(gid) || getegid() != gid))
		die("cannot take gid %u: %s", gid, strerror(errno));
	if (geteuid() != uid && (seteuid(uid) || geteuid() != uid))
		die("cannot take uid %u: %s", uid, strerror(errno));
}
