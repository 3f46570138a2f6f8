/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fusefd_from_socket(): a handoff that comes over a Unix socket, and its way
 * back to a sender that waits until the filesystem is ready.
 */
#include "announcement.h"
#include "answer.h"
#include "handoff.h"
#include "message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Asked first, because reading from what cannot bring a handoff would take
 * somebody's bytes. */
static int check_socket(int socket)
{
	struct sockaddr_un peer = {0};
	socklen_t length = sizeof(peer);

	if (getpeername(socket, (struct sockaddr *)&peer, &length) < 0)
		return -errno;
	return peer.sun_family == AF_UNIX ? 0 : -EAFNOSUPPORT;
}

/* A foreign sender says nothing that we understand. Whom the kernel lets in
 * was his to say, by allow_other; and since the owner is not known, there is
 * nobody whom the session could refuse. */
static int describe(struct fusefd_handoff *handoff,
		    const struct fusefd_message *message)
{
	struct fusefd_announcement said;
	int error;

	if (fusefd_message_is_foreign(message)) {
		handoff->acl = FUSEFD_ACL_ALL;
		handoff->owner = FUSEFD_UNKNOWN_OWNER;
		return 0;
	}
	error = fusefd_read_payload(&said, message->payload, message->length);
	return error ? error : fusefd_handoff_describe(handoff, &said);
}

/* The caller may close his end of it, and leave it nonblocking or not; and no
 * child of the filesystem shall keep the sender waiting. */
static int keep_way_back(struct fusefd_handoff *handoff, int socket)
{
	handoff->answer = fcntl(socket, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return handoff->answer < 0 ? -errno : 0;
}

static int fill(struct fusefd_handoff *handoff,
		const struct fusefd_message *message)
{
	int error = describe(handoff, message);

	if (error)
		return error;
	memcpy(handoff->fds, message->fds,
	       message->count * sizeof(*message->fds));
	handoff->count = message->count;
	return fusefd_handoff_adopt(handoff);
}

/* On failure the fds are still the message's. */
static int make_handoff(struct fusefd_handoff **result,
			const struct fusefd_message *message, int socket)
{
	struct fusefd_handoff *handoff = fusefd_handoff_create();
	int error;

	if (!handoff)
		return -ENOMEM;
	error = fill(handoff, message);
	if (!error && !fusefd_message_is_foreign(message))
		error = keep_way_back(handoff, socket);
	if (error) {
		fusefd_handoff_discard(handoff);
		return error;
	}
	fusefd_notify_from_env(&handoff->notify);
	*result = handoff;
	return 0;
}

static int receive(struct fusefd_handoff **result,
		   struct fusefd_message *message, int socket)
{
	int error = fusefd_message_receive(message, socket);

	if (error)
		return error;
	error = make_handoff(result, message, socket);
	if (error)
		fusefd_message_close_fds(message);
	return error;
}

/* Who does not speak the protocol does not expect an answer. */
static void answer(const struct fusefd_message *message, int socket, int error)
{
	if (fusefd_message_is_foreign(message))
		return;
	if (error)
		fusefd_answer_failed(socket, error,
				     fusefd_message_reason(error));
	else
		fusefd_answer_taken(socket);
}

int fusefd_from_socket(struct fusefd_handoff **handoff, int socket)
{
	struct fusefd_message *message;
	int error;

	if (!handoff)
		return -EINVAL;
	error = check_socket(socket);
	if (error)
		return error;
	message = malloc(sizeof(*message));
	if (!message)
		return -ENOMEM;
	error = receive(handoff, message, socket);
	answer(message, socket, error);
	free(message);
	return error;
}

void fusefd_handoff_ready(struct fusefd_handoff *handoff)
{
	if (handoff->answer == -1)
		return;
	fusefd_answer_ready(handoff->answer);
	(void)close(handoff->answer);
	handoff->answer = -1;
}
