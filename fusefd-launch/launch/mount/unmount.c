/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/unmount.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/mount/mount_table.h"
#include "launch/mount/policy.h"
#include "launch/mount/unmount_target.h"

static bool has_path(int fd, const char *path)
{
	char name[32], target[PATH_MAX];
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = readlink(name, target, sizeof(target));
	return length > 0 && (size_t)length == strlen(path) &&
	       memcmp(target, path, (size_t)length) == 0;
}

/* Is the fd one of the mount's root, or of what it is mounted on? */
static bool leads_to(int at, const struct mount_entry *mount)
{
	bool root;
	const uint64_t id = unmount_target_mount_id(at, &root);

	if (id == mount->id)
		return root;
	return id == mount->parent && has_path(at, mount->mountpoint);
}

static int look_before_unmount(uint64_t id, int at)
{
	const struct mount_entry *mount;
	struct mount_table table;
	int error = 0;

	if (!mount_table_read(&table))
		return errno;
	mount = mount_table_find(&table, id);
	if (!mount || !leads_to(at, mount))
		error = EINVAL;
	else if (mount_table_find_cover(&table, mount))
		error = EBUSY;
	mount_table_free(&table);
	return error;
}

int unmount_exactly(uint64_t id, int at, int flags)
{
	const int error = look_before_unmount(id, at);
	char path[32];

	if (error)
		return error;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", at);
	return umount2(path, flags) ? errno : 0;
}

/* ---- --unmount ---------------------------------------------------------- */

/* Who unmounts, and what of. */
struct act {
	const struct options *options;
	const struct caller *caller;
	struct privileges privileges; /* a user's; root's are as they were */
	struct unmount_target target;
	struct unmount_found found;
};

static bool refuse(const struct act *act, const char *reason)
{
	say("cannot unmount %s: %s", quoted(act->target.path), reason);
	return false;
}

static bool refuse_by_verdict(const struct act *act,
			      enum unmount_verdict verdict,
			      const struct mount_entry *original)
{
	const struct mount_entry *mount = act->found.mount;
	const char *path = quoted(act->target.path);

	switch (verdict) {
	case UNMOUNT_ALLOWED:
		return true;
	case UNMOUNT_NOT_FUSE:
		say("cannot unmount %s: it is not a FUSE mount, but %s\n"
		    "umount(8) is for all others.",
		    path, quoted(mount->type));
		break;
	case UNMOUNT_NOT_YOURS:
		if (mount->owned)
			say("cannot unmount %s: it is not yours (uid %u), but "
			    "uid %u's\n"
			    "Its owner may unmount it, and root.",
			    path, act->caller->uid, mount->owner);
		else
			refuse(act, "the kernel does not say whose it is");
		break;
	case UNMOUNT_PART:
		refuse(act, "it is a bind mount, of a part of yours\n"
			    "root may unmount it.");
		break;
	case UNMOUNT_COPY:
		say("cannot unmount %s: it is a bind mount, of yours on %s\n"
		    "root may unmount it.",
		    path, quoted(original->mountpoint));
		break;
	}
	return false;
}

/* The mounts in there go with it. */
static bool judge_inner(const struct act *act)
{
	const struct mount_table *table = &act->found.table;
	const struct mount_entry *inner = NULL;

	while ((inner = mount_table_find_inner(table, act->found.mount, inner)))
		if (!policy_allows_inner(inner, act->caller)) {
			say("cannot unmount %s: the mount inside, on %s, is "
			    "not yours\n"
			    "root may unmount it.",
			    quoted(act->target.path),
			    quoted(inner->mountpoint));
			return false;
		}
	return true;
}

static bool find_and_judge(struct act *act)
{
	const struct mount_entry *original;
	enum unmount_verdict verdict;

	if (!unmount_target_find(&act->target, &act->found))
		return false;
	original =
		mount_table_find_original(&act->found.table, act->found.mount);
	verdict = policy_judge_unmount(act->found.mount, original, act->caller);
	if (refuse_by_verdict(act, verdict, original) && judge_inner(act))
		return true;
	unmount_target_forget(&act->found);
	return false;
}

static bool refuse_busy(const struct act *act)
{
	const struct mount_entry *inner = mount_table_find_inner(
		&act->found.table, act->found.mount, NULL);

	if (!inner)
		return refuse(act, "it is in use\n"
				   "End what uses it (fuser(1) finds it), or "
				   "use --lazy.");
	say("cannot unmount %s: it has a mount inside, on %s\n"
	    "Unmount that one first, or use --lazy.",
	    quoted(act->target.path), quoted(inner->mountpoint));
	return false;
}

