/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/policy.h"

#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct fuse_conf strict = {.limited = true, .mount_max = 1000};
static const struct fuse_conf lenient = {
	.user_allow_other = true,
	.limited = true,
	.mount_max = 1000,
};

static void judge_options(const char *list, const struct fuse_conf *conf)
{
	struct mount_options options;

	mount_options_init(&options);
	if (list)
		mount_options_parse(&options, list);
	mount_options_finish(&options);
	policy_judge_options(&options, conf);
}

static void users_may_have_harmless_options(void **state)
{
	(void)state;
	judge_options(NULL, &strict);
	judge_options("ro,noexec,nosuid,nodev,sync,dirsync,noatime", &strict);
	judge_options("rw,exec,async,strictatime,nodiratime", &strict);
	judge_options("default_permissions,max_read=4096", &strict);
	judge_options("fsname=x\\,allow_other,subtype=suid", &strict);
	judge_options("suid,dev,nodev,nosuid", &strict);
}

static void options_for_root_are_refused(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"suid", "mount option 'suid' is for root only\n"},
		{"nosuid,suid", "'suid' is for root only\n"},
		{"suid,fsname=nosuid", "'suid' is for root only\n"},
		{"fsname=x,suid", "'suid' is for root only\n"},
		{"dev", "'dev' is for root only\n"},
		{"nodev,dev,nosuid", "'dev' is for root only\n"},
		{"fuseblk", "'fuseblk' is for root only\n"},
		{"fuseblk,blksize=512", "'fuseblk' is for root only\n"},
		{"context=a", "'context' is for root only\n"},
		{"fscontext=a", "'fscontext' is for root only\n"},
		{"defcontext=a", "'defcontext' is for root only\n"},
		{"rootcontext=a", "'rootcontext' is for root only\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_dies(125, rows[i].message,
			    judge_options(rows[i].list, &strict));
		/* 'user_allow_other' allows nothing else. */
		assert_dies(125, rows[i].message,
			    judge_options(rows[i].list, &lenient));
	}
}

static void access_for_others_is_the_administrators_to_allow(void **state)
{
	static const char *const lists[] = {
		"allow_other",
		"allow_root",
		"fsname=x,allow_other",
		"allow_other,default_permissions",
		"allow_other,no_default_permissions",
	};

	(void)state;
	assert_dies(125,
		    "mount option 'allow_other' is not allowed to users\n"
		    "root allows it by 'user_allow_other' in /etc/fuse.conf.\n",
		    judge_options("allow_other", &strict));
	assert_dies(125, "'allow_root' is not allowed to users\n",
		    judge_options("allow_root", &strict));
	for (size_t i = 0; i < COUNT(lists); i++) {
		assert_dies(125, "is not allowed to users\n",
			    judge_options(lists[i], &strict));
		judge_options(lists[i], &lenient);
	}
}

/* A directory of uid 300 on a filesystem for files; the tests change it. */
static const struct mountpoint own_directory = {
	.at = {.fd = -1},
	.path = "/mnt/x",
	.mode = S_IFDIR | 0755,
	.uid = 300,
	.filesystem = EXT4_SUPER_MAGIC,
};

static void judge_mountpoint(const struct mountpoint *mountpoint)
{
	const struct caller caller = {.uid = 300, .gid = 300};

	policy_judge_mountpoint(mountpoint, &caller);
}

static void users_may_mount_on_what_they_may_write_to(void **state)
{
	struct mountpoint mountpoint = own_directory;

	(void)state;
	judge_mountpoint(&mountpoint);
	mountpoint.mode = S_IFDIR | S_ISVTX | 0700;
	judge_mountpoint(&mountpoint);
	mountpoint.mode = S_IFREG | 0600;
	judge_mountpoint(&mountpoint);
	/* By group or ACL: the kernel has said that it may be written to. */
	mountpoint = own_directory;
	mountpoint.uid = 0;
	judge_mountpoint(&mountpoint);
	mountpoint.uid = 3001;
	judge_mountpoint(&mountpoint);
}

static void what_others_own_is_refused(void **state)
{
	struct mountpoint mountpoint = own_directory;

	(void)state;
	/* As /tmp. */
	mountpoint.mode = S_IFDIR | S_ISVTX | 0777;
	mountpoint.uid = 0;
	assert_dies(125,
		    "cannot mount on '/mnt/x': it is not owned by you "
		    "(uid 300)\n",
		    judge_mountpoint(&mountpoint));
	mountpoint.uid = 3001;
	assert_dies(125, "it is not owned by you",
		    judge_mountpoint(&mountpoint));
	/* A file that may be written to, but is another's. */
	mountpoint.mode = S_IFREG | 0666;
	assert_dies(125, "it is not owned by you",
		    judge_mountpoint(&mountpoint));
	mountpoint.uid = 0;
	assert_dies(125, "it is not owned by you",
		    judge_mountpoint(&mountpoint));
}

