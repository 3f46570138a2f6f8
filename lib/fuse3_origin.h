/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Origin: which device fd a request was read from.
 *
 * The kernel takes an answer only on the device fd that handed out the request,
 * but libfuse forgets which one that was: all that comes back with an answer
 * is the request's unique, its number on the connection. This remembers the
 * rest, for requests that are answered by another thread, too.
 */
#ifndef FUSEFD_FUSE3_ORIGIN_H
#define FUSEFD_FUSE3_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

struct fusefd_origin;

/* For workers 0 to workers - 1. NULL: out of memory. */
struct fusefd_origin *fusefd_origin_new(size_t workers);
void fusefd_origin_free(struct fusefd_origin *origin);

/* The thread that handles a request brackets it with these two, where the
 * request wants an answer; a worker has one at a time. unique is not 0. What
 * is not answered by the end is remembered until it is; where memory is short,
 * it is not. */
void fusefd_origin_begin(struct fusefd_origin *origin, size_t worker,
			 uint64_t unique);
void fusefd_origin_end(struct fusefd_origin *origin);

/* From any thread: the worker that read the request, into *worker. false where
 * that is not known. take is for the answer, and forgets the request; peek is
 * for whatever else concerns it. */
bool fusefd_origin_take(struct fusefd_origin *origin, uint64_t unique,
			size_t *worker);
bool fusefd_origin_peek(struct fusefd_origin *origin, uint64_t unique,
			size_t *worker);

#pragma GCC visibility pop

#endif
