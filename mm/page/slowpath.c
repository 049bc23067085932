// SPDX-License-Identifier: MIT
/*
 * slowpath.c - an allocation that the CPU's own lists do not satisfy.
 *
 * First the zones are tried in the order of the node's zonelist, each down to
 * its *low* watermark. If that fails:
 *
 *	wake kswapd (__GFP_KSWAPD_RECLAIM)
 *	try again down to the *min* watermark; below it go __GFP_HIGH (a half),
 *	    atomic callers (a quarter more, and the high-order reserve) and
 *	    __GFP_MEMALLOC (no mark at all)
 *	if the caller may sleep (__GFP_DIRECT_RECLAIM):
 *	    compaction, then reclaim, then, all in vain, the OOM killer
 *	per-CPU lists of all CPUs are emptied, reserves given up: once more
 *	fail, with a report; or begin again (__GFP_NOFAIL)
 *
 * Reclaim, compaction and the OOM killer are called through pressure_ops; see
 * struct page_pressure_ops. Marks are explained in watermark.c.
 */
#include "internal.h"

__kmm_state const struct page_pressure_ops *pressure_ops;

void set_page_pressure_ops(const struct page_pressure_ops *ops)
{
	pressure_ops = ops;
}

/* --- watermarks --- */

/* Free pages this request may not touch: the reserve, CMA. */
static unsigned long unusable_free(struct zone *z, unsigned int alloc_flags)
{
	unsigned long pages = 0;

	if (!(alloc_flags & ALLOC_HARDER))
		pages += READ_ONCE(z->free_highatomic);
	if (!(alloc_flags & ALLOC_CMA))
		pages += READ_ONCE(z->free_cma_pages);
	return pages;
}

/* Is there one free block of at least this order that the request may use? */
static bool zone_has_block(struct zone *z, unsigned int order, unsigned int alloc_flags)
{
	unsigned int types = (1u << MIGRATE_PCPTYPES) - 1, mt;

	if (alloc_flags & ALLOC_CMA)
		types |= 1u << MIGRATE_CMA;
	if (alloc_flags & ALLOC_HARDER)
		types |= 1u << MIGRATE_HIGHATOMIC;
	for (mt = 0; mt < MIGRATE_TYPES; mt++)
		if (types >> mt & 1 && READ_ONCE(z->avail[mt]) >> order)
			return true;
	return false;
}

bool zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark,
		       int highest_zoneidx, unsigned int alloc_flags)
{
	unsigned long unusable = unusable_free(z, alloc_flags) + (1ul << order) - 1;
	unsigned long free = READ_ONCE(z->free_pages), least = mark;

	if (alloc_flags & ALLOC_HIGH)
		least -= least / 2;
	if (alloc_flags & ALLOC_HARDER)
		least -= least / 4;
	if (free <= unusable ||
	    free - unusable <= least + READ_ONCE(z->lowmem_reserve[highest_zoneidx]))
		return false;
	return !order || zone_has_block(z, order, alloc_flags);
}

bool zone_watermark_ok_safe(struct zone *z, unsigned int order, unsigned long mark,
			    int highest_zoneidx)
{
	return zone_watermark_ok(z, order, mark, highest_zoneidx, 0);
}

/*
 * The same, sparing atomic order-0 requests the boost: a boosted mark is meant to keep
 * types apart, not to make single pages fail.
 */
bool zone_watermark_fast(struct zone *z, unsigned int order, unsigned long mark,
			 int highest_zoneidx, unsigned int alloc_flags, gfp_t gfp)
{
	if (zone_watermark_ok(z, order, mark, highest_zoneidx, alloc_flags))
		return true;
	if (order == 0 && gfp & __GFP_ATOMIC && READ_ONCE(z->watermark_boost) &&
	    (alloc_flags & ALLOC_WMARK_MASK) == WMARK_MIN)
		return zone_watermark_ok(z, order, READ_ONCE(z->_watermark[WMARK_MIN]),
					 highest_zoneidx, alloc_flags);
	return false;
}

/* --- one round over the zones --- */

static bool node_allowed(const struct alloc_context *ac, const struct zone *zone)
{
	return !ac->nodemask || node_isset(zone->node, *ac->nodemask);
}

/*
 * A zone that has pages put off (deferred) is not full: initialise more of them until the mark is
 * met.
 */
static bool zone_allows(struct zone *zone, unsigned int order, unsigned int alloc_flags, gfp_t gfp,
			const struct alloc_context *ac)
{
	unsigned long mark = wmark_pages(zone, (int)(alloc_flags & ALLOC_WMARK_MASK));

	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return true;
	while (!zone_watermark_fast(zone, order, mark, ac->highest_zoneidx, alloc_flags, gfp))
		if (!deferred_grow_zone(zone, gfp & __GFP_DIRECT_RECLAIM))
			return false;
	return true;
}

