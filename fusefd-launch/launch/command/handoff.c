/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/handoff.h"

#include <stdio.h>
#include <unistd.h>

#include "common/die.h"
#include "common/text.h"
#include "launch/command/placeholders.h"
#include "launch/command/unmodified.h"
#include "lib/protocol.h"

/* As sd_listen_fds(3) counts. */
#define LISTEN_FDS_START 3

/* The five of the protocol, and FUSEFD_KEEPER_FD or the three of --listen-fds. */
#define VARIABLES 8

static const char *join_names(const struct handoff *handoff)
{
	struct text text = {0};

	text_add(&text, "fusefd-primary");
	for (size_t i = 1; i < handoff->count; i++)
		text_add(&text, ":fusefd-clone");
	return text.bytes;
}

static const char *acl_name(const struct mount_options *options)
{
	if (options->allow_other)
		return FUSEFD_ACL_NAME_ALL;
	return options->allow_root ? FUSEFD_ACL_NAME_OWNER_AND_ROOT
				   : FUSEFD_ACL_NAME_OWNER;
}

void handoff_check_listen_fds(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] != LISTEN_FDS_START + (int)i)
			die("option --listen-fds: fd %d is kept, and the "
			    "device fds must be those from %d on\n"
			    "Move the kept fd to a number of %zu or more.",
			    LISTEN_FDS_START + (int)i, LISTEN_FDS_START,
			    LISTEN_FDS_START + count);
}

static void add_listen_fds(struct environment *environment,
			   const struct handoff *handoff)
{
	environment_add(environment, "LISTEN_FDS=%zu", handoff->count);
	environment_add(environment, "LISTEN_PID=%d", (int)getpid());
	environment_add(environment, "LISTEN_FDNAMES=%s", join_names(handoff));
}

char **handoff_environment(const struct handoff *handoff,
			   const struct options *options, char *const *callers)
{
	struct environment environment;

	environment_build(&environment, callers, handoff->owner,
			  VARIABLES + UNMODIFIED_VARIABLES);
	environment_add(&environment,
			FUSEFD_NAME_PROTOCOL "=" FUSEFD_PROTOCOL_VERSION);
	environment_add(&environment, FUSEFD_NAME_FDS "=%s",
			text_join_numbers(handoff->fds, handoff->count));
	environment_add(&environment, FUSEFD_NAME_MOUNTPOINT "=%s",
			handoff->mountpoint->path);
	environment_add(&environment, FUSEFD_NAME_ACL "=%s",
			acl_name(&options->mount));
	environment_add(&environment, FUSEFD_NAME_OWNER "=%u",
			handoff->owner->uid);
	if (handoff->keeper_fd) {
		/* The rest is for COMMAND alone. */
		environment_add(&environment, FUSEFD_NAME_KEEPER_FD "=%s",
				handoff->keeper_fd);
		return environment.variables;
	}
	if (options->listen_fds)
		add_listen_fds(&environment, handoff);
	if (options->unmodified)
		unmodified_environment(&environment, callers, NULL);
	return environment.variables;
}

void handoff_fill_command(const struct handoff *handoff,
			  const struct options *options)
{
	char fd[16], path[32];

	snprintf(fd, sizeof(fd), "%d", handoff->fds[0]);
	snprintf(path, sizeof(path), "/dev/fd/%d", handoff->fds[0]);
	placeholders_replace(
		options->command,
		&(struct placeholder_values){
			.path = path,
			.fd = fd,
			.fds = text_join_numbers(handoff->fds, handoff->count),
			.mountpoint = handoff->mountpoint->path,
			.source = options->source,
			.options = options->filesystem_options,
		});
}
