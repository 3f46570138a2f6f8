/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/receive/received.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/die.h"
#include "launch/command/placeholders.h"
#include "lib/announcement.h"
#include "lib/answer.h"
#include "lib/verify.h"

bool received_is_ours(const struct received *received)
{
	return !fusefd_message_is_foreign(&received->message);
}

/* 0 or a negative errno. */
static int judge(const struct received *received)
{
	const struct fusefd_message *message = &received->message;
	struct fusefd_announcement said;
	enum fusefd_acl acl;
	uid_t owner;
	int error = 0;

	if (received_is_ours(received))
		error = fusefd_read_payload(&said, message->payload,
					    message->length);
	if (!error && received_is_ours(received))
		error = fusefd_parse_facts(&said, &acl, &owner);
	return error ? error : fusefd_verify(message->fds, message->count);
}

bool received_take(struct received *received, int socket,
		   const struct address *address)
{
	struct fusefd_message *message = &received->message;
	int error = fusefd_message_receive(message, socket);

	if (error == -EAGAIN)
		return false;
	if (!error)
		error = judge(received);
	if (!error)
		return true;
	fusefd_message_close_fds(message);
	if (received_is_ours(received))
		fusefd_answer_failed(socket, error,
				     fusefd_message_reason(error));
	die("cannot take the handoff from %s: %s", quoted(address->text),
	    fusefd_message_reason(error));
}

/* Each to the lowest number from the first on that is free: they come in rising
 * order, so that none takes another's place. */
static void move_down(int *fds, size_t count, int first)
{
	for (size_t i = 0; i < count; i++) {
		const int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, first);

		if (fd < 0)
			die("cannot move fd %d: %s", fds[i], strerror(errno));
		close(fd < fds[i] ? fds[i] : fd);
		if (fd < fds[i])
			fds[i] = fd;
	}
}

bool received_by_one_fd(const struct options *options)
{
	return !options->literal && placeholders_name_one_fd(options->command);
}

static void judge_acl(const struct options *options)
{
	if (!options->mount.allow_root)
		return;
	if (options->unmodified || received_by_one_fd(options))
		die("the sender's 'allow_root' does not go with %s: COMMAND "
		    "would let everybody in",
		    options->unmodified ? "--unmodified" : "{} or {fd}");
}

/* In options' terms, as it is told to COMMAND. */
static void fill_facts(struct received *received, struct launch *launch)
{
	const struct fusefd_message *message = &received->message;
	struct fusefd_announcement said;
	enum fusefd_acl acl;

	if (fusefd_read_payload(&said, message->payload, message->length) ||
	    fusefd_parse_facts(&said, &acl, &received->owner.uid))
		die("cannot read the handoff a second time");
	received->mountpoint.path = said.mountpoint;
	launch->options.mount.allow_other = acl == FUSEFD_ACL_ALL;
	launch->options.mount.allow_root = acl == FUSEFD_ACL_OWNER_AND_ROOT;
	judge_acl(&launch->options);
}

/* Who sends such a message has decided by allow_other whom the kernel lets in,
 * and does not say it. Where the mount is, nobody here knows; the primary
 * stands in, by the name that programs take for a mountpoint. */
static void fill_foreign(struct received *received, struct launch *launch)
{
	char *path;

	if (asprintf(&path, "/dev/fd/%d", received->message.fds[0]) < 0)
		die("out of memory");
	received->mountpoint.path = path;
	received->owner.uid = geteuid();
	launch->options.mount.allow_other = true;
}

static int make_payload_fd(const struct fusefd_message *message)
{
	const int fd = memfd_create("fusefd-payload", MFD_ALLOW_SEALING);

	if (fd < 0 ||
	    write(fd, message->payload, message->length) !=
		    (ssize_t)message->length ||
	    lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		die("cannot keep the sender's payload: %s", strerror(errno));
	return fd;
}

static void keep_payload(struct received *received, struct launch *launch)
{
	struct options *options = &launch->options;
	const int fd = make_payload_fd(&received->message);

	snprintf(received->payload_fd, sizeof(received->payload_fd), "%d", fd);
	launch->handoff.payload_fd = received->payload_fd;
	/* Among those that are COMMAND's alone. */
	options->keep_fds = need_memory(
		reallocarray(options->keep_fds, options->keep_fd_count + 1,
			     sizeof(*options->keep_fds)));
	options->keep_fds[options->keep_fd_count++] = fd;
}

/* A program that is handed one fd in its arguments uses that one, and would
 * leak the others to its children; but not where it is lent the others. */
static void drop_clones(struct fusefd_message *message)
{
	while (message->count > 1)
		close(message->fds[--message->count]);
}

void received_fill(struct received *received, struct launch *launch)
{
	struct fusefd_message *message = &received->message;

	if (received_by_one_fd(&launch->options) && !launch->options.unmodified)
		drop_clones(message);
	move_down(message->fds, message->count, launch->options.first_fd);
	launch->handoff = (struct handoff){
		.fds = message->fds,
		.count = message->count,
		.mountpoint = &received->mountpoint,
		.owner = &received->owner,
	};
	if (received_is_ours(received)) {
		fill_facts(received, launch);
		return;
	}
	fill_foreign(received, launch);
	keep_payload(received, launch);
}
