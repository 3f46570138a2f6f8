/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may use the filesystem.
 */
#ifndef FUSEFD_ACL_H
#define FUSEFD_ACL_H

#include <fusefd.h>
#include <linux/fuse.h>
#include <stdbool.h>

/* Whether the session may pass this request to the filesystem. length: of the
 * message that begins with the header. Pure. */
bool fusefd_acl_allows(enum fusefd_acl acl, uid_t owner,
		       const struct fuse_in_header *request, size_t length);

#endif
