/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/handoff_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/die.h"

static void add(struct handoff_message *message, const char *variable)
{
	const size_t length = strlen(variable) + 1;

	if (length >= sizeof(message->payload) - message->length)
		die("cannot hand over %s: its path is too long for a message",
		    quoted(message->handoff->mountpoint->path));
	memcpy(message->payload + message->length, variable, length);
	message->length += length;
}

/* The protocol comes first: by that a receiver knows what the rest is. */
void handoff_message_build(struct handoff_message *message,
			   const struct handoff *handoff,
			   const struct options *options)
{
	struct environment facts;

	*message = (struct handoff_message){.handoff = handoff};
	if (options->payload) {
		message->length = strlen(options->payload);
		memcpy(message->payload, options->payload, message->length);
		return;
	}
	handoff_facts(&facts, handoff, options);
	for (char **variable = facts.variables; *variable; variable++)
		add(message, *variable);
}

/* The kernel takes a stream's message of this size in one piece. */
int handoff_message_send(const struct handoff_message *message, int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(DEVICE_FDS_MAX * sizeof(int))];
	} control = {0};
	const size_t size = message->handoff->count * sizeof(int);
	struct iovec vector = {
		.iov_base = (void *)(uintptr_t)message->payload,
		.iov_len = message->length,
	};
	const struct msghdr header = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(size),
	};
	ssize_t length;

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control.header), message->handoff->fds, size);
	length = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (length < 0)
		return errno;
	return (size_t)length == message->length ? 0 : EMSGSIZE;
}
