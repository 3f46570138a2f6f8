/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/attach.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "launch/mount/mount.h"
#include "launch/mount/mount_unique.h"
#include "launch/mount/mountinfo.h"
#include "launch/mount/policy.h"

const char *attach_mount(const struct launch *launch)
{
	if (move_mount(launch->mount, "", launch->mountpoint.fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return NULL;
	return errno == ENOENT ? "it was removed meanwhile" : strerror(errno);
}

/* What mountinfo says of the mount, or as much of it as is needed: to read it
 * takes the longer the more mounts there are. */
static bool look(const struct launch *launch, struct mountinfo *info)
{
	uint64_t id;

	*info = (struct mountinfo){
		.parent = mount_unique_parent(mount_unique_id(launch->mount)),
	};
	if (info->parent && (launch->caller.root || !launch->conf.limited))
		return true;
	id = mount_id(launch->mount);
	return id && mountinfo_read(info, launch->caller.uid, id);
}

/* The kernel attaches to what is topmost there. Where somebody has mounted
 * something on the mountpoint since it was judged, that has not been judged.
 *
 * And launches at the same moment may all have found room for one mount more:
 * each looks again when its own one counts, so that no two of them pass. */
const char *attach_find_fault(const struct launch *launch)
{
	struct mountinfo info;

	if (!look(launch, &info))
		return strerror(errno);
	if (info.parent != launch->mountpoint.mount_id)
		return "something else was mounted there meanwhile";
	if (!launch->caller.root &&
	    !policy_allows_count(info.count, &launch->conf))
		return "with what you mount elsewhere at the same moment it "
		       "is more than 'mount_max' in " FUSE_CONF_PATH " allows";
	return NULL;
}
