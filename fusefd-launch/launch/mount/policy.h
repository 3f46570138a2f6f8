/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a user may mount, where, and how often. root may do as it likes and
 * is not asked about here. Policy decides by what it is told; it opens
 * nothing and changes nothing.
 */
#ifndef FUSEFD_LAUNCH_POLICY_H
#define FUSEFD_LAUNCH_POLICY_H

#include "launch/mount/fuse_conf.h"
#include "launch/mount/mount_options.h"
#include "launch/mount/mountinfo.h"
#include "launch/mount/mountpoint.h"
#include "launch/privilege/privileges.h"

/* Each dies with the reason where it is not allowed. */
void policy_judge_options(const struct mount_options *options,
			  const struct fuse_conf *conf);
void policy_judge_mountpoint(const struct mountpoint *mountpoint,
			     const struct caller *caller);
void policy_judge_count(struct mountinfo *info, uid_t uid,
			const struct fuse_conf *conf);

enum unmount_verdict {
	UNMOUNT_ALLOWED,
	UNMOUNT_NOT_FUSE,  /* for root too: umount(8) is for these */
	UNMOUNT_NOT_YOURS, /* or nobody knows whose */
	UNMOUNT_PART,	   /* a bind mount of a part of a FUSE mount */
	UNMOUNT_COPY,	   /* a bind mount of all of it */
};

/* What the caller may unmount. original: the mount that it is a copy of, or
 * NULL. A bind mount is made by root, who has a use for it. */
enum unmount_verdict policy_judge_unmount(const struct mount_entry *mount,
					  const struct mount_entry *original,
					  const struct caller *caller);

/* The same of a mount inside, which a lazy unmount takes with it. */
bool policy_allows_inner(const struct mount_entry *inner,
			 const struct caller *caller);

#endif
