/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/number.h"

/* ---- One line --------------------------------------------------------------- */

/* fuse, fuseblk, and either with a subtype behind a dot. */
static bool is_fuse(const char *type)
{
	static const char *const names[] = {"fuseblk", "fuse"};

	for (size_t i = 0; i < 2; i++) {
		const size_t length = strlen(names[i]);

		if (strncmp(type, names[i], length) == 0)
			return type[length] == '\0' || type[length] == '.';
	}
	return false;
}

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* In place: what is escaped is longer than what it stands for. */
static const char *unescape(char *name)
{
	const char *from = name;
	char *to = name;

	while (*from) {
		if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) &&
		    is_octal(from[3])) {
			*to++ = (char)((from[1] - '0') * 64 +
				       (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return name;
}

/* The kernel writes user_id= itself, where no filesystem can forge it. If it is
 * missing, or there twice, the mount is nobody's. */
static bool find_owner(char *options, uid_t *owner)
{
	static const char key[] = "user_id=";
	bool found = false;
	unsigned long uid;
	char *option;

	while ((option = strsep(&options, ","))) {
		if (strncmp(option, key, strlen(key)) != 0)
			continue;
		if (found ||
		    !number_parse(option + strlen(key), (uid_t)-1, &uid))
			return false;
		*owner = (uid_t)uid;
		found = true;
	}
	return found;
}

static bool parse_id(char **rest, uint64_t *id)
{
	const char *field = strsep(rest, " ");
	unsigned long number;

	if (!field || !number_parse(field, ULONG_MAX, &number))
		return false;
	*id = number;
	return true;
}

bool mountinfo_parse(struct mount_entry *entry, char *line)
{
	char *rest = line, *root, *mountpoint, *field;

	/* One space behind each field, and not as many as there are: the
	 * source may be empty. */
	*entry = (struct mount_entry){.line = line};
	line[strcspn(line, "\n")] = '\0';
	if (!parse_id(&rest, &entry->id) || !parse_id(&rest, &entry->parent))
		return false;
	entry->device = strsep(&rest, " ");
	root = strsep(&rest, " ");
	mountpoint = strsep(&rest, " ");
	/* The mount's own options, and any number of optional fields. */
	do {
		field = strsep(&rest, " ");
	} while (field && strcmp(field, "-") != 0);
	entry->type = strsep(&rest, " ");
	strsep(&rest, " "); /* the source */
	if (!rest)
		return false;
	entry->root = unescape(root);
	entry->mountpoint = unescape(mountpoint);
	entry->fuse = is_fuse(entry->type);
	entry->owned = entry->fuse && find_owner(rest, &entry->owner);
	return true;
}

/* ---- All lines ---------------------------------------------------------------- */

bool mountinfo_open(struct mountinfo *info)
{
	info->fd = open(MOUNTINFO_PATH, O_RDONLY | O_CLOEXEC);
	info->error = info->fd < 0 ? errno : 0;
	info->next = info->end = info->buffer;
	info->cut = false;
	return info->fd >= 0;
}

void mountinfo_close(struct mountinfo *info)
{
	if (info->fd >= 0)
		close(info->fd);
	info->fd = -1;
}

void mountinfo_rewind(struct mountinfo *info)
{
	if (info->fd < 0) {
		(void)mountinfo_open(info);
		return;
	}
	info->next = info->end = info->buffer;
	info->cut = false;
	info->error = lseek(info->fd, 0, SEEK_SET) < 0 ? errno : 0;
}

/* Behind what is left of a line. 0 at the end of the file. */
static ssize_t read_more(struct mountinfo *info)
{
	const size_t left = (size_t)(info->end - info->next);
	ssize_t length;

	memmove(info->buffer, info->next, left);
	info->next = info->buffer;
	info->end = info->buffer + left;
	do
		length = read(info->fd, info->end, sizeof(info->buffer) - left);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		info->error = errno;
	else
		info->end += length;
	return length < 0 ? 0 : length;
}

/* The beginning of a line that fills the buffer. What follows it up to the
 * newline is passed over next. */
static char *cut(struct mountinfo *info)
{
	info->end[-1] = '\0';
	info->next = info->end;
	info->cut = true;
	return info->buffer;
}

static char *find_newline(const struct mountinfo *info)
{
	return memchr(info->next, '\n', (size_t)(info->end - info->next));
}

static void pass_over_rest(struct mountinfo *info)
{
	char *newline;

	while (!(newline = find_newline(info))) {
		info->next = info->end;
		if (read_more(info) == 0)
			return;
	}
	info->next = newline + 1;
}

char *mountinfo_next_line(struct mountinfo *info)
{
	char *line, *newline;

	if (info->cut)
		pass_over_rest(info);
	info->cut = false;
	while (!info->error) {
		line = info->next;
		newline = find_newline(info);
		if (newline) {
			*newline = '\0';
			info->next = newline + 1;
			return line;
		}
		if (line == info->buffer &&
		    info->end == info->buffer + sizeof(info->buffer))
			return cut(info);
		if (read_more(info) == 0)
			break;
	}
	if (!info->error && info->next != info->end)
		info->error = EPROTO;
	return NULL;
}

bool mountinfo_parse_line(const struct mountinfo *info,
			  struct mount_entry *entry, char *line)
{
	return mountinfo_parse(entry, line) && !(info->cut && entry->fuse);
}

bool mountinfo_next(struct mountinfo *info, struct mount_entry *entry)
{
	char *line = mountinfo_next_line(info);

	if (line && !mountinfo_parse_line(info, entry, line))
		info->error = EPROTO;
	errno = info->error;
	return line && !info->error;
}

bool mountinfo_count_fuse_of(struct mountinfo *info, uid_t owner,
			     unsigned long *count)
{
	struct mount_entry entry;

	*count = 0;
	mountinfo_rewind(info);
	while (mountinfo_next(info, &entry))
		*count += entry.fuse && (!entry.owned || entry.owner == owner);
	return !info->error;
}
