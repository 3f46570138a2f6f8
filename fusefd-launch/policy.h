/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a user may mount, where, and how often. root may do as it likes and
 * is not asked about here. Policy decides by what it is told; it opens
 * nothing and changes nothing.
 */
#ifndef FUSEFD_LAUNCH_POLICY_H
#define FUSEFD_LAUNCH_POLICY_H

#include "fuse_conf.h"
#include "mount_options.h"
#include "mountpoint.h"
#include "privileges.h"

/* Each dies with the reason where it is not allowed. */
void policy_judge_options(const struct mount_options *options,
			  const struct fuse_conf *conf);
void policy_judge_mountpoint(const struct mountpoint *mountpoint,
			     const struct caller *caller);
void policy_judge_count(unsigned long mounts, const struct fuse_conf *conf);

/* The same of the mounts with the new one among them, without dying. */
bool policy_allows_count(unsigned long mounts, const struct fuse_conf *conf);

#endif
