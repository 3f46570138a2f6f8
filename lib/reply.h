/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reply goes through on its way, beside fusefd_reply().
 */
#ifndef FUSEFD_REPLY_H
#define FUSEFD_REPLY_H

#include <stddef.h>
#include <sys/uio.h>

struct fusefd_handoff;

/* Write it as it is. index is valid. 0 or a negative errno. */
int fusefd_write_reply(const struct fusefd_handoff *handoff, size_t index,
		       const struct iovec *iov, int count);

/* Copy the first bytes of a reply, however its iovec divides it; how many. */
size_t fusefd_gather_reply(void *into, size_t size, const struct iovec *iov,
			   int count);

#endif
