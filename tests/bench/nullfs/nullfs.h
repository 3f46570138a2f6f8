/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nullfs: a filesystem that costs next to nothing, so that what is measured is
 * the kernel's part and that of the loop which carries its requests.
 *
 * The tree is the same for both front ends, and so are the bytes they answer
 * with; the kernel keeps nothing, so that each call of a client is a request.
 *
 *   file0 … file63  FILE_SIZE zeros, which take writes and forget them
 *   dir0 … dir63    in each there may be one file, "new"
 *   many            a thousand entries, to be listed only
 *   dir0/wait, …    do not exist; a lookup says so when each worker has one
 */
#ifndef NULLFS_H
#define NULLFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* What both front ends agree on with the kernel. */
#define MAX_WRITE	     (1u << 20)
#define MAX_BACKGROUND	     64
#define CONGESTION_THRESHOLD 48

/* ---- tree.c ------------------------------------------------------------- */

/* Before anything else; workers: how many there are. */
void tree_plant(unsigned int workers);

/* The node of a name, 0 where there is none. */
uint64_t tree_find(uint64_t parent, const char *name);

/* Make the name, or remove it: the node that it is or was, 0 where there can
 * be none of that name. */
uint64_t tree_create(uint64_t parent, const char *name);
uint64_t tree_unlink(uint64_t parent, const char *name);

struct stat tree_stat(uint64_t node);

/* What a read of so much at this place gives; valid for ever. */
size_t tree_read(uint64_t offset, size_t room, const char **bytes);

/* The entries of a directory from that one on, as many as there is room for,
 * each a struct fuse_dirent. */
size_t tree_list(uint64_t node, uint64_t from, size_t room, const char **bytes);

/* ---- The front ends: what main() ends with ------------------------------ */

/* raw.c: the protocol itself, on the device fds of a handoff. */
int raw_serve(void);
int raw_bare(void);

/* fuse3.c: libfuse3's low-level interface. The last mounts for itself, and
 * has that many threads. */
int fuse3_ours(void);
int fuse3_own(bool clone_fd, unsigned int threads, const char *mountpoint);

#endif
