/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *     nullfs serve        fusefd_serve()
 *     nullfs bare         N threads with a read() and a writev() each
 *     nullfs fuse3-ours   libfuse3 on fusefd_fuse3_session_loop()
 *                         (these on a handoff, with a worker per device fd)
 *     nullfs fuse3-own THREADS MOUNTPOINT     libfuse3 as it is
 *     nullfs fuse3-clone THREADS MOUNTPOINT   the same with clone_fd
 */
#include "nullfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

int main(int argc, char *argv[])
{
	const char *mode = argc > 1 ? argv[1] : "";
	unsigned int threads;

	if (argc == 2 && strcmp(mode, "serve") == 0)
		return raw_serve();
	if (argc == 2 && strcmp(mode, "bare") == 0)
		return raw_bare();
	if (argc == 2 && strcmp(mode, "fuse3-ours") == 0)
		return fuse3_ours();
	threads = argc == 4 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	if (threads && strcmp(mode, "fuse3-own") == 0)
		return fuse3_own(false, threads, argv[3]);
	if (threads && strcmp(mode, "fuse3-clone") == 0)
		return fuse3_own(true, threads, argv[3]);
	fprintf(stderr, "usage: nullfs serve|bare|fuse3-ours\n"
			"       nullfs fuse3-own|fuse3-clone THREADS "
			"MOUNTPOINT\n");
	return EXIT_USAGE;
}
