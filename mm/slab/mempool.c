// SPDX-License-Identifier: MIT
/*
 * mempool.c - reserves; see <kmm/mempool.h>.
 *
 *	mempool_alloc()   1  ask the allocator, but not so that it hurts: without waiting, without
 *	                     a report, without the reserves below the watermarks
 *	                  2  take an element of the reserve
 *	                  3  ask once more, as the caller's mask allows
 *	                  4  wait until one comes back, and begin again
 *	mempool_free()    the reserve, if it is not full; else back to the allocator
 *
 *	elements  [ p ][ p ][ p ][   ][   ]         taken and put back at curr_nr
 *	           0          ^curr_nr      ^min_nr
 *
 * Why nobody waits in vain: whoever got an element when the reserve was short gives it back in
 * finite time, and a free that sees curr_nr < min_nr fills the reserve. A free looks at
 * curr_nr without the lock; it must not see a value from before its own element was
 * taken out. Taking one out comes before the element is handed on, and getting it handed
 * comes before freeing it: a barrier behind the one and before the other make that order
 * hold even for elements that are handed on without any.
 *
 * A waiting CPU answers what other CPUs ask of it (kmm_cpu_poll()), looks at curr_nr, and asks the
 * allocator again now and then: memory may have come from elsewhere.
 *
 * Locking: pool->lock is taken last; no element is allocated or freed under it. Resizing,
 * and exit, are for one caller at a time.
 */
#include <kmm/errno.h>
#include <kmm/mempool.h>
#include <kmm/mm.h>

#include "lib/string.h"

#define POLLS_BEFORE_RETRY	1000u

/* ThreadSanitizer knows no fences; it sees the hand-over that the user makes. */
#ifdef __SANITIZE_THREAD__
#define pool_fence(order)	do { } while (0)
#else
#define pool_fence(order)	__atomic_thread_fence(order)
#endif

/* --- the reserve; under pool->lock --- */

/* The search costs too much for every build. */
static bool in_reserve(const mempool_t *pool, const void *element)
{
	int i;

	for (i = 0; i < pool->curr_nr; i++)
		if (pool->elements[i] == element)
			return true;
	return false;
}

static void add_element(mempool_t *pool, void *element)
{
	KMM_BUG_ON(pool->curr_nr >= pool->min_nr);
	VM_BUG_ON(in_reserve(pool, element));		/* freed twice */
	pool->elements[pool->curr_nr] = element;
	WRITE_ONCE(pool->curr_nr, pool->curr_nr + 1);
}

static void *remove_element(mempool_t *pool)
{
	if (!pool->curr_nr)
		return NULL;
	WRITE_ONCE(pool->curr_nr, pool->curr_nr - 1);
	return pool->elements[pool->curr_nr];
}

/* --- making pools --- */

/* n elements into to[]; all or none. */
static bool fill(const mempool_t *pool, gfp_t gfp, void **to, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		to[i] = pool->alloc(gfp, pool->pool_data);
		if (!to[i])
			break;
	}
	if (i == n)
		return true;
	while (i--)
		pool->free(to[i], pool->pool_data);
	return false;
}

static int init_node(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn,
		     mempool_free_t *free_fn, void *pool_data, gfp_t gfp, int nid)
{
	memset(pool, 0, sizeof(*pool));
	if (min_nr < 1)
		return -EINVAL;
	pool->alloc = alloc_fn;
	pool->free = free_fn;
	pool->pool_data = pool_data;
	pool->elements = kmalloc_array_node((size_t)min_nr, sizeof(void *), gfp, nid);
	if (!pool->elements)
		return -ENOMEM;
	if (!fill(pool, gfp, pool->elements, min_nr)) {
		kfree(pool->elements);
		pool->elements = NULL;
		return -ENOMEM;
	}
	pool->min_nr = pool->curr_nr = min_nr;
	return 0;
}

int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
		 void *pool_data)
{
	return init_node(pool, min_nr, alloc_fn, free_fn, pool_data, GFP_KERNEL, NUMA_NO_NODE);
}

mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			       void *pool_data, gfp_t gfp, int nid)
{
	mempool_t *pool = kmalloc_node(sizeof(*pool), gfp, nid);

	if (pool && init_node(pool, min_nr, alloc_fn, free_fn, pool_data, gfp, nid)) {
		kfree(pool);
		return NULL;
	}
	return pool;
}

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			  void *pool_data)
{
	return mempool_create_node(min_nr, alloc_fn, free_fn, pool_data, GFP_KERNEL, NUMA_NO_NODE);
}

/* Also of a pool of zeroes, whose mempool_init() failed or never was. */
void mempool_exit(mempool_t *pool)
{
	void *element;

	if (pool->curr_nr < pool->min_nr)
		pr_err("mempool_exit: %d of %d elements are not back", pool->min_nr - pool->curr_nr,
		       pool->min_nr);
	while ((element = remove_element(pool)))
		pool->free(element, pool->pool_data);
	kfree(pool->elements);
	pool->elements = NULL;
	pool->min_nr = 0;
}

