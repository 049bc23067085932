// SPDX-License-Identifier: MIT
/*
 * pages.c - slabs from and to the page allocator.
 *
 * A slab is a block of 2^order pages. Its first page's structure becomes struct slab,
 * the others' lead to it, so that any address inside leads to the slab:
 *
 *	address -> frame number -> struct page --- PG_slab: this is it
 *	                                       \-- PG_tail: compound_head is it
 *
 * A slab of a SLAB_TYPESAFE_BY_RCU cache is freed after a grace period: it waits in
 * s->rcu_coming; when a grace period begins all that wait become s->rcu_waiting, and are freed
 * at its end. One grace period at a time is asked for.
 */
#include "mm/page/internal.h"

#include "internal.h"

/* Pages in slabs by node: not reclaimable, reclaimable. */
static __kmm_state unsigned long nr_slab[MAX_NUMNODES][2];
static __kmm_state const struct slab_rcu_ops *rcu_ops;

/* --- which slab an address lies in --- */

/* The page structure of an address: NULL if it is no RAM, or not the allocator's (yet). */
static struct page *page_of(const void *addr)
{
	phys_addr_t phys = (uintptr_t)addr - page_offset_base;
	unsigned long pfn = PFN_DOWN(phys);
	struct zone *zone;

	if (phys >= direct_map_end || !pfn_valid(pfn))
		return NULL;
	zone = page_zone(pfn_to_page(pfn));
	if (!zone || !zone_spans_pfn(zone, pfn) || pfn >= READ_ONCE(zone->deferred_pfn))
		return NULL;
	return pfn_to_page(pfn);
}

struct page *virt_to_owned_page(const void *addr)
{
	struct page *page = page_of(addr);

	return page ? compound_head(page) : NULL;
}

struct slab *virt_to_slab(const void *addr)
{
	struct page *page = virt_to_owned_page(addr);

	return page && page_is_slab(page) ? page_slab(page) : NULL;
}

/* --- pages --- */

static unsigned long *slab_counter(const struct slab *slab, const struct kmem_cache *s)
{
	return &nr_slab[slab_nid(slab)][!!(s->flags & SLAB_RECLAIM_ACCOUNT)];
}

static void account_slab_pages(const struct slab *slab, const struct kmem_cache *s, long sign)
{
	__atomic_fetch_add(slab_counter(slab, s), (unsigned long)(sign * (1l << slab_order(slab))),
			   __ATOMIC_RELAXED);
}

unsigned long slab_pages(int nid, bool reclaimable)
{
	unsigned long pages = 0;
	int n;

	if (nid >= 0)
		return READ_ONCE(nr_slab[nid][reclaimable]);
	for (n = 0; n < MAX_NUMNODES; n++)
		pages += READ_ONCE(nr_slab[n][reclaimable]);
	return pages;
}

/* Bits of a request that are about effort; zone and mobility are the cache's. */
#define SLAB_GFP_MASK	(~(GFP_ZONEMASK | __GFP_RECLAIMABLE | __GFP_ZERO | __GFP_COMP | \
			   __GFP_ACCOUNT))

struct slab *alloc_slab_pages(struct kmem_cache *s, gfp_t gfp, int nid, unsigned int order)
{
	struct page *page;
	struct slab *slab;

	gfp = (gfp & SLAB_GFP_MASK) | s->allocflags | (order ? __GFP_COMP : 0);
	page = alloc_pages_node(nid, gfp, order);
	if (!page)
		return NULL;
	slab = page_slab(page);
	slab->next = slab->prev = 0;
	slab->freelist_index = NULL;
	WRITE_ONCE(slab->c, &s->parked);
	WRITE_ONCE(slab->flags, (slab->flags & ~(u32)PG_head) | PG_slab);
	WRITE_ONCE(slab->state, SLAB_IN_USE);
	account_slab_pages(slab, s, 1);
	return slab;
}

void free_slab_pages(struct slab *slab)
{
	struct page *page = slab_page(slab);
	unsigned int order = slab_order(slab);

	KMM_BUG_ON(!page_is_slab(page));
	account_slab_pages(slab, slab_cache(slab), -1);
	WRITE_ONCE(page->flags, (page->flags & ~(u32)PG_slab) | (order ? PG_head : 0));
	WRITE_ONCE(page->mapping, NULL);
	page->private = 0;
	page->next = page->prev = 0;
	WRITE_ONCE(page->_refcount, 1);
	__free_pages(page, order);
}