/* Taking from another node is worse than mixing types: then NOFRAGMENT is given up. */
static bool leaves_node(struct zone *zone, unsigned int alloc_flags, const struct alloc_context *ac)
{
	return alloc_flags & ALLOC_NOFRAGMENT && zone != ac->preferred_zone &&
	       zone->node != ac->preferred_zone->node;
}

static struct page *try_zone(struct zone *zone, gfp_t gfp, unsigned int order,
			     unsigned int alloc_flags, const struct alloc_context *ac)
{
	struct page *page;

	do {
		page = rmqueue(ac->preferred_zone, zone, order, alloc_flags, ac->migratetype);
	} while (!page && deferred_grow_zone(zone, gfp & __GFP_DIRECT_RECLAIM));
	if (!page)
		return NULL;
	prep_new_page(page, order, gfp);
	if (unlikely(order && alloc_flags & ALLOC_HARDER))
		reserve_highatomic_pageblock(page, zone);
	return page;
}

static struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
					   const struct alloc_context *ac)
{
	struct zoneref *ref;
	struct zone *zone;
	struct page *page;
	bool several_nodes = num_online_nodes() > 1;

	for (;;) {
		bool skipped = alloc_flags & ALLOC_NOFRAGMENT;

		for_each_zone_zonelist(zone, ref, ac->zonelist, ac->highest_zoneidx) {
			if (!node_allowed(ac, zone))
				continue;
			if (several_nodes && leaves_node(zone, alloc_flags, ac))
				break;
			if (!zone_allows(zone, order, alloc_flags, gfp, ac))
				continue;
			page = try_zone(zone, gfp, order, alloc_flags, ac);
			if (page)
				return page;
		}
		if (!skipped)
			return NULL;
		alloc_flags &= ~ALLOC_NOFRAGMENT;
	}
}

/* --- what the mask entitles to --- */

/*
 * Take rather from DMA32 than break up another type's pageblock in Normal: only
 * where both are on the node, as Linux does.
 */
static unsigned int alloc_flags_nofragment(const struct zone *zone, gfp_t gfp)
{
	unsigned int flags = gfp & __GFP_KSWAPD_RECLAIM ? ALLOC_KSWAPD : 0;

	if (zone->idx == ZONE_NORMAL && populated_zone(&zone->zone_pgdat->node_zones[ZONE_DMA32]))
		flags |= ALLOC_NOFRAGMENT;
	return flags;
}

static unsigned int gfp_to_alloc_flags(gfp_t gfp)
{
	unsigned int flags = ALLOC_WMARK_MIN | gfp_to_alloc_flags_cma(gfp);

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_HIGH;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= ALLOC_KSWAPD;
	if (gfp & __GFP_ATOMIC && !(gfp & __GFP_NOMEMALLOC))
		flags |= ALLOC_HARDER;
	return flags;
}

static bool pfmemalloc_allowed(gfp_t gfp)
{
	return gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC);
}

/* --- kswapd --- */

void wakeup_kswapd(struct zone *zone, gfp_t gfp, unsigned int order, int highest_zoneidx)
{
	pg_data_t *pgdat = zone->zone_pgdat;

	if (!managed_zone(zone))
		return;
	WRITE_ONCE(pgdat->kswapd_highest_zoneidx,
		   max(READ_ONCE(pgdat->kswapd_highest_zoneidx), highest_zoneidx));
	if (READ_ONCE(pgdat->kswapd_order) < (int)order)
		WRITE_ONCE(pgdat->kswapd_order, (int)order);
	count_vm_event(KSWAPD_WAKE);
	if (pressure_ops && pressure_ops->wakeup_kswapd)
		pressure_ops->wakeup_kswapd(zone, gfp, order, highest_zoneidx);
}

static void wake_all_kswapds(unsigned int order, gfp_t gfp, const struct alloc_context *ac)
{
	pg_data_t *last = NULL;
	struct zoneref *ref;
	struct zone *zone;

	for_each_zone_zonelist(zone, ref, ac->zonelist, ac->highest_zoneidx) {
		if (!node_allowed(ac, zone) || zone->zone_pgdat == last)
			continue;
		wakeup_kswapd(zone, gfp, order, ac->highest_zoneidx);
		last = zone->zone_pgdat;
	}
}

/* --- what may take time --- */

static struct page *direct_compact(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				   const struct alloc_context *ac)
{
	struct page *page = NULL;

	if (!order || !pressure_ops || !pressure_ops->try_to_compact_pages)
		return NULL;
	count_vm_event(COMPACTSTALL);
	if (pressure_ops->try_to_compact_pages(ac->zonelist, order, gfp, ac->highest_zoneidx))
		page = get_page_from_freelist(gfp, order, alloc_flags, ac);
	count_vm_event(page ? COMPACTSUCCESS : COMPACTFAIL);
	return page;
}