static bool refuse_failed(const struct act *act, int error)
{
	switch (error) {
	case EBUSY:
		return refuse_busy(act);
	case EINVAL:
		return refuse(act, "it came into this user namespace from "
				   "outside, and the kernel holds it\n"
				   "Unmount it outside of this one.");
	case ESTALE:
		return refuse(act, "it was unmounted or renamed meanwhile");
	case EPERM:
		return refuse(act, "this mount namespace belongs to another "
				   "user namespace\n"
				   "Unmount it outside of this one.");
	default:
		return refuse(act, strerror(error));
	}
}

static void raise_users(const struct act *act)
{
	if (!act->caller->root)
		privileges_raise(&act->privileges);
}

static void lower_users(const struct act *act)
{
	if (!act->caller->root)
		privileges_lower(&act->privileges);
}

/* Its fd is held, so this is no other mount with the same id. */
static bool is_still_there(const struct act *act)
{
	struct mount_table table;
	bool there;

	if (!mount_table_read(&table))
		return false;
	there = mount_table_find(&table, act->found.mount->id);
	mount_table_free(&table);
	return there;
}

/* By the fd of its root, which no name leads away from. */
static bool detach(const struct act *act)
{
	int error;
	bool there;

	raise_users(act);
	error = unmount_exactly(act->found.mount->id, act->found.fd,
				MNT_DETACH);
	lower_users(act);
	there = is_still_there(act);
	if (!error && there)
		return refuse(act, "something was mounted on it in that "
				   "moment, and unmounted in its place\n"
				   "Try again.");
	if (error == EBUSY)
		return refuse(act, "something was mounted on it meanwhile\n"
				   "Try again.");
	return !error || refuse_failed(act, there ? error : ESTALE);
}

/* An unmount that respects the mount's users cannot be made by the fd, which
 * counts as one, but by the name, in the directory that is held. The kernel
 * does not let anybody rename what is mounted on (but see SECURITY.md, "What is
 * not promised"), and a look right before it finds out what else may be. */
static int unmount_by_name(const struct act *act)
{
	char path[32 + NAME_MAX];
	int error = ESTALE;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", act->target.dir,
		 act->target.name);
	raise_users(act);
	if (unmount_target_leads_to(&act->target, act->found.mount->id))
		error = umount2(path, UMOUNT_NOFOLLOW) ? errno : 0;
	lower_users(act);
	if (error == EINVAL &&
	    !unmount_target_leads_to(&act->target, act->found.mount->id))
		return ESTALE;
	return error;
}

/* Who looks at a mount uses it while that lasts: df(1), a desktop, another
 * --unmount. Of two that are in each other's way, one has to succeed. */
static bool unmount_unused(struct act *act)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	int error, tries = 5;

	unmount_target_release(&act->found);
	while ((error = unmount_by_name(act)) == EBUSY && --tries)
		nanosleep(&pause, NULL);
	return !error || refuse_failed(act, error);
}

static bool unmount_found(struct act *act)
{
	const char *type = quoted(act->found.mount->type);
	bool done;

	done = act->options->lazy ? detach(act) : unmount_unused(act);
	if (done)
		say_if(act->options->verbose, "unmounted %s, of type %s",
		       quoted(act->target.path), type);
	unmount_target_forget(&act->found);
	return done;
}

static bool unmount_one(struct act *act, const char *path)
{
	bool done;

	if (!unmount_target_pin(&act->target, path))
		return false;
	done = find_and_judge(act) && unmount_found(act);
	unmount_target_unpin(&act->target);
	return done;
}

int unmount_all(const struct options *options, const struct caller *caller)
{
	const struct owner self = {.uid = caller->uid, .gid = caller->gid};
	struct act act = {.options = options, .caller = caller};
	bool done = true;

	/* root may do it all by itself, and finds with its own rights what
	 * only root can reach; of a user's rights, CAP_SYS_ADMIN is added to
	 * the unmounts alone. */
	if (!caller->root)
		privileges_narrow(&act.privileges, &self, 0, options->verbose);
	for (char **path = options->unmount; *path; path++)
		done &= unmount_one(&act, *path);
	return done ? 0 : EXIT_LAUNCHER;
}