/* --- after a grace period --- */

void set_slab_rcu_ops(const struct slab_rcu_ops *ops)
{
	rcu_ops = ops;
}

bool slab_rcu_possible(void)
{
	return rcu_ops != NULL;
}

void slab_call_rcu(void (*fn)(void *arg), void *arg)
{
	rcu_ops->call_rcu(fn, arg);
}

static void free_slab_list(struct slab_list *list)
{
	struct slab *slab;

	while ((slab = slab_list_pop(list)))
		free_slab_pages(slab);
}

static void rcu_grace_over(void *arg)
{
	struct kmem_cache *s = arg;
	struct slab_list over;
	unsigned long flags;
	bool again;

	spin_lock_irqsave(&s->rcu_lock, flags);
	over = s->rcu_waiting;
	s->rcu_waiting = s->rcu_coming;
	s->rcu_coming = (struct slab_list){ 0 };
	again = s->rcu_pending = s->rcu_waiting.nr != 0;
	spin_unlock_irqrestore(&s->rcu_lock, flags);
	if (again)
		slab_call_rcu(rcu_grace_over, s);
	free_slab_list(&over);
}

void free_slab(struct kmem_cache *s, struct slab *slab)
{
	unsigned long flags;
	bool begin;

	if (!(s->flags & SLAB_TYPESAFE_BY_RCU) || !rcu_ops) {
		free_slab_pages(slab);
		return;
	}
	spin_lock_irqsave(&s->rcu_lock, flags);
	begin = !s->rcu_pending;
	s->rcu_pending = true;
	slab_list_add(begin ? &s->rcu_waiting : &s->rcu_coming, slab);
	spin_unlock_irqrestore(&s->rcu_lock, flags);
	if (begin)
		slab_call_rcu(rcu_grace_over, s);
}

/* All slabs that wait are freed when this returns. Process context, no lock held. */
void slab_rcu_barrier(struct kmem_cache *s)
{
	bool pending = s->flags & SLAB_TYPESAFE_BY_RCU && rcu_ops;

	while (pending) {
		pending = READ_ONCE(s->rcu_pending);	/* false: the last call may not be over */
		rcu_ops->barrier();
	}
}

/* --- all slabs of a cache, through the page array --- */

/* A slab's c leads to one of its cache's structures; only looked at, it may be somebody's else. */
static bool slab_is_of(const struct kmem_cache *s, const struct slab *slab)
{
	const struct kmem_cache_cpu *c = READ_ONCE(slab->c);
	unsigned int cpu;

	if (c == &s->parked)
		return true;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (c == slab_cpu(s, cpu))
			return true;
	return false;
}

/* Other pages may be in other hands meanwhile. */
__attribute__((no_sanitize("thread")))
static struct slab *slab_in_zone(const struct kmem_cache *s, struct zone *zone, unsigned long pfn)
{
	unsigned long end = min(zone_end_pfn(zone), READ_ONCE(zone->deferred_pfn));
	struct page *page;

	for (pfn = max(pfn, zone->zone_start_pfn); pfn < end; pfn++) {
		if (!pfn_valid(pfn)) {
			pfn |= PAGES_PER_SECTION - 1;	/* nor is any of its section's */
			continue;
		}
		page = pfn_to_page(pfn);
		if (page_is_slab(page) && page_zone(page) == zone &&
		    slab_is_of(s, page_slab(page)))
			return page_slab(page);
	}
	return NULL;
}

struct slab *next_slab(const struct kmem_cache *s, struct slab *slab)
{
	struct zone *zone = slab ? page_zone(slab_page(slab)) : next_zone(NULL);
	unsigned long pfn = slab ? slab_pfn(slab) + (1ul << slab_order(slab)) : 0;
	struct slab *found = NULL;

	for (; zone && !found; zone = next_zone(zone), pfn = 0)
		if (populated_zone(zone))
			found = slab_in_zone(s, zone, pfn);
	return found;
}
