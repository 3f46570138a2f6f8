/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Texts of /etc/fuse.conf. What is allowed must have been written there.
 *
 * Links fuse_conf.c and number.c.
 */
#include <limits.h>

#include "launch/mount/fuse_conf.h"
#include "survive.h"

#define MOUNT_MAX_DEFAULT 1000

void *need_memory(void *memory)
{
	expect(memory);
	return memory;
}

static size_t count_lines(const uint8_t *input, size_t size)
{
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += input[i] == '\n';
	return lines;
}

static void expect_written(const struct fuse_conf *conf, const uint8_t *input,
			   size_t size)
{
	char *const text = as_text(input, size);

	expect(strlen(text) == size);
	expect(!conf->user_allow_other || strstr(text, "user_allow_other"));
	expect(conf->limited || strstr(text, "-1"));
	if (conf->limited && conf->mount_max != MOUNT_MAX_DEFAULT)
		expect(strstr(text, "mount_max"));
	expect(!conf->limited || conf->mount_max <= INT_MAX);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *const text = as_text(input, size);
	struct fuse_conf conf;
	size_t wrong;

	/* It is to return whatever it reads. */
	expect(survives());
	wrong = fuse_conf_parse(&conf, text, size);
	expect(wrong <= count_lines(input, size));
	if (!wrong)
		expect_written(&conf, input, size);
	free(text);
	return 0;
}
