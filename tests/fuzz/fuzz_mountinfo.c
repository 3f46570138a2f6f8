/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file like mountinfo. A line of a FUSE mount counts for the one owner whose
 * uid stands in it, or if that cannot be told, for everybody. A line that is
 * none makes the count fail. And the reader finds the lines that there are.
 *
 * Links mountinfo.c and number.c.
 */
#include "expect.h"
#include "launch/mount/mountinfo.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* These two are the uids of nobody, if no line names them. */
#define NOBODY	    1234567890
#define NOBODY_ELSE 1234567891

struct judgement {
	bool is_line, counts_for_nobody, owned;
	uid_t owner;
};

static size_t count_separators(const char *line)
{
	size_t count = 0;

	for (; (line = strstr(line, " - ")); line++)
		count++;
	return count;
}

static bool counts_for(const struct mount_entry *entry, uid_t owner)
{
	return entry->fuse && (!entry->owned || entry->owner == owner);
}

static struct judgement judge(const char *input, size_t size)
{
	char *line = as_text(input, size), *copy = as_text(input, size);
	struct judgement judgement = {0};
	struct mount_entry entry;

	judgement.is_line = mountinfo_parse(&entry, line);
	if (judgement.is_line) {
		expect(strlen(entry.root) <= size);
		expect(strlen(entry.mountpoint) <= size);
		expect(strlen(entry.device) <= size);
		expect(entry.fuse || !entry.owned);
		expect(!entry.fuse || strstr(copy, " fuse"));
		/* The kernel writes one separator, and escapes all others. */
		if (entry.fuse && count_separators(copy) == 1)
			expect(strstr(copy, " - fuse"));
		if (entry.owned)
			expect(strstr(copy, "user_id="));
		judgement.owned = entry.owned;
		judgement.owner = entry.owner;
		judgement.counts_for_nobody = counts_for(&entry, NOBODY);
	}
	free(copy);
	free(line);
	return judgement;
}

/* Line by line, without the reader. */
static bool count_by_hand(const char *input, size_t size, uid_t owner,
			  unsigned long *count)
{
	const char *end = input + size, *newline;

	*count = 0;
	for (; input < end; input = newline + 1) {
		struct judgement judgement;

		newline = memchr(input, '\n', (size_t)(end - input));
		if (!newline)
			return false;
		judgement = judge(input, (size_t)(newline - input));
		if (!judgement.is_line)
			return false;
		*count += judgement.owned ? judgement.owner == owner
					  : judgement.counts_for_nobody;
	}
	return true;
}

static void compare(struct mountinfo *info, const char *input, size_t size,
		    uid_t owner)
{
	unsigned long by_hand, count;
	const bool counted = mountinfo_count_fuse_of(info, owner, &count);

	expect(counted == count_by_hand(input, size, owner, &by_hand));
	expect(counted || info->error == EPROTO);
	expect(!counted || count == by_hand);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct mountinfo info;
	static int file = -1;
	const char *text = (const char *)input;
	unsigned long count, other;

	if (file < 0)
		file = memfd_create("mountinfo", MFD_CLOEXEC);
	expect(ftruncate(file, 0) == 0);
	expect(pwrite(file, input, size, 0) == (ssize_t)size);
	info = (struct mountinfo){.fd = file};
	compare(&info, text, size, 300);
	compare(&info, text, size, 0);
	/* Who is in no line has what cannot be told, and no more. */
	if (memmem(input, size, "12345678", 8))
		return 0;
	compare(&info, text, size, NOBODY);
	if (mountinfo_count_fuse_of(&info, NOBODY, &count)) {
		expect(mountinfo_count_fuse_of(&info, NOBODY_ELSE, &other));
		expect(count == other);
		expect(mountinfo_count_fuse_of(&info, 300, &other));
		expect(count <= other);
	}
	return 0;
}
