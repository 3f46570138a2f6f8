/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What mount(8) hands to mount.fusefd: a source, and behind a NUL byte a list
 * of options. Whatever they are: a user who gets past policy has a mount
 * without suid and devices, and nothing but what was asked for by name acts.
 *
 * Two programs in one: mount.fusefd's command line is read as fusefd-launch
 * reads it.
 */
#include <getopt.h>
#include <sanitizer/allocator_interface.h>
#include <sys/mount.h>
#include <unistd.h>

#include "launch/mount/policy.h"
#include "launch/options.h"
#include "mount-helper/mount_helper.h"
#include "survive.h"

/* The launcher frees nothing: what is still there after an input was read. */
#define KEPT_MAX 16384

static const volatile void *kept[KEPT_MAX];
static size_t kept_count;

void *need_memory(void *memory)
{
	expect(memory && kept_count < KEPT_MAX);
	kept[kept_count++] = memory;
	return memory;
}

/* realloc() has moved it. */
static void forget(const volatile void *memory)
{
	for (size_t i = kept_count; i-- > 0;)
		if (kept[i] == memory)
			kept[i] = kept[--kept_count];
}

static void notice(const volatile void *memory, size_t size)
{
	(void)memory;
	(void)size;
}

static void free_kept(void)
{
	while (kept_count)
		free((void *)kept[--kept_count]);
}

static void expect_sound(const struct options *options)
{
	expect(options->mode == RUN_BACKGROUND);
	expect(strcmp(options->mountpoint, "/m") == 0);
	expect(options->command[0] && *options->command[0]);
	expect(options->source && options->filesystem_options);
	expect(options->fds >= 1 && options->fds <= DEVICE_FDS_MAX);
	expect(!options->keep_fd_count && !options->literal);
	expect(!options->dry_run && !options->verbose && !options->listen_fds);
}

/* Nothing is set by a comma in some other option's value. */
static void expect_asked_for(const struct options *options, const char *list)
{
	expect(!options->user || strstr(list, "setuid"));
	expect(!options->keep_caps || strstr(list, "keep_caps"));
	expect(!options->mount.suid || strstr(list, "suid"));
	expect(!options->mount.allow_other || strstr(list, "allow_other"));
}

static void expect_harmless(const struct options *options)
{
	const struct fuse_conf strict = {.limited = true};
	const uint64_t safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	policy_judge_options(&options->mount, &strict);
	expect((options->mount.attributes & safe) == safe);
	expect(!options->mount.allow_other && !options->mount.allow_root);
}

static void parse(char *text, size_t size)
{
	const size_t length = strlen(text);
	char *list = length < size ? text + length + 1 : text + length;
	char *argv[] = {"mount.fusefd", "-o", list, "--", text, "/m", NULL};
	struct command_line line;
	struct options options;

	mount_helper_translate(&line, 6, argv);
	/* 0: glibc starts afresh, as it must where the order is another. */
	optind = 0;
	options_parse(&options, line.count, line.arguments);
	expect_sound(&options);
	/* Quotes and backslashes may stand within a word, and are dropped. */
	if (!strpbrk(list, "\"\\"))
		expect_asked_for(&options, list);
	expect_harmless(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static bool hooked;
	char *const text = as_text(input, size);

	if (!hooked)
		hooked = __sanitizer_install_malloc_and_free_hooks(notice,
								   forget);
	if (survives())
		parse(text, size);
	free_kept();
	free(text);
	return 0;
}
