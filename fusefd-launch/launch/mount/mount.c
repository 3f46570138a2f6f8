/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"

/* What went wrong on the way: nothing is said while CAP_SYS_ADMIN is
 * effective. */
struct failure {
	const char *step; /* NULL: nothing; a key, if the kernel refused it */
	int error;
	char log[256]; /* the kernel's own words; empty: it has none */
};

/* What the kernel wrote into the context's log, its messages one by one, each
 * with a letter for its kind and a space (fs/fs_context.c). */
static void read_log(int context, struct failure *failure)
{
	char log[sizeof(failure->log)];
	const ssize_t length = read(context, log, sizeof(log) - 1);

	if (length <= 2)
		return;
	log[length] = '\0';
	log[strcspn(log, "\n")] = '\0';
	memcpy(failure->log, log + 2, strlen(log + 2) + 1);
}

static void fail(struct failure *failure, const char *step, int context)
{
	failure->step = step;
	failure->error = errno;
	if (context >= 0)
		read_log(context, failure);
}

/* ---- One key at a time -------------------------------------------------------- */

/* There is no string of options that a value could break out of. */
struct context {
	int fd;
	struct failure *failure;
};

static void set_string(const struct context *context, const char *key,
		       const char *value)
{
	if (value && !context->failure->step &&
	    fsconfig(context->fd, FSCONFIG_SET_STRING, key, value, 0))
		fail(context->failure, key, context->fd);
}

static void set_decimal(const struct context *context, const char *key,
			unsigned int number)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", number);
	set_string(context, key, value);
}

static void set_octal(const struct context *context, const char *key,
		      unsigned int number)
{
	char value[16];

	snprintf(value, sizeof(value), "%o", number);
	set_string(context, key, value);
}

static void set_flag(const struct context *context, const char *key, bool on)
{
	if (on && !context->failure->step &&
	    fsconfig(context->fd, FSCONFIG_SET_FLAG, key, NULL, 0))
		fail(context->failure, key, context->fd);
}

static void configure(const struct context *context,
		      const struct new_mount *request)
{
	const struct mount_options *options = request->options;
	const char *name = request->name;

	set_string(context, "source", options->fsname ? options->fsname : name);
	set_string(context, "subtype",
		   options->subtype		    ? options->subtype
		   : mount_options_is_subtype(name) ? name
						    : NULL);
	set_decimal(context, "fd", (unsigned int)request->device);
	set_octal(context, "rootmode", request->mountpoint->mode & S_IFMT);
	set_decimal(context, "user_id", request->owner->uid);
	set_decimal(context, "group_id", request->owner->gid);
	set_flag(context, "default_permissions", options->default_permissions);
	set_flag(context, "allow_other",
		 options->allow_other || options->allow_root);
	set_string(context, "max_read", options->max_read);
	set_string(context, "blksize", options->blksize);
	set_flag(context, "ro", options->read_only);
	set_flag(context, "sync", options->synchronous);
	set_flag(context, "dirsync", options->dirsync);
	for (size_t i = 0; i < LABELS; i++)
		set_string(context, security_label_keys[i], options->labels[i]);
}

/* ---- The mount ------------------------------------------------------------------ */

static const char opening[] = "fsopen", creating[] = "create",
		  mounting[] = "fsmount";

static int create(const struct new_mount *request, const char *type,
		  struct failure *failure)
{
	const struct context context = {
		.fd = fsopen(type, FSOPEN_CLOEXEC),
		.failure = failure,
	};
	int mount = -1;

	if (context.fd < 0) {
		fail(failure, opening, -1);
		return -1;
	}
	configure(&context, request);
	if (!failure->step &&
	    fsconfig(context.fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fail(failure, creating, context.fd);
	if (!failure->step) {
		mount = fsmount(context.fd, FSMOUNT_CLOEXEC,
				(unsigned int)request->options->attributes);
		if (mount < 0)
			fail(failure, mounting, -1);
	}
	close(context.fd);
	return mount;
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

static noreturn void die_uncreated(const struct failure *failure)
{
	/* EINVAL without a word is fuse_fill_super()'s for a device fd that
	 * was opened in another user namespace. */
	if (failure->error == EINVAL && !*failure->log)
		die("cannot mount: the kernel does not take this '/dev/fuse': "
		    "it was opened in another user namespace");
	die("cannot mount: %s%s%s", strerror(failure->error),
	    *failure->log ? ": " : "",
	    *failure->log ? quoted(failure->log) : "");
}

static noreturn void die_of(const struct failure *failure, const char *type)
{
	if (failure->step == opening)
		die_unopened(type, failure->error);
	if (failure->step == creating)
		die_uncreated(failure);
	if (failure->step == mounting)
		die("cannot mount: fsmount: %s", strerror(failure->error));
	die("the kernel refuses mount option '%s': %s%s%s", failure->step,
	    strerror(failure->error), *failure->log ? ": " : "",
	    *failure->log ? quoted(failure->log) : "");
}

int mount_create(const struct new_mount *request,
		 const struct privileges *privileges)
{
	const char *type = request->options->fuseblk ? "fuseblk" : "fuse";
	struct failure failure = {0};
	int mount;

	privileges_raise(privileges);
	mount = create(request, type, &failure);
	privileges_lower(privileges);
	privileges_tell(privileges);
	if (mount < 0)
		die_of(&failure, type);
	return mount;
}

/* The device is mounted: the kernel finds the superblock by it, and asks for no
 * other key (fuse_get_tree()). */
static int create_again(const struct new_mount *request)
{
	struct failure failure = {0};
	const struct context context = {
		.fd = fsopen("fuse", FSOPEN_CLOEXEC),
		.failure = &failure,
	};
	int mount = -1;

	set_decimal(&context, "fd", (unsigned int)request->device);
	if (!failure.step &&
	    fsconfig(context.fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(context.fd, FSMOUNT_CLOEXEC,
				MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (context.fd >= 0)
		close(context.fd);
	return mount;
}

int mount_create_look(const struct new_mount *request,
		      const struct privileges *privileges)
{
	int mount, root;

	if (request->options->fuseblk)
		return -1;
	privileges_raise(privileges);
	mount = create_again(request);
	privileges_lower(privileges);
	if (mount < 0)
		return -1;
	root = open_tree(mount, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC);
	close(mount);
	return root;
}
