/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand-in/supervisor.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/announced.h"
#include "preload/notify_supervisor.h"
#include "protocol.h"

/* A supervisor that takes longer has failed to attach it, and says why. */
#define PATIENCE_MS 10000

static void take_launchers(char *variable)
{
	char *value = strchr(variable, '=');

	if (!value ||
	    (strncmp(variable, FUSEFD_PREFIX, sizeof(FUSEFD_PREFIX) - 1) != 0 &&
	     strncmp(variable, "NOTIFY_SOCKET=", 14) != 0))
		return;
	*value++ = '\0';
	(void)setenv(variable, value, 1);
}

void supervisor_ask_parent(void)
{
	char *variable = NULL, name[32];
	size_t size = 0;
	FILE *file;

	(void)snprintf(name, sizeof(name), "/proc/%d/environ", getppid());
	file = fopen(name, "re");
	if (!file)
		return;
	while (getdelim(&variable, &size, '\0', file) > 0)
		take_launchers(variable);
	free(variable);
	(void)fclose(file);
}

void supervisor_unmount(void)
{
	(void)notify_supervisor("STOPPING=1");
}

/* 0: not to be had. DONT_SYNC: what is mounted there does not answer yet. */
static uint64_t mount_at(const char *path)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &status))
		return 0;
	return status.stx_mnt_id;
}

static void have_attached(const char *mountpoint)
{
	struct pollfd mounts = {.events = POLLPRI};
	const uint64_t before = mount_at(mountpoint);

	if (!before)
		return;
	mounts.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (mounts.fd < 0)
		return;
	(void)notify_supervisor("READY=1");
	while (mount_at(mountpoint) == before &&
	       poll(&mounts, 1, PATIENCE_MS) > 0)
		;
	(void)close(mounts.fd);
}

static void put_file(const char *folder)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" SUPERVISED_FILE, folder);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
}

void supervisor_attach(const char *mountpoint)
{
	if (!announced.supervised)
		return;
	if (strcmp(announced.supervised, FUSEFD_SUPERVISED_ELSEWHERE) == 0)
		put_file(mountpoint);
	else
		have_attached(mountpoint);
}