static void what_cannot_be_written_to_is_refused(void **state)
{
	struct mountpoint mountpoint = own_directory;

	(void)state;
	mountpoint.write_error = EACCES;
	assert_dies(125, "cannot mount on '/mnt/x': you may not write to it\n",
		    judge_mountpoint(&mountpoint));
	mountpoint.uid = 0;
	assert_dies(125, "you may not write to it\n",
		    judge_mountpoint(&mountpoint));
	mountpoint.write_error = EROFS;
	assert_dies(125, "'/mnt/x': Read-only file system\n",
		    judge_mountpoint(&mountpoint));
	/* Whatever the reason: a check that failed was not passed. */
	mountpoint = own_directory;
	mountpoint.write_error = ENOSYS;
	assert_dies(125, "'/mnt/x': Function not implemented\n",
		    judge_mountpoint(&mountpoint));
	mountpoint.mode = S_IFREG | 0600;
	mountpoint.write_error = EIO;
	assert_dies(125, "'/mnt/x': Input/output error\n",
		    judge_mountpoint(&mountpoint));
}

static void filesystems_for_files_are_known(void **state)
{
	static const long filesystems[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,	 BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC, TMPFS_MAGIC,		 RAMFS_MAGIC,
		NFS_SUPER_MAGIC,  SMB2_SUPER_MAGIC,	 CIFS_SUPER_MAGIC,
		FUSE_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, MSDOS_SUPER_MAGIC,
		V9FS_MAGIC,	  CEPH_SUPER_MAGIC,	 EXFAT_SUPER_MAGIC,
	};
	struct mountpoint mountpoint = own_directory;

	(void)state;
	for (size_t i = 0; i < COUNT(filesystems); i++) {
		mountpoint.filesystem = filesystems[i];
		judge_mountpoint(&mountpoint);
	}
}

static void other_filesystems_are_refused(void **state)
{
	static const long filesystems[] = {
		PROC_SUPER_MAGIC,
		SYSFS_MAGIC,
		CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC,
		DEBUGFS_MAGIC,
		TRACEFS_MAGIC,
		SECURITYFS_MAGIC,
		SELINUX_MAGIC,
		BPF_FS_MAGIC,
		EFIVARFS_MAGIC,
		PSTOREFS_MAGIC,
		HUGETLBFS_MAGIC,
		BINFMTFS_MAGIC,
		NSFS_MAGIC,
		SOCKFS_MAGIC,
		PIPEFS_MAGIC,
		ANON_INODE_FS_MAGIC,
		0x65735543, /* fusectl */
		0x19800202, /* mqueue */
		0x62656570, /* configfs */
		0,	    /* that nobody has asked for */
		-1,
		1,
	};
	struct mountpoint mountpoint = own_directory;

	(void)state;
	for (size_t i = 0; i < COUNT(filesystems); i++) {
		mountpoint.filesystem = filesystems[i];
		assert_dies(125,
			    "cannot mount on '/mnt/x': it is on a filesystem "
			    "that is not for users' files\n",
			    judge_mountpoint(&mountpoint));
	}
	/* Nor a file there, such as /proc/PID/environ. */
	mountpoint.mode = S_IFREG | 0600;
	mountpoint.filesystem = PROC_SUPER_MAGIC;
	assert_dies(125, "not for users' files\n",
		    judge_mountpoint(&mountpoint));
}

static void a_hostile_name_is_quoted(void **state)
{
	static const char quoted_name[] = "'/\\x1b[2J\\x0a%s%n\\xff'";
	struct mountpoint mountpoint = own_directory;

	(void)state;
	mountpoint.path = "/\033[2J\n%s%n\xff";
	mountpoint.write_error = EACCES;
	assert_dies(125, quoted_name, judge_mountpoint(&mountpoint));
	mountpoint.write_error = EROFS;
	assert_dies(125, quoted_name, judge_mountpoint(&mountpoint));
	mountpoint.mode |= S_ISVTX;
	mountpoint.uid = 0;
	assert_dies(125, quoted_name, judge_mountpoint(&mountpoint));
	mountpoint.filesystem = PROC_SUPER_MAGIC;
	assert_dies(125, quoted_name, judge_mountpoint(&mountpoint));
}

/* As many FUSE mounts of uid 300 in a file as mountinfo would have them, and one
 * of somebody else. */
static void judge_count(unsigned long mounts, const struct fuse_conf *conf)
{
	static struct mountinfo info;
	FILE *file = tmpfile();

	assert_non_null(file);
	fputs("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	      "21 20 0:30 / /x rw - fuse x rw,user_id=3001\n",
	      file);
	for (unsigned long i = 0; i < mounts; i++)
		fprintf(file, "36 20 0:%lu / /mnt rw - fuse x rw,user_id=300\n",
			100 + i);
	assert_int_equal(fflush(file), 0);
	info = (struct mountinfo){.fd = fileno(file)};
	policy_judge_count(&info, 300, conf);
	fclose(file);
}

