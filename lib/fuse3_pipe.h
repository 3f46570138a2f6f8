/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libfuse splices an answer from a pipe, and tells nothing of it but its
 * length. What it answers stands in its header, which begins the pipe's
 * content, and has to stay there.
 */
#ifndef FUSEFD_FUSE3_PIPE_H
#define FUSEFD_FUSE3_PIPE_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* A pipe of our own for the copy; made when it is first used. */
struct fusefd_pipe {
	int ends[2];
};

#define FUSEFD_NO_PIPE ((struct fusefd_pipe){{-1, -1}})

/* Copy what the pipe begins with to start. 0 or a negative errno; -EIO where
 * there is less. One thread at a time for one copy. */
int fusefd_pipe_peek(struct fusefd_pipe *copy, int pipe, void *start,
		     size_t size);

void fusefd_pipe_close(struct fusefd_pipe *copy);

#pragma GCC visibility pop

#endif