/* Reclaim; whether anything was freed in *progress. */
static struct page *direct_reclaim(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				   const struct alloc_context *ac, bool *progress)
{
	*progress = false;
	if (!pressure_ops || !pressure_ops->try_to_free_pages)
		return NULL;
	count_vm_event((enum vm_event_item)(ALLOCSTALL_DMA + ac->highest_zoneidx));
	*progress = pressure_ops->try_to_free_pages(ac->zonelist, order, gfp) != 0;
	return *progress ? get_page_from_freelist(gfp, order, alloc_flags, ac) : NULL;
}

/* Is this request worth somebody's life? Not if it may fail, nor for the lowest zones' memory. */
static bool may_oom(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	if (gfp & (__GFP_RETRY_MAYFAIL | __GFP_THISNODE | __GFP_NORETRY) || !(gfp & __GFP_FS))
		return false;
	return order <= PAGE_ALLOC_COSTLY_ORDER && ac->highest_zoneidx >= ZONE_NORMAL;
}

static bool kill_for_memory(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	return may_oom(gfp, order, ac) && pressure_ops && pressure_ops->out_of_memory &&
	       pressure_ops->out_of_memory(gfp, order);
}

/*
 * Last resort before failing: pages stranded in the lists of other CPUs, and
 * the pageblocks reserved for atomic allocations. Only who may wait asks other CPUs.
 */
static struct page *drain_and_retry(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				    const struct alloc_context *ac)
{
	if (gfp & __GFP_DIRECT_RECLAIM) {
		unreserve_highatomic_pageblock(ac);
		drain_all_pages(NULL);
	} else {
		drain_local_pages(NULL);
	}
	return get_page_from_freelist(gfp, order, alloc_flags, ac);
}

/* Any page at all that may be in a list or a reserve? If not, draining is not worth its time. */
static bool stranded_pages(const struct alloc_context *ac, bool all_cpus)
{
	struct zoneref *ref;
	struct zone *zone;
	unsigned int cpu;

	for_each_zone_zonelist(zone, ref, ac->zonelist, ac->highest_zoneidx) {
		if (all_cpus && READ_ONCE(zone->nr_reserved_highatomic))
			return true;
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			if ((all_cpus || cpu == kmm_cpu()) && pcp_pages(&zone->pcp[cpu]))
				return true;
	}
	return false;
}

/* --- the order of despair --- */

#define MAX_RECLAIM_RETRIES	16

struct effort {
	unsigned int alloc_flags;
	unsigned int no_progress;	/* rounds of reclaim that freed nothing */
	bool drained;
};

static struct page *try_without_sleeping(gfp_t gfp, unsigned int order,
					 const struct alloc_context *ac, struct effort *e)
{
	struct page *page;

	if (e->alloc_flags & ALLOC_KSWAPD)
		wake_all_kswapds(order, gfp, ac);
	page = get_page_from_freelist(gfp, order, e->alloc_flags, ac);
	if (!page && pfmemalloc_allowed(gfp))
		page = get_page_from_freelist(gfp, order, e->alloc_flags | ALLOC_NO_WATERMARKS, ac);
	return page;
}

/* One round of compaction, reclaim and killing. *again: worth another one. */
static struct page *try_sleeping(gfp_t gfp, unsigned int order, const struct alloc_context *ac,
				 struct effort *e, bool *again)
{
	bool progress;
	struct page *page = direct_compact(gfp, order, e->alloc_flags, ac);

	*again = false;
	if (page)
		return page;
	if (order > PAGE_ALLOC_COSTLY_ORDER && gfp & __GFP_NORETRY)
		return NULL;	/* huge pages: compaction was all they are worth */
	page = direct_reclaim(gfp, order, e->alloc_flags, ac, &progress);
	if (page || gfp & __GFP_NORETRY)
		return page;
	if (order > PAGE_ALLOC_COSTLY_ORDER && !(gfp & __GFP_RETRY_MAYFAIL))
		return NULL;
	/* Reclaim frees single pages: for a costly order that is no progress. */
	e->no_progress = progress && order <= PAGE_ALLOC_COSTLY_ORDER ? 0 : e->no_progress + 1;
	if (progress || kill_for_memory(gfp, order, ac))
		*again = e->no_progress < MAX_RECLAIM_RETRIES;
	return NULL;
}

/*
 * It must not fail, and nothing is left to be done: into the reserves. If even
 * they are empty, no one will ever wake this machine up.
 */
