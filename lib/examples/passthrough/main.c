/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line, and what must be done before the session starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "passthrough.h"

#include <fusefd_fuse3.h>

/* fuse_main() ends with small numbers of its own; 2 is its "usage". */
#define EXIT_USAGE 2

static const struct fuse_opt options[] = {
	{"timeout=%lf", offsetof(struct passthrough, timeout), 0},
	{"-h", offsetof(struct passthrough, show_help), 1},
	{"--help", offsetof(struct passthrough, show_help), 1},
	{"-V", offsetof(struct passthrough, show_version), 1},
	{"--version", offsetof(struct passthrough, show_version), 1},
	FUSE_OPT_END,
};

/* The first argument that is no option is the source; libfuse gets the rest. */
static int take_argument(void *self, const char *arg, int key,
			 struct fuse_args *args)
{
	struct passthrough *fs = self;

	(void)args;
	if (key != FUSE_OPT_KEY_NONOPT || fs->source_path)
		return 1;
	fs->source_path = strdup(arg);
	return fs->source_path ? 0 : -1;
}

/* Ours, and then libfuse's own, without a usage line of its own. */
static int prepare_help(struct fuse_args *args)
{
	printf("usage: %s SOURCE [MOUNTPOINT] [options]\n"
	       "\n"
	       "Show the directory SOURCE, and all below it that is on the "
	       "same filesystem.\n"
	       "Started by fusefd-launch it needs no MOUNTPOINT.\n"
	       "\n"
	       "    -o timeout=SECONDS     let the kernel keep names and "
	       "attributes so long\n"
	       "                           (default: 0, changes in SOURCE show "
	       "at once)\n"
	       "\n"
	       "File locks hold among all users of the mount; users of SOURCE "
	       "do not see them.\n"
	       "\n",
	       args->argv[0]);
	args->argv[0][0] = '\0';
	return fuse_opt_add_arg(args, "--help");
}

/* With fusefd-launch the mount is there before this program runs. A source
 * that it covers is this very filesystem, and would wait for itself for ever;
 * any call that asks it something would, too. What the kernel knows of a FUSE
 * root that was never asked is its type and inode number 1. */
static int is_unserved_mount(const struct statx *source)
{
	return source->stx_dev_major == 0 && source->stx_ino == 1 &&
	       (source->stx_mode & ~S_IFMT) == 0;
}

/* Opened once, by name, while that name still means what the user meant: the
 * mountpoint may be the source itself, libfuse will chdir("/"), and the
 * directory may be renamed later. */
static int open_source(struct passthrough *fs)
{
	struct statx stat;
	int probe;

	fs->source = open(fs->source_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fs->source == -1)
		return -errno;
	if (statx(fs->source, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_BASIC_STATS, &stat) == -1)
		return -errno;
	if (is_unserved_mount(&stat))
		return -EDEADLK;
	fs->device = makedev(stat.stx_dev_major, stat.stx_dev_minor);

	/* May it be searched, and does the kernel have openat2 (Linux 5.6)? */
	probe = tree_open_at(fs->source, ".", O_PATH, 0);
	if (probe < 0)
		return probe;
	close(probe);
	return access("/proc/self/fd", X_OK) == -1 ? -ENOSYS : 0;
}

static const char *source_error(int error)
{
	switch (error) {
	case -EDEADLK:
		return "the mount hides it; open it before, and pass "
		       "/dev/fd/N";
	case -ENOSYS:
		return "that takes Linux 5.8 and a mounted /proc";
	default:
		return strerror(-error);
	}
}

/* Defaults of ours go in front, where the user's options override them. */
static int add_defaults(struct fuse_args *args, const struct passthrough *fs)
{
	char *timeouts = NULL;
	char *name = NULL;
	char *list = NULL;
	int result = -1;

	if (asprintf(&timeouts, "entry_timeout=%f,attr_timeout=%f", fs->timeout,
		     fs->timeout) == -1)
		timeouts = NULL;
	if (asprintf(&name, "fsname=%s", fs->source_path) == -1)
		name = NULL;
	if (timeouts && name &&
	    fuse_opt_add_opt(&list, "subtype=passthrough") == 0 &&
	    fuse_opt_add_opt(&list, timeouts) == 0 &&
	    fuse_opt_add_opt_escaped(&list, name) == 0 &&
	    fuse_opt_insert_arg(args, 1, "-o") == 0 &&
	    fuse_opt_insert_arg(args, 2, list) == 0)
		result = 0;
	free(timeouts);
	free(name);
	free(list);
	return result;
}

static void prepare_process(void)
{
	struct rlimit files;

	/* Modes are the caller's, and the caller's umask is applied to them
	 * in created.c. */
	umask(0);

	/* A write beyond our own RLIMIT_FSIZE is to fail with EFBIG, not to
	 * end the filesystem. */
	signal(SIGXFSZ, SIG_IGN);

	/* Each file that any user has open is an fd here. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* The status to exit with, or 0. */
static int prepare_source(struct fuse_args *args, struct passthrough *fs)
{
	int error;

	if (!fs->source_path) {
		fprintf(stderr, "passthrough: no source directory given "
				"(see passthrough --help)\n");
		return EXIT_USAGE;
	}
	error = open_source(fs);
	if (error) {
		fprintf(stderr, "passthrough: cannot show '%s': %s\n",
			fs->source_path, source_error(error));
		return EXIT_FAILURE;
	}
	return add_defaults(args, fs) == -1 ? EXIT_FAILURE : 0;
}

static int serve(struct fuse_args *args, struct passthrough *fs)
{
	return fusefd_fuse3_main(args->argc, args->argv,
				 &passthrough_operations, fs);
}

int main(int argc, char *argv[])
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct passthrough fs = {.source = -1};
	int status = EXIT_FAILURE;

	if (fuse_opt_parse(&args, &fs, options, take_argument) == -1)
		goto out;
	if (fs.show_help)
		status = prepare_help(&args);
	else if (fs.show_version)
		status = fuse_opt_add_arg(&args, "--version");
	else
		status = prepare_source(&args, &fs);
	if (status)
		goto out;
	prepare_process();
	status = serve(&args, &fs);
out:
	if (fs.source >= 0)
		close(fs.source);
	free(fs.source_path);
	fuse_opt_free_args(&args);
	return status;
}
