/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fuse_main() for both worlds: where there is a handoff, the same steps with
 * attach, loop and detach in place of mount, loop and unmount; where there is
 * none, libfuse's own.
 */
#define FUSE_USE_VERSION 312

#include <fuse.h>
#include <fuse_lowlevel.h>

#include "fuse3.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The exit statuses of fuse_main(), which are nowhere but in its source. */
enum {
	STATUS_USAGE = 1,
	STATUS_SETUP = 3,
	STATUS_MOUNT = 4,
	STATUS_DAEMONIZE = 5,
	STATUS_SIGNALS = 6,
	STATUS_LOOP = 8,
};

/* The filesystem, as the caller of fuse_main() describes it. */
struct filesystem {
	const struct fuse_operations *operations;
	size_t operations_size;
	void *private_data;
};

/* From 3.17 on the function has a version, and its old name belongs to a
 * macro. The version is that of these headers: what the caller compiled with
 * we cannot know, but operations_size, which does matter, comes from there. */
static int run_without_handoff(int argc, char *argv[],
			       const struct filesystem *fs)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
	struct libfuse_version version = {
		.major = FUSE_MAJOR_VERSION,
		.minor = FUSE_MINOR_VERSION,
		.hotfix = FUSE_HOTFIX_VERSION,
	};

	return fuse_main_real_versioned(argc, argv, fs->operations,
					fs->operations_size, &version,
					fs->private_data);
#else
	return fuse_main_real(argc, argv, fs->operations, fs->operations_size,
			      fs->private_data);
#endif
}

/* ---- The command line --------------------------------------------------- */

struct arguments {
	struct fuse_args left; /* for fuse_new() */
	bool shows_text;       /* -h or -V */
	bool has_mountpoint;
	bool foreground;
	bool one_at_a_time;
};

static bool is_one_of(const char *argument, const char *const *words)
{
	while (*words && strcmp(argument, *words) != 0)
		words++;
	return *words != NULL;
}

/* For fuse_opt_parse(): -1 error, 0 discard, 1 keep. */
static int take_operand(struct arguments *arguments, const char *operand)
{
	if (arguments->has_mountpoint) {
		fuse_log(FUSE_LOG_ERR, "fuse: unexpected argument '%s'\n",
			 operand);
		return -1;
	}
	arguments->has_mountpoint = true;
	return 0;
}

/* allow_root would make libfuse refuse others by a rule of its own; the
 * handoff's ACL has that covered. */
static int take_option(struct arguments *arguments, const char *option)
{
	static const char *const text_options[] = {
		"-h", "--help", "-V", "--version", NULL,
	};

	if (is_one_of(option, text_options))
		arguments->shows_text = true;
	return strcmp(option, "allow_root") != 0;
}

static int take_argument(void *data, const char *argument, int key,
			 struct fuse_args *kept)
{
	(void)kept;
	return key == FUSE_OPT_KEY_NONOPT ? take_operand(data, argument)
					  : take_option(data, argument);
}

/* Takes the mountpoint out first. libfuse would look it up, and a lookup on
 * this mount waits for an answer that only we could give. */
static int parse_arguments(struct arguments *arguments)
{
	struct fuse_cmdline_opts parsed;

	if (fuse_opt_parse(&arguments->left, arguments, NULL, take_argument) <
	    0)
		return -1;
	if (arguments->shows_text)
		return 0;
	if (fuse_parse_cmdline(&arguments->left, &parsed) < 0)
		return -1;
	arguments->foreground = parsed.foreground;
	arguments->one_at_a_time = parsed.singlethread;
	free(parsed.mountpoint);
	return 0;
}

/* ---- Serving ------------------------------------------------------------ */

static int loop(struct fuse *fuse)
{
	int result;

	if (fuse_start_cleanup_thread(fuse) != 0)
		return STATUS_LOOP;
	result = fusefd_fuse3_session_loop(fuse_get_session(fuse));
	fuse_stop_cleanup_thread(fuse);
	return result ? STATUS_LOOP : 0;
}

/* A daemon is a fork of this process, so threads are started after it. */
static int serve(struct fuse *fuse, bool foreground)
{
	struct fuse_session *se = fuse_get_session(fuse);
	int status;

	if (fuse_daemonize(foreground) != 0)
		return STATUS_DAEMONIZE;
	if (fuse_set_signal_handlers(se) != 0)
		return STATUS_SIGNALS;
	status = loop(fuse);
	fuse_remove_signal_handlers(se);
	return status;
}

/* Frees the handoff before the filesystem: destroy() may well touch the
 * mountpoint, which hangs as long as a device fd is open, and fails when the
 * last is closed. */
static int run_session(struct arguments *arguments, const struct filesystem *fs,
		       struct fusefd_handoff *handoff)
{
	struct fuse_session *se;
	struct fuse *fuse;
	int status, error;

	fuse = fuse_new(&arguments->left, fs->operations, fs->operations_size,
			fs->private_data);
	if (!fuse) {
		fusefd_free(handoff);
		return STATUS_SETUP;
	}
	se = fuse_get_session(fuse);
	error = fusefd_fuse3_session_attach(se, handoff);
	if (error) {
		fuse_log(FUSE_LOG_ERR,
			 "fuse: cannot attach to the device fds: %s\n",
			 strerror(-error));
		status = STATUS_MOUNT;
	} else {
		if (arguments->one_at_a_time)
			fusefd_fuse3_session_serialize(se);
		status = serve(fuse, arguments->foreground);
	}
	fusefd_fuse3_session_detach(se);
	fusefd_free(handoff);
	fuse_destroy(fuse);
	return status;
}

static int run_with_handoff(int argc, char *argv[], const struct filesystem *fs,
			    struct fusefd_handoff *handoff)
{
	struct arguments arguments = {.left = FUSE_ARGS_INIT(argc, argv)};
	int status = STATUS_USAGE;

	if (parse_arguments(&arguments) < 0) {
		fusefd_free(handoff);
	} else if (arguments.shows_text) {
		fusefd_free(handoff);
		status = run_without_handoff(arguments.left.argc,
					     arguments.left.argv, fs);
	} else {
		status = run_session(&arguments, fs, handoff);
	}
	fuse_opt_free_args(&arguments.left);
	return status;
}

/* ---- The interface ------------------------------------------------------ */

static const char *reason(int error)
{
	switch (error) {
	case -EBADF:
		return "one of them is not open";
	case -ENOTTY:
		return "one of them is not a FUSE device";
	case -EXDEV:
		return "they are not all on one mounted connection";
	case -EPROTO:
		return "the variables are malformed, or of another protocol";
	default:
		return strerror(-error);
	}
}

int fusefd_fuse3_main_real(int argc, char *argv[],
			   const struct fuse_operations *op, size_t op_size,
			   void *private_data)
{
	const struct filesystem fs = {op, op_size, private_data};
	struct fusefd_handoff *handoff;
	int error = fusefd_from_env(&handoff);

	if (error == -ENOENT)
		return run_without_handoff(argc, argv, &fs);
	if (error) {
		fuse_log(FUSE_LOG_ERR,
			 "fuse: cannot serve the device fds in FUSEFD_FDS: "
			 "%s; start this program by fusefd-launch(8)\n",
			 reason(error));
		return STATUS_SETUP;
	}
	return run_with_handoff(argc, argv, &fs, handoff);
}
