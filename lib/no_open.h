/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel's no_open, kept by the session.
 *
 * The kernel asks no more for what was answered with ENOSYS once. After an
 * OPEN or OPENDIR it opens by itself from then on, for everybody (no_open and
 * no_opendir in fs/fuse, Linux 3.16 and 5.1), and after an ACCESS it permits
 * every access(2) and chdir(2) (no_access). If the kernel lets everybody into
 * the mount and only the session refuses (allow_root), that would take the
 * session's check away, for files in the page cache too.
 *
 * So the kernel never gets that ENOSYS. The session answers with what the
 * kernel would have done (success, fh 0, caching allowed), and does not pass
 * such requests to the filesystem any more: it sees the same requests as from
 * a kernel that has stopped asking, and no RELEASE of a file that it did not
 * open.
 */
#ifndef FUSEFD_NO_OPEN_H
#define FUSEFD_NO_OPEN_H

#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct fusefd_handoff;

/* What a filesystem may be without. */
enum fusefd_lack {
	FUSEFD_NO_OPEN,
	FUSEFD_NO_OPENDIR,
	FUSEFD_NO_ACCESS,
	FUSEFD_LACKS,
};

#define FUSEFD_NO_OPEN_BUCKETS 64

/* Part of a handoff, as what it stands for is part of the connection. */
struct fusefd_no_open {
	atomic_bool lacks[FUSEFD_LACKS];

	/* The filesystem itself has given 0 for a handle (of a file, of a
	 * directory), so that a RELEASE of 0 may be its own. */
	atomic_bool gives_zero[2];

	/* Requests that the filesystem has, and whose answers matter here. */
	pthread_mutex_t lock;
	atomic_size_t count;
	struct fusefd_asked *asked[FUSEFD_NO_OPEN_BUCKETS];
};

void fusefd_no_open_init(struct fusefd_no_open *no_open);
void fusefd_no_open_destroy(struct fusefd_no_open *no_open);

/* For a request on its way to the filesystem: true if the session has answered
 * it, and the filesystem is not to see it. */
bool fusefd_no_open_request(struct fusefd_handoff *handoff, size_t index,
			    const struct fuse_in_header *request,
			    size_t length);

/* fusefd_reply(), while the filesystem has requests of those kinds. */
int fusefd_no_open_reply(struct fusefd_handoff *handoff, size_t index,
			 const struct iovec *iov, int count);

#endif
