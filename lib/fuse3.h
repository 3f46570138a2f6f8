/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the parts of libfusefd-fuse3 share, beside its interface.
 */
#ifndef FUSEFD_FUSE3_PRIVATE_H
#define FUSEFD_FUSE3_PRIVATE_H

#include "include/fusefd_fuse3.h"

#pragma GCC visibility push(hidden)

/* From now on the session handles one request at a time: fuse_main()'s -s.
 * After attach, before the loop. */
void fusefd_fuse3_session_serialize(struct fuse_session *se);

#pragma GCC visibility pop

#endif
