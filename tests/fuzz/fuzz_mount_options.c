/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of mount options, one behind each NUL byte. Whatever they are: what
 * policy lets pass for a user is a mount without suid, devices, labels and
 * access for others.
 *
 * Links mount_options.c, number.c and policy.c.
 */
#include <sys/mount.h>

#include "common/number.h"
#include "launch/mount/mount_options.h"
#include "launch/mount/policy.h"
#include "survive.h"

/* As many lists as are parsed. */
#define KEPT_MAX 16

static void *kept[KEPT_MAX];
static size_t kept_count;

/* The parser keeps its copy of each list for good. */
void *need_memory(void *memory)
{
	expect(memory && kept_count < KEPT_MAX);
	kept[kept_count++] = memory;
	return memory;
}

static void free_kept(void)
{
	while (kept_count)
		free(kept[--kept_count]);
}

static void expect_number(const char *text)
{
	unsigned long number;

	expect(!text || number_parse(text, UINT32_MAX, &number));
}

static void expect_sound(const struct mount_options *options)
{
	const uint64_t known = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			       MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			       MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	const bool others = options->allow_other || options->allow_root;

	expect(!(options->attributes & ~known));
	expect(!(options->allow_other && options->allow_root));
	expect(!others || options->default_permissions ||
	       options->no_default_permissions);
	expect(!options->subtype || mount_options_is_subtype(options->subtype));
	expect(!options->fsname || *options->fsname);
	expect_number(options->max_read);
	expect_number(options->blksize);
}

static void expect_harmless(const struct mount_options *options)
{
	const uint64_t safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	expect((options->attributes & safe) == safe);
	expect(!options->allow_other && !options->allow_root);
	expect(!options->fuseblk && !options->blksize);
	for (size_t i = 0; i < LABELS; i++)
		expect(!options->labels[i]);
}

static void parse(const char *text, size_t size)
{
	const struct fuse_conf strict = {.limited = true};
	struct mount_options options;
	size_t start = 0;

	mount_options_init(&options);
	for (int i = 0; i < KEPT_MAX && start <= size; i++) {
		mount_options_parse(&options, text + start);
		start += strlen(text + start) + 1;
	}
	mount_options_finish(&options);
	expect_sound(&options);
	policy_judge_options(&options, &strict);
	expect_harmless(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *const text = as_text(input, size);

	if (survives())
		parse(text, size);
	free_kept();
	free(text);
	return 0;
}