static struct page *must_not_fail(gfp_t gfp, unsigned int order, const struct alloc_context *ac,
				  struct effort *e)
{
	struct page *page = get_page_from_freelist(gfp, order, e->alloc_flags | ALLOC_HARDER, ac);

	if (!page)
		page = get_page_from_freelist(gfp, order, e->alloc_flags | ALLOC_NO_WATERMARKS, ac);
	if (!page &&
	    !(pressure_ops && (pressure_ops->try_to_free_pages || pressure_ops->out_of_memory)))
		panic("System is deadlocked on memory: order:%u __GFP_NOFAIL, and nothing to "
		      "reclaim",
		      order);
	return page;
}

static struct page *alloc_pages_slowpath(gfp_t gfp, unsigned int order,
					 const struct alloc_context *ac)
{
	struct effort e = { .alloc_flags = gfp_to_alloc_flags(gfp) };
	bool sleeps = gfp & __GFP_DIRECT_RECLAIM, again = true;
	struct page *page;

	while (again) {
		again = false;
		page = try_without_sleeping(gfp, order, ac, &e);
		if (!page && sleeps && !pfmemalloc_allowed(gfp))
			page = try_sleeping(gfp, order, ac, &e, &again);
		if (!page && !e.drained && stranded_pages(ac, sleeps)) {
			e.drained = true;
			page = drain_and_retry(gfp, order, e.alloc_flags, ac);
		}
		if (!page && !again && gfp & __GFP_NOFAIL && sleeps) {
			page = must_not_fail(gfp, order, ac, &e);
			again = true;
		}
		if (page)
			return page;
		if (sleeps)
			kmm_cpu_poll();
	}
	return NULL;
}

/* --- entry --- */

static void prepare_context(struct alloc_context *ac, gfp_t gfp, int nid,
			    const nodemask_t *nodemask)
{
	pg_data_t *local = cpu_pgdat[kmm_cpu()];
	pg_data_t *pgdat = nid == NUMA_NO_NODE ? local : NODE_DATA(nid);
	struct zoneref *ref;
	struct zone *zone;

	ac->zonelist = &pgdat->node_zonelists[gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK
								   : ZONELIST_FALLBACK];
	ac->nodemask = nodemask;
	ac->migratetype = gfpflags_to_migratetype(gfp);
	ac->highest_zoneidx = gfp_zone(gfp);
	ac->preferred_zone = NULL;
	for_each_zone_zonelist(zone, ref, ac->zonelist, ac->highest_zoneidx)
		if (node_allowed(ac, zone)) {
			ac->preferred_zone = zone;
			break;
		}
}

static bool gfp_sane(gfp_t gfp, unsigned int order, int nid)
{
	if (order >= MAX_ORDER) {
		if (!(gfp & __GFP_NOWARN))
			pr_warn("alloc_pages: order %u is not below MAX_ORDER (%d)", order,
				MAX_ORDER);
		return false;
	}
	KMM_BUG_ON((gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE)) ==
		   (__GFP_MOVABLE | __GFP_RECLAIMABLE));
	if (nid == NUMA_NO_NODE)
		return true;
	KMM_BUG_ON(nid < 0 || nid >= MAX_NUMNODES);
	if (!NODE_DATA(nid) && !(gfp & __GFP_NOWARN))
		pr_warn("alloc_pages: node %d is not online", nid);
	return NODE_DATA(nid) != NULL;
}

/* From the zones down to the low watermark; if that fails, everything else there is. */
static struct page *alloc_from_zones(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	unsigned int alloc_flags = ALLOC_WMARK_LOW | gfp_to_alloc_flags_cma(gfp);
	struct page *page;

	if (!ac->preferred_zone)
		return NULL;
	alloc_flags |= alloc_flags_nofragment(ac->preferred_zone, gfp);
	page = get_page_from_freelist(gfp, order, alloc_flags, ac);
	return likely(page) ? page : alloc_pages_slowpath(gfp, order, ac);
}

struct page *alloc_pages_slow(gfp_t gfp, unsigned int order, int nid, const nodemask_t *nodemask)
{
	struct alloc_context ac;
	struct page *page = NULL;

	if (!gfp_sane(gfp, order, nid))
		return NULL;
	prepare_context(&ac, gfp, nid, nodemask);
	if (likely(!(page_hooks & PAGE_HOOK_FAULT) || !should_fail_alloc_page(gfp, order)))
		page = alloc_from_zones(gfp, order, &ac);
	if (unlikely(!page)) {
		count_vm_event(PAGE_ALLOC_FAIL);
		warn_alloc(gfp, nodemask, "page allocation failure: order:%u", order);
	}
	if (tracing())
		trace_page(TRACE_MM_PAGE_ALLOC, page ? page_to_pfn(page) : 0, order, ac.migratetype,
			   gfp);
	return page;
}
