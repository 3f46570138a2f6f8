/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a handoff: from the environment, or from fds that the caller has.
 * The environment is only a way to name fds; what makes them a handoff is
 * the same for both (verify.c).
 */
#include "handoff.h"
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the environment said, as it said it; NULL what it did not say. */
struct announcement {
	const char *protocol, *fds, *mountpoint, *acl, *owner;
};

static struct announcement read_environment(void)
{
	return (struct announcement){
		.protocol = getenv("FUSEFD_PROTOCOL"),
		.fds = getenv("FUSEFD_FDS"),
		.mountpoint = getenv("FUSEFD_MOUNTPOINT"),
		.acl = getenv("FUSEFD_ACL"),
		.owner = getenv("FUSEFD_OWNER"),
	};
}

/* Not by unsetenv(), which wants names: this takes unknown ones, duplicates
 * and entries without '='. The strings stay where they are, so what
 * read_environment() found stays valid. */
static void scrub_environment(void)
{
	static const char prefix[] = "FUSEFD_";
	char **kept = environ;

	if (!environ) /* clearenv() */
		return;
	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, prefix, sizeof(prefix) - 1) != 0)
			*kept++ = *entry;
	*kept = NULL;
}

/* All of text[0..length) as a decimal number, written in the one way that it
 * has: no sign, no space, no leading zero. */
