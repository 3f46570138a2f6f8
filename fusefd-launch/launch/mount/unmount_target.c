/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/unmount_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "common/syscalls.h"
#include "launch/mount/statmount.h"

static bool refuse(const struct unmount_target *target, const char *reason)
{
	say("cannot unmount %s: %s", quoted(target->path), reason);
	return false;
}

static bool refuse_unresolved(const struct unmount_target *target, int error)
{
	switch (error) {
	case ENOENT:
		return refuse(target, "it does not exist");
	case ELOOP:
		return refuse(target,
			      "its path has a symbolic link of /proc or too "
			      "many links\n"
			      "Name the directory itself.");
	case ENOSYS:
		return refuse(target, "fusefd-launch needs Linux 5.9 or later");
	case ENOTCONN:
		return refuse(target,
			      "it lies in the mount of a filesystem that has "
			      "died\n"
			      "Unmount that one, with --lazy.");
	default:
		return refuse(target, strerror(error));
	}
}

/* ---- The name ----------------------------------------------------------- */

static int open_beneath(int dir, const char *path, unsigned int flags)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};

	return sys_openat2(dir, path, &how);
}

static int open_directory(const struct unmount_target *target)
{
	const size_t length = (size_t)(target->name - target->copy);
	char *directory;
	int fd;

	if (length == 0)
		return open_beneath(AT_FDCWD, ".", O_DIRECTORY);
	directory = need_memory(strndup(target->copy, length));
	fd = open_beneath(AT_FDCWD, directory, O_DIRECTORY);
	free(directory);
	return fd;
}

/* Its last component, with no slash behind it. */
static const char *split(char *path)
{
	char *end = path + strlen(path);

	while (end > path && end[-1] == '/')
		*--end = '\0';
	end = strrchr(path, '/');
	return end ? end + 1 : path;
}

static bool judge_name(const struct unmount_target *target)
{
	if (!*target->name)
		return refuse(target, "it is the root directory");
	if (strcmp(target->name, ".") == 0 || strcmp(target->name, "..") == 0)
		return refuse(target, "its path ends in dots\n"
				      "Name the mountpoint itself, from "
				      "outside of the mount.");
	return true;
}

bool unmount_target_pin(struct unmount_target *target, const char *path)
{
	bool named;

	*target = (struct unmount_target){
		.path = path,
		.copy = need_memory(strdup(path)),
		.dir = -1,
	};
	target->name = split(target->copy);
	named = judge_name(target);
	if (named)
		target->dir = open_directory(target);
	if (named && target->dir < 0)
		refuse_unresolved(target, errno);
	if (target->dir < 0)
		free(target->copy);
	return target->dir >= 0;
}

void unmount_target_unpin(struct unmount_target *target)
{
	close(target->dir);
	free(target->copy);
}

/* ---- What is mounted there ---------------------------------------------- */

/* By a mask that asks for nothing, a FUSE filesystem is not asked, whether it
 * runs or not, and root is not kept out of a user's: the id and the attribute
 * are the kernel's own (Linux 5.8). */
static uint64_t read_mount_id(int dir, const char *path, bool *root)
{
	struct statx status;

	*root = false;
	if (statx(dir, path,
		  AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
			  AT_STATX_DONT_SYNC,
		  0, &status))
		return 0;
	*root = status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return status.stx_mnt_id;
}

/* While the fd is open, the id is enough; when it is closed, another mount may
 * get it. But not as long as this one is there, which is asked last. */
bool unmount_target_leads_to(const struct unmount_target *target,
			     const struct unmount_found *found)
{
	bool root;

	return read_mount_id(target->dir, target->name, &root) ==
		       found->mount->id &&
	       root && !statmount_is_gone(found->unique);
}

static bool refuse_unmounted(const struct unmount_target *target,
			     const struct unmount_found *found)
{
	char link;

	if (readlinkat(found->fd, "", &link, 1) >= 0)
		return refuse(target, "it is a symbolic link\n"
				      "Name the directory that it leads to.");
	if (!found->mount || !found->mount->fuse)
		return refuse(target, "nothing is mounted there");
	say("cannot unmount %s: nothing is mounted there\n"
	    "The mount that it lies in is on %s.",
	    quoted(target->path), quoted(found->mount->mountpoint));
	return false;
}

bool unmount_target_find(const struct unmount_target *target,
			 struct unmount_found *found)
{
	*found = (struct unmount_found){0};
	/* No symbolic link is followed, and none of autofs's mounts made. */
	found->fd = open_beneath(target->dir, target->name, O_NOFOLLOW);
	if (found->fd < 0)
		return refuse_unresolved(target, errno);
	found->unique = statmount_unique_id(found->fd);
	return true;
}

bool unmount_target_look(const struct unmount_target *target,
			 struct unmount_found *found)
{
	bool root;
	const uint64_t id = read_mount_id(found->fd, "", &root);

	if (!id || !mount_table_read(&found->table))
		return refuse(target, strerror(errno));
	found->mount = mount_table_find(&found->table, id);
	if (!root)
		return refuse_unmounted(target, found);
	if (!found->mount)
		return refuse(target, "it was unmounted meanwhile");
	return true;
}

void unmount_target_release(struct unmount_found *found)
{
	if (found->fd >= 0)
		close(found->fd);
	found->fd = -1;
}

void unmount_target_forget(struct unmount_found *found)
{
	unmount_target_release(found);
	mount_table_free(&found->table);
}