static void mounts_are_limited(void **state)
{
	struct fuse_conf conf = strict;

	(void)state;
	judge_count(0, &conf);
	judge_count(999, &conf);
	assert_dies(125,
		    "you may have 1000 FUSE mounts at a time, and have 1000\n",
		    judge_count(1000, &conf));
	assert_dies(125, "'mount_max' in /etc/fuse.conf",
		    judge_count(1001, &conf));
	assert_dies(125, "you may have 1000 ", judge_count(70000, &conf));
	conf.mount_max = 1;
	judge_count(0, &conf);
	assert_dies(125, "you may have 1 ", judge_count(1, &conf));
	conf.mount_max = 0;
	assert_dies(125, "you may have 0 ", judge_count(0, &conf));
	/* 'mount_max = -1', whatever else stands there. */
	conf.limited = false;
	judge_count(0, &conf);
	judge_count(70000, &conf);
}

static void judge_line(const char *line, const struct fuse_conf *conf)
{
	static struct mountinfo info;
	FILE *file = tmpfile();

	assert_non_null(file);
	fputs(line, file);
	assert_int_equal(fflush(file), 0);
	info = (struct mountinfo){.fd = fileno(file)};
	policy_judge_count(&info, 300, conf);
	fclose(file);
}

/* There may be more than were counted. */
static void what_cannot_be_counted_is_refused(void **state)
{
	static const char *const lines[] = {
		"x\n",
		"\n",
		"36 20 0:31 / /mnt rw - fuse x\n",
		"36 20 0:31 / /mnt rw - fuse x rw,user_id=3001",
	};
	struct fuse_conf conf = strict;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_dies(125,
			    "cannot count your mounts: "
			    "'/proc/self/mountinfo': Protocol error\n",
			    judge_line(lines[i], &conf));
	/* If there is no limit, nobody counts. */
	conf.limited = false;
	for (size_t i = 0; i < COUNT(lines); i++)
		judge_line(lines[i], &conf);
}

/* ---- Unmounting ----------------------------------------------------------- */

/* The mount of uid 300; the tests change it. */
static const struct mount_entry own_mount = {
	.root = "/",
	.mountpoint = "/mnt/x",
	.type = "fuse",
	.fuse = true,
	.owned = true,
	.owner = 300,
};

static const struct caller user = {.uid = 300, .gid = 300};
static const struct caller root = {.root = true};

static void owners_may_unmount(void **state)
{
	static const uid_t others[] = {0, 3, 30, 3001, 1300, (uid_t)-2};
	struct mount_entry mount = own_mount;

	(void)state;
	assert_int_equal(policy_judge_unmount(&mount, NULL, &user),
			 UNMOUNT_ALLOWED);
	assert_true(policy_allows_inner(&mount, &user));
	for (size_t i = 0; i < COUNT(others); i++) {
		mount.owner = others[i];
		assert_int_equal(policy_judge_unmount(&mount, NULL, &user),
				 UNMOUNT_NOT_YOURS);
		assert_false(policy_allows_inner(&mount, &user));
		assert_int_equal(policy_judge_unmount(&mount, NULL, &root),
				 UNMOUNT_ALLOWED);
	}
	/* Whose it is, nobody knows. */
	mount = own_mount;
	mount.owned = false;
	assert_int_equal(policy_judge_unmount(&mount, NULL, &user),
			 UNMOUNT_NOT_YOURS);
	assert_false(policy_allows_inner(&mount, &user));
	assert_true(policy_allows_inner(&mount, &root));
}

static void other_filesystems_are_for_umount(void **state)
{
	struct mount_entry mount = own_mount;

	(void)state;
	mount.fuse = false;
	mount.type = "tmpfs";
	assert_int_equal(policy_judge_unmount(&mount, NULL, &user),
			 UNMOUNT_NOT_FUSE);
	assert_int_equal(policy_judge_unmount(&mount, NULL, &root),
			 UNMOUNT_NOT_FUSE);
	assert_false(policy_allows_inner(&mount, &user));
}

static void bind_mounts_are_for_root(void **state)
{
	struct mount_entry mount = own_mount;

	(void)state;
	assert_int_equal(policy_judge_unmount(&mount, &own_mount, &user),
			 UNMOUNT_COPY);
	assert_int_equal(policy_judge_unmount(&mount, &own_mount, &root),
			 UNMOUNT_ALLOWED);
	mount.root = "/sub";
	assert_int_equal(policy_judge_unmount(&mount, NULL, &user),
			 UNMOUNT_PART);
	assert_int_equal(policy_judge_unmount(&mount, NULL, &root),
			 UNMOUNT_ALLOWED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_may_have_harmless_options),
		cmocka_unit_test(options_for_root_are_refused),
		cmocka_unit_test(
			access_for_others_is_the_administrators_to_allow),
		cmocka_unit_test(users_may_mount_on_what_they_may_write_to),
		cmocka_unit_test(what_others_own_is_refused),
		cmocka_unit_test(what_cannot_be_written_to_is_refused),
		cmocka_unit_test(filesystems_for_files_are_known),
		cmocka_unit_test(other_filesystems_are_refused),
		cmocka_unit_test(a_hostile_name_is_quoted),
		cmocka_unit_test(mounts_are_limited),
		cmocka_unit_test(what_cannot_be_counted_is_refused),
		cmocka_unit_test(owners_may_unmount),
		cmocka_unit_test(other_filesystems_are_for_umount),
		cmocka_unit_test(bind_mounts_are_for_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
