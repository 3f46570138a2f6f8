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
#include "common/text.h"
#include "launch/command/placeholders.h"
#include "launch/command/unmodified.h"
#include "lib/announcement.h"
#include "lib/answer.h"
#include "lib/protocol.h"
#include "lib/stand-in/supervisor.h"
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

static void judge_acl(const struct received *received,
		      const struct options *options)
{
	if (received->acl != FUSEFD_ACL_OWNER_AND_ROOT)
		return;
	if (options->unmodified || received_by_one_fd(options))
		die("the sender's 'allow_root' does not go with %s: COMMAND "
		    "would let everybody in",
		    options->unmodified ? "--unmodified" : "{} or {fd}");
}

static void fill_facts(struct received *received, const struct options *options)
{
	const struct fusefd_message *message = &received->message;
	struct fusefd_announcement said;

	if (fusefd_read_payload(&said, message->payload, message->length) ||
	    fusefd_parse_facts(&said, &received->acl, &received->owner))
		die("cannot read the handoff a second time");
	received->mountpoint = said.mountpoint;
	judge_acl(received, options);
}

/* The sender of such a message has decided by allow_other whom the kernel lets
 * in, and does not say it. Nobody here knows where the mount is; the primary
 * stands in, by the name that programs take for a mountpoint. */
static void fill_foreign(struct received *received)
{
	char *path;

	if (asprintf(&path, "/dev/fd/%d", received->message.fds[0]) < 0)
		die("out of memory");
	received->mountpoint = path;
	received->owner = geteuid();
	received->acl = FUSEFD_ACL_ALL;
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

/* It is among those that are COMMAND's alone. */
static void keep_payload(struct received *received, struct options *options)
{
	received->payload_fd = make_payload_fd(&received->message);
	options->keep_fds = need_memory(
		reallocarray(options->keep_fds, options->keep_fd_count + 1,
			     sizeof(*options->keep_fds)));
	options->keep_fds[options->keep_fd_count++] = received->payload_fd;
}

/* A program that is handed one fd in its arguments uses that one, and would
 * leak the others to its children; but not if it is lent the others. */
static void drop_clones(struct fusefd_message *message)
{
	while (message->count > 1)
		close(message->fds[--message->count]);
}

static void inherit(const struct fusefd_message *message)
{
	for (size_t i = 0; i < message->count; i++)
		if (fcntl(message->fds[i], F_SETFD, 0))
			die("cannot pass on fd %d: %s", message->fds[i],
			    strerror(errno));
}

void received_fill(struct received *received, struct options *options)
{
	struct fusefd_message *message = &received->message;

	if (received_by_one_fd(options) && !options->unmodified)
		drop_clones(message);
	move_down(message->fds, message->count, options->first_fd);
	received->payload_fd = -1;
	if (received_is_ours(received)) {
		fill_facts(received, options);
	} else {
		fill_foreign(received);
		keep_payload(received, options);
	}
	inherit(message);
}

/* ---- What COMMAND learns of it ---------------------------------------------- */

static const char *acl_name(enum fusefd_acl acl)
{
	switch (acl) {
	case FUSEFD_ACL_ALL:
		return FUSEFD_ACL_NAME_ALL;
	case FUSEFD_ACL_OWNER_AND_ROOT:
		return FUSEFD_ACL_NAME_OWNER_AND_ROOT;
	default:
		return FUSEFD_ACL_NAME_OWNER;
	}
}

/* The five of the protocol, FUSEFD_PAYLOAD_FD, NOTIFY_SOCKET, and the three of
 * --listen-fds. */
#define VARIABLES 10

void received_environment(const struct received *received,
			  const struct options *options, char *const *callers,
			  const char *mountpoint, const char *notify_socket,
			  struct environment *environment)
{
	static const struct owner caller; /* whose HOME stays */

	environment_build(environment, callers, &caller,
			  VARIABLES + UNMODIFIED_VARIABLES);
	environment_add(environment, FUSEFD_NAME_PROTOCOL "=%s",
			FUSEFD_PROTOCOL_VERSION);
	environment_add(environment, FUSEFD_NAME_FDS "=%s",
			text_join_numbers(received->message.fds,
					  received->message.count));
	environment_add(environment, FUSEFD_NAME_MOUNTPOINT "=%s", mountpoint);
	environment_add(environment, FUSEFD_NAME_ACL "=%s",
			acl_name(received->acl));
	environment_add(environment, FUSEFD_NAME_OWNER "=%u", received->owner);
	if (received->payload_fd >= 0)
		environment_add(environment, FUSEFD_NAME_PAYLOAD_FD "=%d",
				received->payload_fd);
	environment_replace(environment, "NOTIFY_SOCKET", notify_socket);
	if (options->unmodified)
		unmodified_environment(environment, callers,
				       FUSEFD_SUPERVISED_ELSEWHERE);
}

void received_fill_command(const struct received *received, char **command,
			   const char *mountpoint)
{
	char fd[16], path[32];

	snprintf(fd, sizeof(fd), "%d", received->message.fds[0]);
	snprintf(path, sizeof(path), "/dev/fd/%d", received->message.fds[0]);
	placeholders_replace(command, &(struct placeholder_values){
					      .path = path,
					      .fd = fd,
					      .fds = text_join_numbers(
						      received->message.fds,
						      received->message.count),
					      .mountpoint = mountpoint,
				      });
}
