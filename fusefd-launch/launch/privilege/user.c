/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/privilege/user.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "common/number.h"

/* (uid_t)-1 means "leave it alone" to the kernel. */
#define ID_MAX (UINT_MAX - 1)

static const struct passwd *find_passwd(const char *user, unsigned long *uid,
					bool *numeric)
{
	const struct passwd *entry;

	errno = 0;
	*numeric = number_parse(user, ID_MAX, uid);
	entry = *numeric ? getpwuid((uid_t)*uid) : getpwnam(user);
	if (entry)
		*uid = entry->pw_uid;
	else if (!*numeric)
		die("unknown user %s%s%s", quoted(user), errno ? ": " : "",
		    errno ? strerror(errno) : "");
	return entry;
}

static gid_t find_gid(const char *group)
{
	const struct group *entry;
	unsigned long gid;

	if (number_parse(group, ID_MAX, &gid))
		return (gid_t)gid;
	errno = 0;
	entry = getgrnam(group);
	if (!entry)
		die("unknown group %s%s%s", quoted(group), errno ? ": " : "",
		    errno ? strerror(errno) : "");
	return entry->gr_gid;
}

static void find_groups(struct owner *owner, const char *name)
{
	int count = 64, room;

	do {
		room = count;
		owner->groups = need_memory(reallocarray(
			owner->groups, (size_t)room, sizeof(*owner->groups)));
	} while (getgrouplist(name, owner->gid, owner->groups, &count) < 0 &&
		 count > room);
	if (count > room)
		die("cannot find the groups of user %s", quoted(name));
	owner->group_count = (size_t)count;
}

static void find_by_database(struct owner *owner, const char *user,
			     const char *group)
{
	unsigned long uid;
	bool numeric;
	const struct passwd *entry = find_passwd(user, &uid, &numeric);

	/* Without an entry, the gid would be root's. */
	if (!entry && !group)
		die("user %s has no entry in the user database, so no group\n"
		    "Give the group too: --user=%s:GROUP.",
		    quoted(user), user);
	owner->uid = (uid_t)uid;
	owner->gid = group ? find_gid(group) : entry->pw_gid;
	if (entry) {
		owner->name = need_memory(strdup(entry->pw_name));
		owner->home = need_memory(strdup(entry->pw_dir));
		owner->shell = need_memory(strdup(entry->pw_shell));
		find_groups(owner, owner->name);
	} else {
		owner->name = user;
		owner->home = "/";
		owner->shell = "/bin/sh";
		owner->groups = need_memory(malloc(sizeof(*owner->groups)));
		owner->groups[0] = owner->gid;
		owner->group_count = 1;
	}
}

void user_find(struct owner *owner, const char *specification,
	       const struct caller *caller)
{
	char *user, *group;

	*owner = (struct owner){.uid = caller->uid, .gid = caller->gid};
	if (!specification)
		return;
	if (!caller->root)
		die("option --user is for root: you run COMMAND as yourself");
	user = need_memory(strdup(specification));
	group = strchr(user, ':');
	if (group)
		*group++ = '\0';
	if (!*user || (group && !*group))
		die("option --user: %s is not USER[:GROUP]",
		    quoted(specification));
	find_by_database(owner, user, group);
}
