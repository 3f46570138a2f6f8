/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COMMAND's arguments, one behind each NUL byte.
 *
 * Links placeholders.c.
 */
#include "launch/command/placeholders.h"
#include "survive.h"

#define ARGUMENTS_MAX 8

void *need_memory(void *memory)
{
	expect(memory);
	return memory;
}

/* The arguments, cut from the text, behind a name. */
static void cut(char **command, char *text, size_t size)
{
	size_t count = 0, start = 0;

	command[count++] = "{}{fd}{fds}{mountpoint}";
	while (count <= ARGUMENTS_MAX && start <= size) {
		command[count++] = text + start;
		start += strlen(text + start) + 1;
	}
	command[count] = NULL;
}

/* The arguments after replacing; those that are new memory are freed. True
 * where one differs from what it was. */
static bool changes(char *const *command,
		    const struct placeholder_values *values)
{
	char *copy[ARGUMENTS_MAX + 2];
	bool changed = false;
	size_t i;

	for (i = 0; command[i]; i++)
		copy[i] = command[i];
	copy[i] = NULL;
	placeholders_replace(copy, values);
	expect(copy[0] == command[0]);
	expect(!copy[i]);
	for (i = 1; command[i]; i++) {
		changed |= strcmp(copy[i], command[i]) != 0;
		if (copy[i] != command[i])
			free(copy[i]);
	}
	return changed;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const struct placeholder_values same = {
		.path = "{}",
		.fd = "{fd}",
		.fds = "{fds}",
		.mountpoint = "{mountpoint}",
	};
	const struct placeholder_values one_fd = {
		.path = "",
		.fd = "",
		.fds = "{fds}",
		.mountpoint = "{mountpoint}",
	};
	const struct placeholder_values usual = {
		.path = "/dev/fd/3",
		.fd = "3",
		.fds = "3,4,5,6",
		.mountpoint = "/mnt/{fd}{}",
	};
	char *const text = as_text(input, size);
	char *command[ARGUMENTS_MAX + 2];

	cut(command, text, size);
	if (survives()) {
		/* Nothing is replaced but the four, and nothing twice. */
		expect(!changes(command, &same));
		expect(placeholders_name_one_fd(command) ==
		       changes(command, &one_fd));
		changes(command, &usual);
	}
	free(text);
	return 0;
}
