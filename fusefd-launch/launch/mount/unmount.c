/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/die.h"
#include "common/syscalls.h"
#include "launch/mount/identity.h"
#include "launch/mount/mount_table.h"
#include "launch/mount/policy.h"
#include "launch/mount/statmount.h"
#include "launch/mount/unmount_target.h"
#include "launch/privilege/shield.h"

/* The caller, and the mount that is to go. */
struct act {
	const struct options *options;
	const struct caller *caller;
	struct privileges privileges; /* a user's; root's are as they were */
	struct shield shield;
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

/* ---- Where the user could have mounted it ------------------------------------ */

/* What lies under the mount: a copy of the mount that its directory is in has
 * none of the mounts in it. */
static int open_underneath(const struct act *act)
{
	int tree, place;

	privileges_raise(&act->privileges);
	tree = open_tree(act->target.dir, "",
			 AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	privileges_lower(&act->privileges);
	if (tree < 0)
		return -1;
	place = openat(tree, act->target.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close(tree);
	return place;
}

/* A bind mount that root has made of the user's mount cannot be told from the
 * mount itself once that is gone. But nobody gains anything by unmounting what
 * lies in a place of one's own. */
static bool judge_place(const struct act *act)
{
	const uid_t uid = act->caller->uid;
	struct stat stat;
	bool allowed = false;
	int place;

	if (act->caller->root)
		return true;
	place = open_underneath(act);
	if (place >= 0 && fstat(place, &stat) == 0)
		allowed = stat.st_uid == uid ||
			  (S_ISDIR(stat.st_mode) && !(stat.st_mode & S_ISVTX) &&
			   sys_faccessat2(place, "", W_OK,
					  AT_EMPTY_PATH | AT_EACCESS) == 0);
	if (place >= 0)
		close(place);
	return allowed ||
	       refuse(act, "it is on what you may not mount on, so that it may "
			   "be root's bind mount\n"
			   "root may unmount it.");
}

static bool look_and_judge(struct act *act)
{
	const struct mount_entry *original;
	enum unmount_verdict verdict;

	if (!unmount_target_look(&act->target, &act->found))
		return false;
	original =
		mount_table_find_original(&act->found.table, act->found.mount);
	verdict = policy_judge_unmount(act->found.mount, original, act->caller);
	return refuse_by_verdict(act, verdict, original) && judge_place(act) &&
	       judge_inner(act);
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

static const struct privileges *users(const struct act *act)
{
	return act->caller->root ? NULL : &act->privileges;
}

/* By the fd of its root, which no name leads away from. */
static bool detach(const struct act *act)
{
	static struct mountinfo info = MOUNTINFO_CLOSED;
	struct identity identity;
	struct place root;
	int error, left;

	if (!identity_read(&identity, act->found.fd, act->found.mount->owner))
		return refuse_failed(act, errno);
	place_read(&root, act->found.fd);
	/* The shield keeps the kernel from telling this now. */
	identity.unique = root.mount_unique = act->found.unique;
	error = identity_unmount(&identity, &root, MNT_DETACH, &info,
				 users(act));
	if (!error) {
		/* Its fd is held, so that no other mount has its id. */
		left = identity_look(&identity, &root, &info);
		if (left == 0 || left == EBUSY)
			return refuse(act, "something was mounted on it in "
					   "that moment, and unmounted in its "
					   "place\n"
					   "Try again.");
	}
	if (error == EBUSY)
		return refuse(act, "something was mounted on it meanwhile\n"
				   "Try again.");
	return !error || refuse_failed(act, error == ENOENT ? ESTALE : error);
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
	if (users(act))
		privileges_raise(users(act));
	if (unmount_target_leads_to(&act->target, &act->found))
		error = umount2(path, UMOUNT_NOFOLLOW) ? errno : 0;
	if (users(act))
		privileges_lower(users(act));
	if (error == EINVAL &&
	    !unmount_target_leads_to(&act->target, &act->found))
		return ESTALE;
	return error;
}

/* A process that looks at a mount uses it meanwhile: df(1), a desktop, another
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
	return done;
}

/* Not in a FUSE filesystem of the user's own, which cannot be used then; where
 * nobody but that user can mount anything, as a rule. */
static bool may_be_shielded(const struct act *act)
{
	struct statmount_answer directory;

	return !act->caller->root &&
	       statmount_ask(statmount_unique_id(act->target.dir),
			     &directory) == 0 &&
	       directory.magic != FUSE_SUPER_MAGIC;
}

/* From the judgement on, the user cannot stop the process before its act. */
static bool judge_and_unmount(struct act *act)
{
	const bool shielded = may_be_shielded(act);
	bool done;

	if (shielded && !shield_try_raise(&act->shield, &act->privileges))
		return refuse(act, strerror(errno));
	done = look_and_judge(act) && unmount_found(act);
	if (shielded && !shield_try_lower(&act->shield, &act->privileges))
		die("cannot take the ids of uid %u again: %s", act->caller->uid,
		    strerror(errno));
	return done;
}

static bool unmount_one(struct act *act, const char *path)
{
	bool done;

	if (!unmount_target_pin(&act->target, path))
		return false;
	done = unmount_target_find(&act->target, &act->found);
	if (done) {
		done = judge_and_unmount(act);
		unmount_target_forget(&act->found);
	}
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
	privileges_take_up(caller);
	if (caller->root) {
		privileges_take_all();
	} else {
		shield_lift_limits(&act.shield);
		privileges_narrow(&act.privileges, &self, 0, options->verbose);
	}
	for (char **path = options->unmount; *path; path++)
		done &= unmount_one(&act, *path);
	return done ? 0 : EXIT_LAUNCHER;
}
