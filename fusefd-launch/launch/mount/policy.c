/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/policy.h"

#include <errno.h>
#include <linux/magic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "common/die.h"

/* Filesystems that hold users' files. On all others (/proc, /sys, a cgroup, …)
 * a directory is an interface, and a mount over it would hide what root's
 * programs look for there. Numbers without a name in linux/magic.h are those
 * of the filesystems' own sources. */
static const long filesystems[] = {
	ADFS_SUPER_MAGIC,
	AFFS_SUPER_MAGIC,
	AFS_FS_MAGIC,
	AFS_SUPER_MAGIC,
	BTRFS_SUPER_MAGIC,
	CEPH_SUPER_MAGIC,
	CIFS_SUPER_MAGIC,
	CODA_SUPER_MAGIC,
	CRAMFS_MAGIC,
	ECRYPTFS_SUPER_MAGIC,
	EROFS_SUPER_MAGIC_V1,
	EXFAT_SUPER_MAGIC,
	EXT4_SUPER_MAGIC,
	F2FS_SUPER_MAGIC,
	FUSE_SUPER_MAGIC,
	HPFS_SUPER_MAGIC,
	ISOFS_SUPER_MAGIC,
	JFFS2_SUPER_MAGIC,
	MINIX3_SUPER_MAGIC,
	MINIX_SUPER_MAGIC,
	MSDOS_SUPER_MAGIC,
	NFS_SUPER_MAGIC,
	NILFS_SUPER_MAGIC,
	OCFS2_SUPER_MAGIC,
	OVERLAYFS_SUPER_MAGIC,
	RAMFS_MAGIC,
	REISERFS_SUPER_MAGIC,
	SMB2_SUPER_MAGIC,
	SMB_SUPER_MAGIC,
	SQUASHFS_MAGIC,
	TMPFS_MAGIC,
	UDF_SUPER_MAGIC,
	V9FS_MAGIC,
	XFS_SUPER_MAGIC,
	0x01161970, /* gfs2 */
	0x0bd00bd0, /* lustre */
	0x24051905, /* ubifs */
	0x2fc12fc1, /* zfs */
	0x3153464a, /* jfs */
	0x47504653, /* gpfs */
	0x482b,	    /* hfsplus */
	0x5346544e, /* ntfs */
	0x61756673, /* aufs */
	0x7366746e, /* ntfs3 */
	0xca451a4e, /* bcachefs */
};

static bool is_for_files(long filesystem)
{
	const size_t count = sizeof(filesystems) / sizeof(filesystems[0]);

	for (size_t i = 0; i < count; i++)
		if (filesystems[i] == filesystem)
			return true;
	return false;
}

static void refuse_for_root_only(const char *option)
{
	die("mount option '%s' is for root only", option);
}

void policy_judge_options(const struct mount_options *options,
			  const struct fuse_conf *conf)
{
	if (options->suid)
		refuse_for_root_only("suid");
	if (options->dev)
		refuse_for_root_only("dev");
	if (options->fuseblk)
		refuse_for_root_only("fuseblk");
	for (size_t i = 0; i < LABELS; i++)
		if (options->labels[i])
			refuse_for_root_only(security_label_keys[i]);
	if ((options->allow_other || options->allow_root) &&
	    !conf->user_allow_other)
		die("mount option '%s' is not allowed to users\n"
		    "root allows it by 'user_allow_other' in " FUSE_CONF_PATH
		    ".",
		    options->allow_other ? "allow_other" : "allow_root");
}

static noreturn void refuse(const struct mountpoint *mountpoint,
			    const char *reason, const char *advice)
{
	die("cannot mount on %s: %s\n%s", quoted(mountpoint->path), reason,
	    advice);
}

void policy_judge_mountpoint(const struct mountpoint *mountpoint,
			     const struct caller *caller)
{
	const bool directory = S_ISDIR(mountpoint->mode);

	if (!is_for_files(mountpoint->filesystem))
		refuse(mountpoint,
		       "it is on a filesystem that is not for users' files",
		       "Choose a directory of yours elsewhere.");
	if (mountpoint->uid != caller->uid &&
	    (!directory || (mountpoint->mode & S_ISVTX)))
		die("cannot mount on %s: it is not owned by you (uid %u)\n"
		    "Choose a directory of yours.",
		    quoted(mountpoint->path), caller->uid);
	if (mountpoint->write_error == EACCES)
		refuse(mountpoint, "you may not write to it",
		       "Choose a directory of yours.");
	if (mountpoint->write_error)
		refuse(mountpoint, strerror(mountpoint->write_error),
		       "Choose a directory that you may write to.");
}

void policy_judge_count(struct mountinfo *info, uid_t uid,
			const struct fuse_conf *conf)
{
	unsigned long mounts;

	if (!conf->limited)
		return;
	if (!mountinfo_count_fuse_of(info, uid, &mounts))
		die("cannot count your mounts: '" MOUNTINFO_PATH "': %s",
		    strerror(errno));
	/* What the launcher has open counts against the caller's limit. */
	mountinfo_close(info);
	if (mounts >= conf->mount_max)
		die("you may have %lu FUSE mounts at a time, and have %lu\n"
		    "root sets the limit by 'mount_max' in " FUSE_CONF_PATH ".",
		    conf->mount_max, mounts);
}

static bool is_of(const struct mount_entry *mount, const struct caller *caller)
{
	return mount->fuse && mount->owned && mount->owner == caller->uid;
}

enum unmount_verdict policy_judge_unmount(const struct mount_entry *mount,
					  const struct mount_entry *original,
					  const struct caller *caller)
{
	if (!mount->fuse)
		return UNMOUNT_NOT_FUSE;
	if (caller->root)
		return UNMOUNT_ALLOWED;
	if (!is_of(mount, caller))
		return UNMOUNT_NOT_YOURS;
	if (strcmp(mount->root, "/") != 0)
		return UNMOUNT_PART;
	return original ? UNMOUNT_COPY : UNMOUNT_ALLOWED;
}

bool policy_allows_inner(const struct mount_entry *inner,
			 const struct caller *caller)
{
	return caller->root || is_of(inner, caller);
}
