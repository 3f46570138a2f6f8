/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mountpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "common/syscalls.h"
#include "launch/mount/statmount.h"

/* As many symbolic links in one path as the kernel follows (namei.c). */
#define LINKS_MAX 40

static noreturn void die_unresolved(const char *path, int error)
{
	switch (error) {
	case ENOENT:
		die("cannot mount on %s: it does not exist\n"
		    "Create it first, with mkdir(1).",
		    quoted(path));
	case ELOOP:
		die("cannot mount on %s: its path has a symbolic link of /proc "
		    "or too many links\n"
		    "Name the directory itself.",
		    quoted(path));
	case ENOSYS:
		die("cannot mount on %s: openat2 is refused\n"
		    "It needs Linux 5.9 or later, and no seccomp filter that "
		    "forbids it, as systemd's RestrictSUIDSGID= does.",
		    quoted(path));
	case ENOTCONN:
		die("cannot mount on %s: a filesystem that has died is mounted "
		    "there\n"
		    "Unmount it first, with fusefd-launch --unmount.",
		    quoted(path));
	default:
		die("cannot mount on %s: %s", quoted(path), strerror(error));
	}
}

static int open_whole(const char *path, int flags)
{
	const struct open_how how = {
		.flags = (unsigned)(O_PATH | O_CLOEXEC | flags),
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	const int fd = sys_openat2(AT_FDCWD, path, &how);

	if (fd < 0)
		die_unresolved(path, errno);
	return fd;
}

static int open_component(int dir, const char *name, const char *path)
{
	const int fd = openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		die_unresolved(path, errno);
	if (dir != AT_FDCWD)
		close(dir);
	return fd;
}

/* What the link leads to, with the rest of the path behind it. */
static char *splice_link(int link, const char *rest, const char *path)
{
	char target[PATH_MAX];
	char *joined;
	const ssize_t length = readlinkat(link, "", target, sizeof(target));

	if (length < 0)
		die_unresolved(path, errno);
	if (length == sizeof(target))
		die_unresolved(path, ENAMETOOLONG);
	if (asprintf(&joined, "%.*s/%s", (int)length, target, rest) < 0)
		die("out of memory");
	return joined;
}

static bool is_roots_link(int fd, const char *path)
{
	struct statfs filesystem;
	struct stat stat;

	if (fstat(fd, &stat))
		die_unresolved(path, errno);
	if (!S_ISLNK(stat.st_mode))
		return false;
	/* The filesystem itself says who owns the link. */
	if (fstatfs(fd, &filesystem) || filesystem.f_type == FUSE_SUPER_MAGIC)
		die("cannot mount on %s: its path has a symbolic link in a "
		    "FUSE filesystem, which could point it elsewhere\n"
		    "Name the directory itself.",
		    quoted(path));
	if (stat.st_uid != 0)
		die("cannot mount on %s: its path has a symbolic link that "
		    "uid %u owns, who could point it elsewhere\n"
		    "Name the directory itself.",
		    quoted(path), stat.st_uid);
	return true;
}

/* Component by component, so that every link is held while its owner is
 * looked at. Links of /proc are followed by their text, never by magic. */
static int open_by_roots_links(const char *path)
{
	char *rest = need_memory(strdup(path)), *name, *all;
	int fd = open_component(AT_FDCWD, *path == '/' ? "/" : ".", path);
	int links = 0, next;

	while ((name = strsep(&rest, "/"))) {
		if (!*name)
			continue;
		next = openat(fd, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
		if (next < 0)
			die_unresolved(path, errno);
		if (is_roots_link(next, path)) {
			if (++links > LINKS_MAX)
				die_unresolved(path, ELOOP);
			all = splice_link(next, rest ? rest : "", path);
			close(next);
			if (*all == '/')
				fd = open_component(fd, "/", path);
			rest = all;
		} else {
			close(fd);
			fd = next;
		}
	}
	return fd;
}

static const char *read_path(int fd, const char *path)
{
	const char *absolute = fds_read_path(fd);

	if (!absolute)
		die("cannot mount on %s: it has no absolute path here, or a "
		    "very long one",
		    quoted(path));
	return absolute;
}

static void check_type(const struct mountpoint *mountpoint, const char *path)
{
	if (S_ISLNK(mountpoint->mode))
		die("cannot mount on %s: it is a symbolic link\n"
		    "Name the directory that it leads to.",
		    quoted(path));
	if (!S_ISDIR(mountpoint->mode) && !S_ISREG(mountpoint->mode))
		die("cannot mount on %s: it is neither a directory nor a "
		    "regular file",
		    quoted(path));
	if (strcmp(mountpoint->path, "/") == 0)
		die("cannot mount on '/': everything else would be gone");
}

/* Linux 6.15 takes a mountpoint in a detached tree of another namespace, which a
 * user can have as current directory; from there nobody could unmount it. Older
 * kernels refuse it themselves. A look into mountinfo would refuse a chroot,
 * too. */
static void check_namespace(const struct mountpoint *mountpoint,
			    const char *path)
{
	if (statmount_is_gone(mountpoint->at.mount_unique))
		die("cannot mount on %s: it is in no mount of this mount "
		    "namespace\n"
		    "Name a directory by its absolute path.",
		    quoted(path));
}

void mountpoint_pin(struct mountpoint *mountpoint, const char *path,
		    enum mountpoint_trust trust)
{
	struct statx status;

	if (strlen(path) >= PATH_MAX)
		die_unresolved(path, ENAMETOOLONG);
	*mountpoint = (struct mountpoint){0};
	place_read(&mountpoint->at,
		   trust == RESOLVE_ROOTS_LINKS
			   ? open_by_roots_links(path)
			   : open_whole(path, trust == RESOLVE_AS_USER
						      ? O_NOFOLLOW
						      : 0));
	/* DONT_SYNC: what lies there may be a filesystem that hangs. */
	if (statx(mountpoint->at.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID, &status))
		die_unresolved(path, errno);
	mountpoint->mode = status.stx_mode;
	mountpoint->uid = status.stx_uid;
	mountpoint->gid = status.stx_gid;
	mountpoint->path = read_path(mountpoint->at.fd, path);
	check_type(mountpoint, path);
	check_namespace(mountpoint, path);
}

void mountpoint_inspect(struct mountpoint *mountpoint)
{
	struct statfs filesystem;

	if (fstatfs(mountpoint->at.fd, &filesystem))
		die_unresolved(mountpoint->path, errno);
	mountpoint->filesystem = filesystem.f_type;
	if (sys_faccessat2(mountpoint->at.fd, "", W_OK,
			   AT_EMPTY_PATH | AT_EACCESS))
		mountpoint->write_error = errno;
}

bool mountpoint_is_unchanged(const struct mountpoint *mountpoint)
{
	struct statx status;

	/* In a FUSE filesystem, nothing but what its own user makes of it. */
	if (mountpoint->filesystem == FUSE_SUPER_MAGIC)
		return true;
	/* DONT_SYNC: it may be on a filesystem that hangs. An ACL shows in the
	 * mode only in part. */
	return statx(mountpoint->at.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		     STATX_UID | STATX_GID | STATX_MODE | STATX_TYPE,
		     &status) == 0 &&
	       status.stx_uid == mountpoint->uid &&
	       status.stx_gid == mountpoint->gid &&
	       status.stx_mode == mountpoint->mode &&
	       sys_faccessat2(mountpoint->at.fd, "", W_OK,
			      AT_EMPTY_PATH | AT_EACCESS) == 0;
}

bool mountpoint_is_covered(const struct mountpoint *mountpoint)
{
	struct statx status;

	return statx(AT_FDCWD, mountpoint->path,
		     AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		     0, &status) == 0 &&
	       status.stx_mnt_id != mountpoint->at.mount_id;
}
