/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a handoff: from the environment, or from fds that the caller has (for
 * that of a socket see socket.c). An environment is only a way to name fds;
 * what makes them a handoff is the same for all (verify.c).
 */
#include "handoff.h"
#include "announcement.h"
#include "answer.h"
#include "protocol.h"
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fusefd_announcement read_environment(void)
{
	return (struct fusefd_announcement){
		.protocol = getenv(FUSEFD_NAME_PROTOCOL),
		.fds = getenv(FUSEFD_NAME_FDS),
		.mountpoint = getenv(FUSEFD_NAME_MOUNTPOINT),
		.acl = getenv(FUSEFD_NAME_ACL),
		.owner = getenv(FUSEFD_NAME_OWNER),
	};
}

/* Not by unsetenv(), which wants names: this takes unknown ones, duplicates
 * and entries without '='. The strings stay where they are, so what
 * read_environment() found stays valid. */
static void scrub_environment(void)
{
	char **kept = environ;

	if (!environ) /* clearenv() */
		return;
	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, FUSEFD_PREFIX, sizeof(FUSEFD_PREFIX) - 1) !=
		    0)
			*kept++ = *entry;
	*kept = NULL;
}

static int parse_fds(struct fusefd_handoff *handoff, const char *list)
{
	while (list) {
		int fd = fusefd_next_fd(&list);

		if (fd < 0 || handoff->count == FUSEFD_MAX_FDS)
			return -EPROTO;
		handoff->fds[handoff->count++] = fd;
	}
	return 0;
}

static int parse(struct fusefd_handoff *handoff,
		 const struct fusefd_announcement *said)
{
	if (!said->fds)
		return -EPROTO;
	if (parse_fds(handoff, said->fds))
		return -EPROTO;
	return fusefd_handoff_describe(handoff, said);
}

int fusefd_handoff_describe(struct fusefd_handoff *handoff,
			    const struct fusefd_announcement *said)
{
	int error = fusefd_parse_facts(said, &handoff->acl, &handoff->owner);

	if (error)
		return error;
	handoff->refuses_alone = handoff->acl == FUSEFD_ACL_OWNER_AND_ROOT;
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

struct fusefd_handoff *fusefd_handoff_create(void)
{
	struct fusefd_handoff *handoff = calloc(1, sizeof(*handoff));

	if (!handoff)
		return NULL;
	if (sem_init(&handoff->session.wake, 0, 0) < 0) {
		free(handoff);
		return NULL;
	}
	fusefd_no_open_init(&handoff->no_open);
	handoff->answer = -1;
	return handoff;
}

void fusefd_handoff_discard(struct fusefd_handoff *handoff)
{
	(void)sem_destroy(&handoff->session.wake);
	fusefd_no_open_destroy(&handoff->no_open);
	free(handoff->mountpoint);
	free(handoff);
}

/* The last step that can fail comes before the first that changes an fd. */
int fusefd_handoff_adopt(struct fusefd_handoff *handoff)
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
			  const struct fusefd_announcement *said)
{
	struct fusefd_handoff *handoff;
	int error;

	if (!result)
		return -EINVAL;
	handoff = fusefd_handoff_create();
	if (!handoff)
		return -ENOMEM;
	error = parse(handoff, said);
	if (error)
		goto fail;
	error = fusefd_handoff_adopt(handoff);
	if (error)
		goto fail;
	fusefd_notify_from_env(&handoff->notify);
	*result = handoff;
	return 0;
fail:
	fusefd_handoff_discard(handoff);
	return error;
}

/* An fd that stays open keeps the connection alive, and whoever looks at the
 * mountpoint hangs. But close only what can have been meant: FUSEFD_FDS=0,1,2
 * is no reason to lose stdin. */
static void close_announced(const char *list)
{
	while (list) {
		int fd = fusefd_next_fd(&list);

		if (fd >= 0 && fusefd_is_device(fd))
			(void)close(fd);
	}
}

int fusefd_from_env(struct fusefd_handoff **handoff)
{
	struct fusefd_announcement said = read_environment();
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
	handoff = fusefd_handoff_create();
	if (!handoff)
		return -ENOMEM;

	handoff->fds[handoff->count++] = primary;
	for (size_t i = 0; i < extra_count; i++)
		handoff->fds[handoff->count++] = extras[i];
	handoff->acl = acl;
	/* Nobody says what the mount lets in. */
	handoff->refuses_alone = acl != FUSEFD_ACL_ALL;
	handoff->owner = geteuid();
	error = fusefd_handoff_adopt(handoff);
	if (error) {
		fusefd_handoff_discard(handoff);
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
	if (handoff->answer != -1) {
		fusefd_answer_failed(
			handoff->answer, -ECANCELED,
			"the filesystem ended before it was ready");
		(void)close(handoff->answer);
	}
	fusefd_handoff_discard(handoff);
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
