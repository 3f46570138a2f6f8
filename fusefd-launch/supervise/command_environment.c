/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise/command_environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/text.h"
#include "launch/command/unmodified.h"
#include "lib/protocol.h"

void command_environment_build(struct environment *environment,
			       const char *notify_socket, size_t more)
{
	size_t count = 0;

	while (environ[count])
		count++;
	*environment = (struct environment){
		.variables = need_memory(
			calloc(count + 1 + more + 1, sizeof(char *))),
		.count = count,
	};
	memcpy(environment->variables, environ, count * sizeof(char *));
	environment_replace(environment, "NOTIFY_SOCKET", notify_socket);
}

void command_environment_add_stand_ins(struct environment *environment)
{
	unmodified_environment(environment, environ, FUSEFD_SUPERVISED_HERE);
}

void command_environment_add_listen_fds(struct environment *environment,
					size_t count)
{
	struct text names = {0};

	text_add(&names, "fusefd-primary");
	for (size_t i = 1; i < count; i++)
		text_add(&names, ":fusefd-clone");
	environment_add(environment, "LISTEN_FDS=%zu", count);
	environment_add(environment, "LISTEN_PID=%d", (int)getpid());
	environment_add(environment, "LISTEN_FDNAMES=%s", names.bytes);
}
