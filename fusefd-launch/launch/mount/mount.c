/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"

/* What the kernel wrote into the context's log, its messages one by one, each
 * with a letter for its kind and a space (fs/fs_context.c). */
static const char *read_log(int context, char *log, size_t size)
{
	const ssize_t length = read(context, log, size - 1);

	if (length <= 2)
		return NULL;
	log[length] = '\0';
	log[strcspn(log, "\n")] = '\0';
	return quoted(log + 2);
}

static noreturn void die_of_key(int context, const char *key, int error)
{
	char log[256];
	const char *reason = read_log(context, log, sizeof(log));

	if (reason)
		die("the kernel refuses mount option '%s': %s: %s", key,
		    strerror(error), reason);
	die("the kernel refuses mount option '%s': %s", key, strerror(error));
}

static void set_string(int context, const char *key, const char *value)
{
	if (fsconfig(context, FSCONFIG_SET_STRING, key, value, 0))
		die_of_key(context, key, errno);
}

static void set_decimal(int context, const char *key, unsigned int number)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", number);
	set_string(context, key, value);
}

static void set_octal(int context, const char *key, unsigned int number)
{
	char value[16];

	snprintf(value, sizeof(value), "%o", number);
	set_string(context, key, value);
}

static void set_flag(int context, const char *key, bool on)
{
	if (on && fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0))
		die_of_key(context, key, errno);
}

static void set_if_given(int context, const char *key, const char *value)
{
	if (value)
		set_string(context, key, value);
}

/* One key at a time: there is no string of options that a value could break
 * out of. */
static void configure(int context, const struct mount_options *options,
		      int device, const struct owner *owner, mode_t mode,
		      const char *name)
{
	const bool subtype_fits = mount_options_is_subtype(name);

	set_string(context, "source", options->fsname ? options->fsname : name);
	set_if_given(context, "subtype",
		     options->subtype ? options->subtype
		     : subtype_fits   ? name
				      : NULL);
	set_decimal(context, "fd", (unsigned int)device);
	set_octal(context, "rootmode", mode & S_IFMT);
	set_decimal(context, "user_id", owner->uid);
	set_decimal(context, "group_id", owner->gid);
	set_flag(context, "default_permissions", options->default_permissions);
	set_flag(context, "allow_other",
		 options->allow_other || options->allow_root);
	set_if_given(context, "max_read", options->max_read);
	set_if_given(context, "blksize", options->blksize);
	set_flag(context, "ro", options->read_only);
	set_flag(context, "sync", options->synchronous);
	set_flag(context, "dirsync", options->dirsync);
	for (size_t i = 0; i < LABELS; i++)
		set_if_given(context, security_label_keys[i],
			     options->labels[i]);
}

static noreturn void die_unopened(const char *type, int error)
{
	switch (error) {
	case EPERM:
		die("cannot mount: this mount namespace belongs to another "
		    "user namespace\n"
		    "Enter one of your own as well, with 'unshare --mount'.");
	case ENODEV:
		die("cannot mount: the kernel has no filesystem '%s'\n"
		    "Load the module, with 'modprobe fuse'.",
		    type);
	case ENOSYS:
		die("cannot mount: fusefd-launch needs Linux 5.9 or later");
	default:
		die("cannot mount: fsopen '%s': %s", type, strerror(error));
	}
}

static noreturn void die_uncreated(int context, int error)
{
	char log[256];
	const char *reason = read_log(context, log, sizeof(log));

	/* EINVAL without a word is fuse_fill_super()'s for a device fd that
	 * was opened in another user namespace. */
	if (error == EINVAL && !reason)
		die("cannot mount: the kernel does not take this '/dev/fuse': "
		    "it was opened in another user namespace");
	die("cannot mount: %s%s%s", strerror(error), reason ? ": " : "",
	    reason ? reason : "");
}

int mount_create(const struct mount_options *options, int device,
		 const struct owner *owner, const struct mountpoint *mountpoint,
		 const char *name)
{
	const char *type = options->fuseblk ? "fuseblk" : "fuse";
	int context, mount;

	context = fsopen(type, FSOPEN_CLOEXEC);
	if (context < 0)
		die_unopened(type, errno);
	configure(context, options, device, owner, mountpoint->mode, name);
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		die_uncreated(context, errno);
	mount = fsmount(context, FSMOUNT_CLOEXEC,
			(unsigned int)options->attributes);
	if (mount < 0)
		die("cannot mount: fsmount: %s", strerror(errno));
	close(context);
	return mount;
}

uint64_t mount_id(int mount)
{
	struct statx status;

	if (statx(mount, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID,
		  &status))
		return 0;
	return status.stx_mnt_id;
}

/* A connection is numbered as its superblock's device (fs/fuse/control.c),
 * whose major number is 0 but for fuseblk. */
unsigned int mount_connection(int mount)
{
	struct statx status;

	if (statx(mount, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status))
		return 0;
	return status.stx_dev_major << 20 | status.stx_dev_minor;
}

/* By way of /proc, the fd names the root of the mount and nothing else. To
 * change into it instead would ask a filesystem that does not run. */
void mount_detach(int mount)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", mount);
	if (umount2(path, MNT_DETACH))
		say("cannot take the mount away again: %s", strerror(errno));
}
