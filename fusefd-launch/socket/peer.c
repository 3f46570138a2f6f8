/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket/peer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/number.h"

/* The last word of the first line. */
static bool read_number(const char *path, unsigned long *number)
{
	FILE *file = fopen(path, "re");
	char line[64] = "", *word = line, *rest = line;

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	while (rest)
		word = strsep(&rest, " ");
	return number_parse(word, UINT32_MAX, number);
}

/* The initial user namespace maps all 4294967295 uids to themselves, in one line
 * (user_namespaces(7)); the count stands last. In it the overflow uid is a user
 * like any other, "nobody" as a rule; in any other namespace it stands for all
 * that are not mapped. */
static bool stands_for_unmapped(uid_t uid)
{
	unsigned long mapped, overflow;

	return read_number("/proc/self/uid_map", &mapped) &&
	       mapped != UINT32_MAX &&
	       read_number("/proc/sys/kernel/overflowuid", &overflow) &&
	       uid == overflow;
}

bool peer_is_root_or(int socket, uid_t user, uid_t *uid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	*uid = (uid_t)-1;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return false;
	*uid = peer.uid;
	return peer.uid == 0 || peer.uid == user ||
	       stands_for_unmapped(peer.uid);
}
