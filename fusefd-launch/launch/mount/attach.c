/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/attach.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "common/die.h"
#include "launch/mount/fuse_conf.h"

void attach_know_mount(struct attachment *attachment, uid_t owner)
{
	if (!identity_read(&attachment->identity, attachment->mount, owner))
		die("cannot mount: the mount has no id: %s", strerror(errno));
}

/* What may take time comes first. */
static int look_before(const struct attachment *attachment)
{
	if (attachment->judged &&
	    !mountpoint_is_unchanged(attachment->mountpoint))
		return ESTALE;
	return mountpoint_is_covered(attachment->mountpoint) ? EBUSY : 0;
}

static int move(const struct attachment *attachment, bool *moved)
{
	const struct privileges *privileges = attachment->privileges;
	int error = 0;

	if (!privileges_try_raise(privileges))
		return errno;
	*moved = move_mount(attachment->mount, "",
			    attachment->mountpoint->at.fd, "",
			    MOVE_MOUNT_F_EMPTY_PATH |
				    MOVE_MOUNT_T_EMPTY_PATH) == 0;
	if (!*moved)
		error = errno;
	if (!privileges_try_lower(privileges) && !error)
		error = errno;
	return error;
}

/* The kernel attaches to what is topmost there. If somebody has mounted
 * something on the mountpoint since it was judged, that has not been judged.
 *
 * And launches at the same moment may all have found room for one mount more:
 * each looks again when its own one counts, so that no two of them pass. */
static int look_behind(struct attachment *attachment)
{
	unsigned long count;
	const int error =
		identity_look(&attachment->identity,
			      &attachment->mountpoint->at, &attachment->info);

	/* What somebody mounts on ours is another matter. */
	if (error && error != EBUSY)
		return error == EINVAL ? EBUSY : error;
	if (!attachment->judged || !attachment->limited)
		return 0;
	if (!mountinfo_count_fuse_of(&attachment->info,
				     attachment->identity.owner, &count))
		return errno;
	return count > attachment->limit ? EDQUOT : 0;
}

int attach(struct attachment *attachment)
{
	const struct place itself = {
		.fd = attachment->mount,
		.mount_id = attachment->identity.id,
		.mount_unique = attachment->identity.unique,
	};
	bool moved = false;
	int error = look_before(attachment);

	if (!error)
		error = move(attachment, &moved);
	if (!error)
		error = look_behind(attachment);
	/* By the mount's own fd, which leads to it wherever it landed. */
	if (error && moved)
		(void)identity_unmount(&attachment->identity, &itself,
				       MNT_DETACH, &attachment->info,
				       attachment->privileges);
	return error;
}

const char *attach_reason(int error)
{
	switch (error) {
	case ENOENT:
		return "it was removed meanwhile";
	case ESTALE:
		return "its owner or its mode was changed meanwhile";
	case EBUSY:
		return "something else was mounted there meanwhile";
	case EDQUOT:
		return "with what you mount elsewhere at the same moment it "
		       "is more than 'mount_max' in " FUSE_CONF_PATH " allows";
	default:
		return strerror(error);
	}
}
