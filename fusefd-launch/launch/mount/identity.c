/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/mount/statmount.h"

void place_read(struct place *place, int fd)
{
	struct statx status;

	*place = (struct place){
		.fd = fd,
		.mount_unique = statmount_unique_id(fd),
	};
	/* By a mask that asks for nothing, a FUSE filesystem is not asked, and
	 * root is not kept out of a user's: the id is the kernel's own. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == 0)
		place->mount_id = status.stx_mnt_id;
}

bool identity_read(struct identity *identity, int fd, uid_t owner)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status))
		return false;
	*identity = (struct identity){
		.id = status.stx_mnt_id,
		.unique = statmount_unique_id(fd),
		.device_major = status.stx_dev_major,
		.device_minor = status.stx_dev_minor,
		.owner = owner,
	};
	return true;
}

/* ---- Where it is ------------------------------------------------------------ */

static bool has_path(int fd, const char *path)
{
	char name[32], target[PATH_MAX];
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = readlink(name, target, sizeof(target));
	return length > 0 && (size_t)length == strlen(path) &&
	       memcmp(target, path, (size_t)length) == 0;
}

static int look_by_unique_id(const struct identity *identity,
			     const struct place *place)
{
	struct statmount_answer answer;
	const int error = statmount_ask(identity->unique, &answer);

	if (error)
		return error;
	if (answer.magic != FUSE_SUPER_MAGIC ||
	    answer.device_major != identity->device_major ||
	    answer.device_minor != identity->device_minor)
		return EINVAL;
	if (place->mount_unique != identity->unique &&
	    (place->mount_unique != answer.parent ||
	     !has_path(place->fd, answer.mountpoint)))
		return EINVAL;
	return statmount_find_cover(identity->unique);
}

static bool is_it(const struct identity *identity,
		  const struct mount_entry *entry)
{
	char device[32];

	snprintf(device, sizeof(device), "%u:%u", identity->device_major,
		 identity->device_minor);
	return entry->id == identity->id && entry->fuse && entry->owned &&
	       entry->owner == identity->owner &&
	       strcmp(entry->device, device) == 0;
}

/* One pass for the mount, and one for what hides it. */
static int look_by_mountinfo(const struct identity *identity,
			     const struct place *place, struct mountinfo *info)
{
	char mountpoint[PATH_MAX];
	struct mount_entry entry;
	bool found = false;

	mountinfo_rewind(info);
	while (!found && mountinfo_next(info, &entry))
		found = is_it(identity, &entry);
	if (!found)
		return info->error ? info->error : ENOENT;
	if (place->mount_id != identity->id &&
	    (place->mount_id != entry.parent ||
	     !has_path(place->fd, entry.mountpoint)))
		return EINVAL;
	snprintf(mountpoint, sizeof(mountpoint), "%s", entry.mountpoint);
	mountinfo_rewind(info);
	while (mountinfo_next(info, &entry))
		if (entry.parent == identity->id && entry.id != identity->id &&
		    strcmp(entry.mountpoint, mountpoint) == 0)
			return EBUSY;
	return info->error;
}

/* Does the kernel know unique ids, and tell of them? A seccomp filter may forbid
 * to ask. */
static bool tells(int error)
{
	return error != ENOSYS && error != EPERM && error != EPROTO;
}

int identity_look(const struct identity *identity, const struct place *place,
		  struct mountinfo *info)
{
	const int error = place->mount_unique
				  ? look_by_unique_id(identity, place)
				  : ENOSYS;

	return tells(error) ? error : look_by_mountinfo(identity, place, info);
}

/* ---- Away with it ------------------------------------------------------------- */

static int unmount(const struct place *place, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->fd);
	return umount2(path, flags) ? errno : 0;
}

/* How often somebody else may use the mount in between. */
#define TRIES 8

/* MNT_EXPIRE marks a mount the first time, and unmounts it the second time if it
 * was not used since. The mark is on ours if ours is topmost before and after the
 * first: what somebody mounts on it later has none, and is not unmounted in its
 * place. EAGAIN if it is used all the time, EBUSY if it is in use; once, it may be
 * said of a mount that came and went. */
static int unmount_marked(const struct identity *identity,
			  const struct place *place)
{
	int error = EAGAIN;

	for (int i = 0; i < TRIES; i++) {
		const int found = look_by_unique_id(identity, place);

		if (found)
			return found;
		error = unmount(place, MNT_EXPIRE);
		if (error != EAGAIN && error != EBUSY)
			break;
	}
	return error;
}

/* What is in use cannot be marked, as by an fd of its own root: it is detached
 * after a look alone. */
static int unmount_topmost(const struct identity *identity,
			   const struct place *place, int flags)
{
	int error;

	if (place->mount_unique == identity->unique)
		return unmount(place, flags);
	error = unmount_marked(identity, place);
	if (error != EAGAIN && (error != EBUSY || !(flags & MNT_DETACH)))
		return error;
	error = look_by_unique_id(identity, place);
	return error ? error : unmount(place, flags);
}

/* Raised, look and act with nothing in between. false: the kernel tells of no
 * unique ids, and nothing was done. */
static bool unmount_by_unique_id(const struct identity *identity,
				 const struct place *place, int flags,
				 int *error)
{
	if (!place->mount_unique)
		return false;
	*error = look_by_unique_id(identity, place);
	if (!tells(*error))
		return false;
	if (!*error)
		*error = unmount_topmost(identity, place, flags);
	return true;
}

/* The file is not read with CAP_SYS_ADMIN effective. */
static int unmount_by_mountinfo(const struct identity *identity,
				const struct place *place, int flags,
				struct mountinfo *info,
				const struct privileges *privileges)
{
	int error = look_by_mountinfo(identity, place, info);

	if (!error && privileges && !privileges_try_raise(privileges))
		error = errno;
	return error ? error : unmount(place, flags);
}

int identity_unmount(const struct identity *identity, const struct place *place,
		     int flags, struct mountinfo *info,
		     const struct privileges *privileges)
{
	int error = 0;
	bool done;

	if (privileges && !privileges_try_raise(privileges))
		return errno;
	done = unmount_by_unique_id(identity, place, flags, &error);
	if (privileges && !privileges_try_lower(privileges) && !error)
		error = errno;
	if (done)
		return error;
	error = unmount_by_mountinfo(identity, place, flags, info, privileges);
	if (privileges)
		(void)privileges_try_lower(privileges);
	return error;
}
