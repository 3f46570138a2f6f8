/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuse3_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int make(struct fusefd_pipe *copy)
{
	if (copy->ends[0] != -1)
		return 0;
	return pipe2(copy->ends, O_CLOEXEC | O_NONBLOCK) ? -errno : 0;
}

/* tee() copies no bytes, but references to them. */
int fusefd_pipe_peek(struct fusefd_pipe *copy, int pipe, void *start,
		     size_t size)
{
	int error = make(copy);
	ssize_t length;

	if (error)
		return error;
	length = tee(pipe, copy->ends[1], size, SPLICE_F_NONBLOCK);
	if (length > 0)
		length = read(copy->ends[0], start, (size_t)length);
	if (length == (ssize_t)size)
		return 0;
	error = length < 0 ? -errno : -EIO;
	/* Nothing may be left in it for the next. */
	fusefd_pipe_close(copy);
	return error;
}

void fusefd_pipe_close(struct fusefd_pipe *copy)
{
	for (int i = 0; i < 2; i++)
		if (copy->ends[i] != -1)
			(void)close(copy->ends[i]);
	*copy = FUSEFD_NO_PIPE;
}
