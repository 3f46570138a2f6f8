/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/send/handoff_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/die.h"
#include "lib/protocol.h"

static void add(struct handoff_message *message, const char *name,
		const char *value)
{
	const size_t room = sizeof(message->payload) - message->length;
	const int length = snprintf(message->payload + message->length, room,
				    "%s=%s", name, value);

	/* Its NUL is part of the message. */
	if (length < 0 || (size_t)length + 1 >= room)
		die("cannot hand over %s: its path is too long for a message",
		    quoted(message->handoff->announcement.mountpoint));
	message->length += (size_t)length + 1;
}

/* The protocol comes first: by that a receiver knows what the rest is. */
void handoff_message_build(struct handoff_message *message,
			   const struct inherited_handoff *handoff,
			   const char *payload)
{
	const struct fusefd_announcement *facts = &handoff->announcement;

	*message = (struct handoff_message){.handoff = handoff};
	if (payload) {
		message->length = strlen(payload);
		memcpy(message->payload, payload, message->length);
		return;
	}
	add(message, FUSEFD_NAME_PROTOCOL, facts->protocol);
	add(message, FUSEFD_NAME_MOUNTPOINT, facts->mountpoint);
	add(message, FUSEFD_NAME_ACL, facts->acl);
	add(message, FUSEFD_NAME_OWNER, facts->owner);
}

/* The kernel takes a stream's message of this size in one piece. */
int handoff_message_send(const struct handoff_message *message, int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FUSEFD_MAX_FDS * sizeof(int))];
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
