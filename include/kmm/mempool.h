/* SPDX-License-Identifier: MIT */
/*
 * kmm/mempool.h - a reserve, so that an allocation that must not fail does not.
 *
 * A pool keeps min_nr elements aside. mempool_alloc() first asks the allocator behind it; when
 * that has nothing, it takes one of these. mempool_free() fills the reserve up before
 * anything goes back. Who holds at most min_nr elements at a time, and gives each back in
 * finite time, is never refused: what writes a page out to make memory needs memory.
 *
 * Context: mempool_create(), _resize(), _destroy(): process context. mempool_alloc(): any if
 * the mask has no __GFP_DIRECT_RECLAIM, and NULL is then possible; with it, the call waits
 * (kmm_cpu_poll()) for an element to come back and never returns NULL. mempool_free(): any.
 * Source of the idea: Linux's mempool (I. Molnar).
 */
#ifndef KMM_MEMPOOL_H
#define KMM_MEMPOOL_H

#include <kmm/slab.h>

typedef void *(mempool_alloc_t)(gfp_t gfp, void *pool_data);
typedef void (mempool_free_t)(void *element, void *pool_data);

typedef struct mempool {
	spinlock_t lock;
	int min_nr;		/* lock: elements the reserve should have */
	int curr_nr;		/* lock: elements it has */
	void **elements;	/* lock */
	void *pool_data;	/* constant */
	mempool_alloc_t *alloc;
	mempool_free_t *free;
} mempool_t;

/* mempool_create - with a full reserve, or NULL. _node: preferring a node. min_nr at least 1. */
mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			  void *pool_data) __must_check;
mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			       void *pool_data, gfp_t gfp, int nid) __must_check;
/* mempool_destroy - all elements must be back (else: a report, and they are lost). NULL is fine. */
void mempool_destroy(mempool_t *pool);
/* mempool_init / mempool_exit - of a pool inside another structure. 0, -ENOMEM, -EINVAL. */
int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
		 void *pool_data) __must_check;
void mempool_exit(mempool_t *pool);
/* mempool_resize - another size of the reserve. 0, or -ENOMEM and it is as before. */
int mempool_resize(mempool_t *pool, int new_min_nr) __must_check;

void *mempool_alloc(mempool_t *pool, gfp_t gfp) __must_check;
void mempool_free(void *element, mempool_t *pool);	/* NULL is ignored */

/* Ready-made elements: objects of a cache, kmalloc() of a size, 2^order pages. */
mempool_alloc_t mempool_alloc_slab, mempool_kmalloc, mempool_alloc_pages;
mempool_free_t mempool_free_slab, mempool_kfree, mempool_free_pages;
#define mempool_create_slab_pool(nr, cache) \
	mempool_create(nr, mempool_alloc_slab, mempool_free_slab, (void *)(cache))
#define mempool_create_kmalloc_pool(nr, size) \
	mempool_create(nr, mempool_kmalloc, mempool_kfree, (void *)(size_t)(size))
#define mempool_create_page_pool(nr, order) \
	mempool_create(nr, mempool_alloc_pages, mempool_free_pages, (void *)(size_t)(order))

#endif
