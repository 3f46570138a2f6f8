/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Until it is answered, a request is at one of two places: in the slot of the
 * worker that handles it, or, once that handler has returned without an
 * answer, parked in a table. Most are answered by their own worker before it
 * goes on, and for these nothing is locked: its slot is all there is.
 *
 * Whoever answers takes the request out of its place. Three races matter, and
 * one order settles them: a worker parks a request BEFORE it clears its slot.
 *
 * 1. Another thread answers while the worker parks. It looks into the table,
 *    the slots, and the table again. A slot that no longer has the request was
 *    cleared after the request had been parked (release, acquire), so the
 *    second look into the table finds it.
 *
 * 2. The other thread took the request out of the slot after the worker had
 *    decided to park it. The worker finds its slot cleared already, and takes
 *    its own entry out of the table again; nobody else would.
 *
 * 3. The other thread took the request out of the table before the worker
 *    cleared its slot, which thus names an answered request for a moment.
 *    Nobody asks for it: a request has one answer, and no unique comes twice.
 *
 * A request is in its slot before libfuse sees it, so no answer is too early.
 */
#include "fuse3_origin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define CACHE_LINE 64
#define BUCKETS	   64

/* In a cache line of its own: its worker writes there twice for each request,
 * the others look there now and then. */
struct slot {
	_Alignas(CACHE_LINE) _Atomic uint64_t unique; /* 0: none */
};

struct parked {
	struct parked *next;
	uint64_t unique;
	size_t worker;
};

/* The table is cut by unique into as many shards as there are workers, since
 * that many threads park at the same time. */
struct shard {
	_Alignas(CACHE_LINE) pthread_mutex_t lock;
	struct parked *buckets[BUCKETS];
};

struct fusefd_origin {
	size_t workers;
	struct slot *slots;
	struct shard *shards;
};

/* What this thread is in the middle of, where it is a worker. */
static _Thread_local struct {
	const struct fusefd_origin *origin;
	size_t worker;
} here;

/* ---- Parked requests ---------------------------------------------------- */

/* The kernel numbers requests in steps of 2 (FUSE_REQ_ID_STEP). */
static struct shard *shard_of(struct fusefd_origin *origin, uint64_t unique)
{
	return &origin->shards[unique / 2 % origin->workers];
}

static struct parked **find_parked(struct fusefd_origin *origin,
				   struct shard *shard, uint64_t unique)
{
	size_t bucket = unique / 2 / origin->workers % BUCKETS;
	struct parked **at = &shard->buckets[bucket];

	while (*at && (*at)->unique != unique)
		at = &(*at)->next;
	return at;
}

static void park(struct fusefd_origin *origin, uint64_t unique, size_t worker)
{
	struct shard *shard = shard_of(origin, unique);
	struct parked *parked = malloc(sizeof(*parked));

	if (!parked)
		return;
	*parked = (struct parked){.unique = unique, .worker = worker};
	pthread_mutex_lock(&shard->lock);
	*find_parked(origin, shard, unique) = parked;
	pthread_mutex_unlock(&shard->lock);
}

static bool in_table(struct fusefd_origin *origin, uint64_t unique,
		     size_t *worker, bool take)
{
	struct shard *shard = shard_of(origin, unique);
	struct parked **at, *found;

	pthread_mutex_lock(&shard->lock);
	at = find_parked(origin, shard, unique);
	found = *at;
	if (found)
		*worker = found->worker;
	if (found && take)
		*at = found->next;
	pthread_mutex_unlock(&shard->lock);
	if (take)
		free(found);
	return found != NULL;
}

/* ---- Requests in a worker's hands --------------------------------------- */

static bool in_slot(struct slot *slot, uint64_t unique, bool take)
{
	if (atomic_load_explicit(&slot->unique, memory_order_acquire) != unique)
		return false;
	return !take ||
	       atomic_compare_exchange_strong(&slot->unique, &unique, 0);
}

static bool in_slots(struct fusefd_origin *origin, uint64_t unique,
		     size_t *worker, bool take)
{
	for (size_t i = 0; i < origin->workers; i++) {
		if (in_slot(&origin->slots[i], unique, take)) {
			*worker = i;
			return true;
		}
	}
	return false;
}

void fusefd_origin_begin(struct fusefd_origin *origin, size_t worker,
			 uint64_t unique)
{
	here.origin = origin;
	here.worker = worker;
	atomic_store_explicit(&origin->slots[worker].unique, unique,
			      memory_order_release);
}

void fusefd_origin_end(struct fusefd_origin *origin)
{
	size_t worker = here.worker;
	struct slot *slot = &origin->slots[worker];
	uint64_t unique =
		atomic_load_explicit(&slot->unique, memory_order_acquire);

	here.origin = NULL;
	if (unique == 0)
		return;
	park(origin, unique, worker);
	if (atomic_exchange(&slot->unique, 0) == 0)
		(void)in_table(origin, unique, &worker, true); /* race 2 */
}

/* ---- Asking ------------------------------------------------------------- */

static bool find(struct fusefd_origin *origin, uint64_t unique, size_t *worker,
		 bool take)
{
	if (here.origin == origin &&
	    in_slot(&origin->slots[here.worker], unique, take)) {
		*worker = here.worker;
		return true;
	}
	return in_table(origin, unique, worker, take) ||
	       in_slots(origin, unique, worker, take) ||
	       in_table(origin, unique, worker, take); /* race 1 */
}

bool fusefd_origin_take(struct fusefd_origin *origin, uint64_t unique,
			size_t *worker)
{
	return find(origin, unique, worker, true);
}

bool fusefd_origin_peek(struct fusefd_origin *origin, uint64_t unique,
			size_t *worker)
{
	return find(origin, unique, worker, false);
}

/* ---- The whole of it ---------------------------------------------------- */

static void free_bucket(struct parked *parked)
{
	while (parked) {
		struct parked *next = parked->next;

		free(parked);
		parked = next;
	}
}

static void initialize(struct fusefd_origin *origin)
{
	for (size_t i = 0; i < origin->workers; i++) {
		struct shard *shard = &origin->shards[i];

		atomic_init(&origin->slots[i].unique, 0);
		pthread_mutex_init(&shard->lock, NULL);
		for (size_t bucket = 0; bucket < BUCKETS; bucket++)
			shard->buckets[bucket] = NULL;
	}
}

struct fusefd_origin *fusefd_origin_new(size_t workers)
{
	struct fusefd_origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		return NULL;
	origin->slots =
		aligned_alloc(CACHE_LINE, workers * sizeof(*origin->slots));
	origin->shards =
		aligned_alloc(CACHE_LINE, workers * sizeof(*origin->shards));
	if (!origin->slots || !origin->shards) {
		fusefd_origin_free(origin);
		return NULL;
	}
	origin->workers = workers;
	initialize(origin);
	return origin;
}

void fusefd_origin_free(struct fusefd_origin *origin)
{
	if (!origin)
		return;
	for (size_t i = 0; i < origin->workers; i++) {
		struct shard *shard = &origin->shards[i];

		for (size_t bucket = 0; bucket < BUCKETS; bucket++)
			free_bucket(shard->buckets[bucket]);
		pthread_mutex_destroy(&shard->lock);
	}
	free(origin->slots);
	free(origin->shards);
	free(origin);
}
