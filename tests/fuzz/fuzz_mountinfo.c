/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of mountinfo. A line of a FUSE mount counts for the one owner whose uid
 * stands in it, or where there is no telling, for everybody. And what it tells
 * of the mount has an owner only where it counts for that one alone.
 *
 * Links mountinfo.c and number.c.
 */
#include "launch/mount/mountinfo.h"
#include "survive.h"

#include <string.h>

void *need_memory(void *memory)
{
	expect(memory);
	return memory;
}

static bool counts_for(const uint8_t *input, size_t size, uid_t owner)
{
	char *const line = as_text(input, size);
	const bool counts = mountinfo_is_fuse_of(line, owner);

	free(line);
	return counts;
}

/* Of all uids that the line could mean. */
static size_t count_owners(const uint8_t *input, size_t size)
{
	static const char key[] = "user_id=";
	char *const line = as_text(input, size);
	const char *found = line;
	unsigned long uid, owner = 0;
	size_t owners = 0;

	while ((found = strstr(found, key))) {
		found += strlen(key);
		uid = strtoul(found, NULL, 10);
		if (uid > (uid_t)-1 || (owners && uid == owner) ||
		    !counts_for(input, size, (uid_t)uid))
			continue;
		owner = uid;
		owners++;
	}
	free(line);
	return owners;
}

static bool is_fuse(const uint8_t *input, size_t size)
{
	char *const line = as_text(input, size);
	const bool found = strstr(line, " - fuse");

	free(line);
	return found;
}

static size_t count_separators(const uint8_t *input, size_t size)
{
	char *const line = as_text(input, size);
	const char *found = line;
	size_t count = 0;

	for (; (found = strstr(found, " - ")); found++)
		count++;
	free(line);
	return count;
}

static void take_apart(const uint8_t *input, size_t size)
{
	char *const line = as_text(input, size);
	struct mount_entry entry;

	if (mountinfo_parse(&entry, line)) {
		expect(strlen(entry.root) <= size);
		expect(strlen(entry.mountpoint) <= size);
		expect(entry.fuse || !entry.owned);
		/* The kernel writes one separator, and escapes all others. */
		if (entry.owned && count_separators(input, size) == 1)
			expect(counts_for(input, size, entry.owner));
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	/* It is to return whatever it reads. */
	expect(survives());
	take_apart(input, size);
	/* No line names these two: they are what all others are. */
	if (memmem(input, size, "12345678", 8))
		return 0;
	expect(counts_for(input, size, 1234567890) ==
	       counts_for(input, size, 1234567891));
	if (!is_fuse(input, size))
		expect(!counts_for(input, size, 1234567890));
	if (!counts_for(input, size, 1234567890))
		expect(count_owners(input, size) <= 1);
	return 0;
}
