/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUSEFD_LAUNCH_IDS_H
#define FUSEFD_LAUNCH_IDS_H

#include "launch/privilege/privileges.h"

/* Take the owner's groups, gids and uids, and read them back; or death. */
void ids_take(const struct owner *owner);

/* All three uids. false, with errno, if they did not become so. */
bool ids_try_set(uid_t real, uid_t effective, uid_t saved);

/* Effective uid and gid, and read them back; or death. */
void ids_set_effective(uid_t uid, gid_t gid);

#endif