static bool parse_number(const char *text, size_t length, uint64_t max,
			 uint64_t *number)
{
	uint64_t value = 0;

	if (length == 0 || length > 10 || (text[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*number = value;
	return value <= max;
}

/* Take the next fd from a list, and move *list behind it (NULL: it was the
 * last). -EPROTO where it is no number; what follows it can still be read. */
static int next_fd(const char **list)
{
	const char *item = *list;
	size_t length = strcspn(item, ",");
	uint64_t fd;

	*list = item[length] ? item + length + 1 : NULL;
	return parse_number(item, length, INT_MAX, &fd) ? (int)fd : -EPROTO;
}

static int parse_fds(struct fusefd_handoff *handoff, const char *list)
{
	while (list) {
		int fd = next_fd(&list);

		if (fd < 0 || handoff->count == FUSEFD_MAX_FDS)
			return -EPROTO;
		handoff->fds[handoff->count++] = fd;
	}
	return 0;
}

static int parse_acl(struct fusefd_handoff *handoff, const char *name)
{
	static const char *const names[] = {
		[FUSEFD_ACL_OWNER] = "owner",
		[FUSEFD_ACL_OWNER_AND_ROOT] = "owner_and_root",
		[FUSEFD_ACL_ALL] = "all",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			handoff->acl = (enum fusefd_acl)i;
			return 0;
		}
	}
	return -EPROTO;
}

static int parse_owner(struct fusefd_handoff *handoff, const char *text)
{
	uint64_t uid;

	/* (uid_t)-1 is nobody's: it means "no change" to the kernel. */
	if (!parse_number(text, strlen(text), UINT32_MAX - 1, &uid))
		return -EPROTO;
	handoff->owner = (uid_t)uid;
	return 0;
}

static int parse(struct fusefd_handoff *handoff,
		 const struct announcement *said)
{
	if (!said->protocol || strcmp(said->protocol, "1") != 0)
		return -EPROTO;
	if (!said->fds || !said->mountpoint || !said->acl || !said->owner)
		return -EPROTO;
	if (said->mountpoint[0] != '/')
		return -EPROTO;
	if (parse_fds(handoff, said->fds) || parse_acl(handoff, said->acl) ||
	    parse_owner(handoff, said->owner))
		return -EPROTO;
	handoff->mountpoint = strdup(said->mountpoint);
	return handoff->mountpoint ? 0 : -ENOMEM;
}

/* Load what ends a session, while it can be loaded: pthread_cancel() of glibc
 * before 2.41 opens libgcc_s by name when it is first called, and aborts
 * where that fails. By then the filesystem may have changed its root.
 * backtrace() loads the same. */
static void prepare_cancellation(void)
{
#ifdef __GLIBC__
	void *frame;

	(void)backtrace(&frame, 1);
#endif
}

static struct fusefd_handoff *create(void)
{
	struct fusefd_handoff *handoff = calloc(1, sizeof(*handoff));

	if (!handoff)
		return NULL;
	if (sem_init(&handoff->session.wake, 0, 0) < 0) {
		free(handoff);
		return NULL;
	}
	return handoff;
}

/* Free it, and leave the fds alone. */
static void discard(struct fusefd_handoff *handoff)
{
	(void)sem_destroy(&handoff->session.wake);
	free(handoff->mountpoint);
	free(handoff);
}

/* Make the fds ours. The last step that can fail comes before the first that
 * changes one. */
static int adopt(struct fusefd_handoff *handoff)
{
	int error = fusefd_verify(handoff->fds, handoff->count);

	if (error)
		return error;
	for (size_t i = 0; i < handoff->count; i++)
		(void)fcntl(handoff->fds[i], F_SETFD, FD_CLOEXEC);
	prepare_cancellation();
	return 0;
}

static int take_announced(struct fusefd_handoff **result,
			  const struct announcement *said)
{
	struct fusefd_handoff *handoff;
	int error;

	if (!result)
		return -EINVAL;
	handoff = create();
	if (!handoff)
		return -ENOMEM;
	error = parse(handoff, said);
	if (error)
		goto fail;
	error = adopt(handoff);
	if (error)
		goto fail;
	fusefd_notify_from_env(&handoff->notify);
	*result = handoff;
	return 0;
fail:
	discard(handoff);
	return error;
}

/* An fd that stays open keeps the connection alive, and whoever looks at the
 * mountpoint hangs. But close only what can have been meant: FUSEFD_FDS=0,1,2
 * is no reason to lose stdin. */
static void close_announced(const char *list)
{
	while (list) {
		int fd = next_fd(&list);

		if (fd >= 0 && fusefd_is_device(fd))
			(void)close(fd);
	}
}

int fusefd_from_env(struct fusefd_handoff **handoff)
{
	struct announcement said = read_environment();
	int error;

	scrub_environment();
	if (!said.protocol && !said.fds)
		return -ENOENT;
	error = take_announced(handoff, &said);
	if (error)
		close_announced(said.fds);
	return error;
}

static bool is_acl(enum fusefd_acl acl)
{
	return acl == FUSEFD_ACL_OWNER || acl == FUSEFD_ACL_OWNER_AND_ROOT ||
	       acl == FUSEFD_ACL_ALL;
}

int fusefd_from_fds(struct fusefd_handoff **result, int primary,
		    const int *extras, size_t extra_count, enum fusefd_acl acl)
{
	struct fusefd_handoff *handoff;
	int error;

	if (!result || !is_acl(acl) || extra_count > FUSEFD_MAX_FDS - 1 ||
	    (extra_count && !extras))
		return -EINVAL;
	handoff = create();
	if (!handoff)
		return -ENOMEM;

	handoff->fds[handoff->count++] = primary;
	for (size_t i = 0; i < extra_count; i++)
		handoff->fds[handoff->count++] = extras[i];
	handoff->acl = acl;
	handoff->owner = geteuid();
	error = adopt(handoff);
	if (error) {
		discard(handoff);
		return error;
	}
	*result = handoff;
	return 0;
}

int fusefd_from_fd(struct fusefd_handoff **handoff, int fd, enum fusefd_acl acl)
{
	return fusefd_from_fds(handoff, fd, NULL, 0, acl);
}

void fusefd_free(struct fusefd_handoff *handoff)
{
	if (!handoff)
		return;
	for (size_t i = 0; i < handoff->count; i++)
		(void)close(handoff->fds[i]);
	discard(handoff);
}

size_t fusefd_count(const struct fusefd_handoff *handoff)
{
	return handoff->count;
}

int fusefd_fd(const struct fusefd_handoff *handoff, size_t index)
{
	return index < handoff->count ? handoff->fds[index] : -EINVAL;
}

const char *fusefd_mountpoint(const struct fusefd_handoff *handoff)
{
	return handoff->mountpoint;
}

uid_t fusefd_owner(const struct fusefd_handoff *handoff)
{
	return handoff->owner;
}

enum fusefd_acl fusefd_get_acl(const struct fusefd_handoff *handoff)
{
	return handoff->acl;
}