void mempool_destroy(mempool_t *pool)
{
	if (!pool)
		return;
	mempool_exit(pool);
	kfree(pool);
}

/* --- another size --- */

/* Elements beyond the new size go back. */
static void shrink(mempool_t *pool, int new_min_nr)
{
	void *element = NULL;
	unsigned long flags;

	do {
		if (element)
			pool->free(element, pool->pool_data);
		spin_lock_irqsave(&pool->lock, flags);
		WRITE_ONCE(pool->min_nr, new_min_nr);
		element = pool->curr_nr > new_min_nr ? remove_element(pool) : NULL;
		spin_unlock_irqrestore(&pool->lock, flags);
	} while (element);
}

/*
 * The new elements lie in the new array from the old min_nr on; behind the old ones, which come
 * and go up to this moment, they close up.
 */
static void install(mempool_t *pool, void **elements, int new_min_nr)
{
	int more = new_min_nr - pool->min_nr;
	void **old = pool->elements;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	memcpy(elements, old, (size_t)pool->curr_nr * sizeof(void *));
	memmove(elements + pool->curr_nr, elements + pool->min_nr, (size_t)more * sizeof(void *));
	WRITE_ONCE(pool->curr_nr, pool->curr_nr + more);
	WRITE_ONCE(pool->min_nr, new_min_nr);
	pool->elements = elements;
	spin_unlock_irqrestore(&pool->lock, flags);
	kfree(old);
}

static int grow(mempool_t *pool, int new_min_nr)
{
	int more = new_min_nr - pool->min_nr;
	void **elements = kmalloc_array((size_t)new_min_nr, sizeof(void *), GFP_KERNEL);

	if (!elements)
		return -ENOMEM;
	if (!fill(pool, GFP_KERNEL, elements + pool->min_nr, more)) {
		kfree(elements);
		return -ENOMEM;
	}
	install(pool, elements, new_min_nr);
	return 0;
}

int mempool_resize(mempool_t *pool, int new_min_nr)
{
	if (new_min_nr < 1)
		return -EINVAL;
	if (new_min_nr > pool->min_nr)
		return grow(pool, new_min_nr);
	shrink(pool, new_min_nr);
	return 0;
}

/* --- elements --- */

static void *take_reserve(mempool_t *pool)
{
	unsigned long flags;
	void *element;

	spin_lock_irqsave(&pool->lock, flags);
	element = remove_element(pool);
	spin_unlock_irqrestore(&pool->lock, flags);
	pool_fence(__ATOMIC_RELEASE);		/* see mempool_free() */
	return element;
}

static void wait_for_element(const mempool_t *pool)
{
	unsigned int polls;

	for (polls = 0; polls < POLLS_BEFORE_RETRY && !READ_ONCE(pool->curr_nr); polls++)
		kmm_cpu_poll();
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	gfp_t gently;
	void *element;

	VM_BUG_ON(gfp & __GFP_ZERO);		/* what comes from the reserve is used */
	gfp |= __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	gently = gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_IO);
	for (;;) {
		element = pool->alloc(gently, pool->pool_data);
		if (!element)
			element = take_reserve(pool);
		if (!element && gently != gfp)
			element = pool->alloc(gfp, pool->pool_data);
		if (element || !(gfp & __GFP_DIRECT_RECLAIM))
			return element;
		wait_for_element(pool);
	}
}

/* To the reserve, if that is short of one. */
static bool give_reserve(mempool_t *pool, void *element)
{
	unsigned long flags;
	bool given;

	spin_lock_irqsave(&pool->lock, flags);
	given = pool->curr_nr < pool->min_nr;
	if (given)
		add_element(pool, element);
	spin_unlock_irqrestore(&pool->lock, flags);
	return given;
}

void mempool_free(void *element, mempool_t *pool)
{
	if (!element)
		return;
	pool_fence(__ATOMIC_ACQUIRE);		/* what is read next is no older than the element */
	if (READ_ONCE(pool->curr_nr) < READ_ONCE(pool->min_nr) && give_reserve(pool, element))
		return;
	pool->free(element, pool->pool_data);
}

/* --- ready-made elements --- */

void *mempool_alloc_slab(gfp_t gfp, void *pool_data)
{
	return kmem_cache_alloc(pool_data, gfp);
}

void mempool_free_slab(void *element, void *pool_data)
{
	kmem_cache_free(pool_data, element);
}

void *mempool_kmalloc(gfp_t gfp, void *pool_data)
{
	return __kmalloc((size_t)pool_data, gfp);
}

void mempool_kfree(void *element, void *pool_data)
{
	(void)pool_data;
	kfree(element);
}

void *mempool_alloc_pages(gfp_t gfp, void *pool_data)
{
	return alloc_pages(gfp, (unsigned int)(size_t)pool_data);
}

void mempool_free_pages(void *element, void *pool_data)
{
	__free_pages(element, (unsigned int)(size_t)pool_data);
}
