// SPDX-License-Identifier: MIT
/*
 * page_alloc.c - the fast paths: pages from and to the CPU's own lists.
 *
 * Each CPU keeps, for each zone, short lists of free pages by order and
 * migrate type (struct per_cpu_pages). Nearly every allocation and free ends
 * here: no lock, no atomic operation, one cache line of the zone, one of the
 * lists, one of the page.
 *
 *	alloc_pages()                              __free_pages()
 *	   | zone->fast_free > fast_mark[]            | one reference, flags as expected
 *	   | list not empty: pop, prepare             | push; more than high: give a batch back
 *	   v else                                     v else
 *	alloc_pages_slow()  (slowpath.c)           free_pages_slow()
 *
 * Lists are doubly linked by frame number through struct page; the head is
 * the hot end, batches go back from the tail. A list's lines end at tail: the
 * head's prev and the tail's next are not kept true.
 *
 * Whatever must look at every page (tracing, poisoning, init_on_*, fault
 * injection: page_hooks) turns the fast paths off, by values that they compare
 * with anyway: fast_zone[] then names no zone, and free_expect matches no page.
 *
 * Budget, instructions: an order-0 pair 90, order 3 110, order 9 150; a page
 * of alloc_pages_bulk() 30. `make bench` measures them.
 */
#include "internal.h"

__kmm_state pg_data_t *cpu_pgdat[NR_CPUS];
__kmm_state u32 page_hooks;

/* What the zone bits of a gfp mask mean on this machine; NO_ZONE: a combination that means nothing. */
#define NO_ZONE		MAX_NR_ZONES
static __kmm_state u8 gfp_zone_of[GFP_ZONEMASK + 1];
static __kmm_state u8 fast_zone[GFP_ZONEMASK + 1];
static __kmm_state u32 free_expect;

#define HOOKED		(1u << 31)	/* in free_expect: no page's flags have only this */
#define FREE_CHECK	(PG_flags_mask | PAGE_ORDER_MASK)

const u8 pcp_order_index[MAX_ORDER] = {
	0, 1, 2, 3, NR_PCP_ORDERS, NR_PCP_ORDERS, NR_PCP_ORDERS, NR_PCP_ORDERS, NR_PCP_ORDERS, PCP_HUGE, NR_PCP_ORDERS,
};

/* --- which zone a mask means --- */

static u8 zone_of_mask(unsigned int mask)
{
	unsigned int modifiers = mask & (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32);

	if (modifiers & (modifiers - 1))
		return NO_ZONE;
	switch (mask) {
	case __GFP_DMA:
	case __GFP_DMA | __GFP_MOVABLE:
		return zone_possible(ZONE_DMA) ? ZONE_DMA : ZONE_NORMAL;
	case __GFP_DMA32:
	case __GFP_DMA32 | __GFP_MOVABLE:
		return zone_possible(ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL;
	case __GFP_HIGHMEM:
		return zone_possible(ZONE_HIGHMEM) ? ZONE_HIGHMEM : ZONE_NORMAL;
	case __GFP_HIGHMEM | __GFP_MOVABLE:
		return ZONE_MOVABLE;
	}
	return ZONE_NORMAL;
}

void fast_paths_update(void)
{
	unsigned int mask;

	for (mask = 0; mask <= GFP_ZONEMASK; mask++) {
		gfp_zone_of[mask] = zone_of_mask(mask);
		fast_zone[mask] = page_hooks ? NO_ZONE : gfp_zone_of[mask];
	}
	free_expect = page_hooks ? HOOKED : 0;
}

void page_hook_set(enum page_hook hook, bool on)
{
	page_hooks = on ? page_hooks | hook : page_hooks & ~(u32)hook;
	fast_paths_update();
}

enum zone_type gfp_zone(gfp_t gfp)
{
	u8 zone = gfp_zone_of[gfp & GFP_ZONEMASK];

	KMM_BUG_ON(zone == NO_ZONE);	/* two of DMA, DMA32, HIGHMEM at once */
	return (enum zone_type)zone;
}

/* --- the lists --- */

static inline struct page *pcp_pop(struct pcp_list *list)
{
	struct page *page = pfn_to_page(list->head);

	list->head = page->next;
	return page;
}

static inline void pcp_push(struct pcp_list *list, struct page *page)
{
	u32 pfn = (u32)page_to_pfn(page), head = list->head;

	page->next = head;
	if (likely(head))
		pfn_to_page(head)->prev = pfn;
	else
		list->tail = pfn;
	list->head = pfn;
}

static inline u32 pcp_pop_tail(struct pcp_list *list)
{
	u32 pfn = list->tail, prev;

	if (pfn == list->head) {
		list->head = 0;
		return pfn;
	}
	prev = pfn_to_page(pfn)->prev;
	list->tail = prev;
	pfn_to_page(prev)->next = 0;
	__builtin_prefetch(pfn_to_page(pfn_to_page(prev)->prev));
	return pfn;
}

/* Append the frames of one block, cut into blocks of 2^order, in rising order. */
static void pcp_append(struct pcp_list *list, unsigned long pfn, unsigned int order, unsigned int block_order)
{
	u32 step = 1u << order, at = (u32)pfn, end = at + (1u << block_order), prev = list->head ? list->tail : 0;
	struct page *page;

	if (prev)
		pfn_to_page(prev)->next = at;
	else
		list->head = at;
	for (; at != end; at += step) {
		page = pfn_to_page(at);
		page->prev = prev;
		page->next = at + step;
		prev = at;
	}
	page->next = 0;
	list->tail = prev;
}

static inline struct pcp_list *pcp_list(struct per_cpu_pages *pcp, unsigned int order_index, int mt)
{
	return &pcp->lists[order_index * MIGRATE_PCPTYPES + (unsigned int)mt];
}

/* --- refill and drain: one zone->lock for a batch --- */

static void trace_zone_locked(unsigned long pfn, unsigned int order, unsigned int block_order, int mt)
{
	struct kmm_trace_event event = {
		.code = TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, .order = (u8)order, .migratetype = (u8)mt,
		.percpu_refill = order == 0,
	};
	unsigned long end = pfn + (1ul << block_order);

	for (; pfn < end; pfn += 1ul << order) {
		event.pfn = pfn;
		trace_event(&event);
	}
}

static inline unsigned int ilog2(unsigned int n) { return 31 - (unsigned int)__builtin_clz(n); }

/* rmqueue_bulk - up to `count` blocks of 2^order to the list; returns how many. Local section. */
static unsigned int rmqueue_bulk(struct zone *zone, unsigned int order, unsigned int count,
				 struct pcp_list *list, int mt, unsigned int alloc_flags)
{
	unsigned int left = count, got;
	unsigned long pfn;

	spin_lock(&zone->lock);
	while (left) {
		unsigned int want = min(order + ilog2(left), (unsigned int)pageblock_order);

		pfn = __rmqueue(zone, order, want, mt, alloc_flags, &got);
		if (!pfn)
			break;
		pcp_append(list, pfn, order, got);
		if (tracing())
			trace_zone_locked(pfn, order, got, mt);
		left -= 1u << (got - order);
	}
	spin_unlock(&zone->lock);
	return count - left;
}

/* How many blocks a refill fetches: half as many for each order, at least two. Huge pages one by one. */
static unsigned int nr_refill(const struct per_cpu_pages *pcp, unsigned int order)
{
	if (order == pageblock_order)
		return 1;
	if (!order)
		return pcp->batch;
	return pcp->batch > 1 ? max(pcp->batch >> order, 2u) : pcp->batch;
}

static void pcp_count(struct per_cpu_pages *pcp, unsigned int order, long blocks)
{
	u32 *count = order == pageblock_order ? &pcp->huge_count : &pcp->count;

	WRITE_ONCE(*count, *count + (u32)(blocks * (1l << order)));
}

/* Give blocks of one list back until `pages` are; returns how many pages were. Under zone->lock. */
static unsigned int drain_list(struct zone *zone, struct per_cpu_pages *pcp, unsigned int index,
			       unsigned int pages, long freed[MIGRATE_TYPES])
{
	unsigned int oi = index / MIGRATE_PCPTYPES, order = oi == PCP_HUGE ? pageblock_order : oi, done = 0;
	struct pcp_list *list = &pcp->lists[index];

	while (list->head && done < pages) {
		u32 pfn = pcp_pop_tail(list);
		int mt = pfn_block(zone, pfn)->migratetype;

		free_one_page(zone, pfn, order);
		freed[mt] += 1l << order;
		done += 1u << order;
		if (tracing())
			trace_page(TRACE_MM_PAGE_PCPU_DRAIN, pfn, order, mt, 0);
	}
	pcp_count(pcp, order, -(long)(done >> order));
	return done;
}

/*
 * free_pcppages_bulk - give about `pages` pages back to the zone, those of list
 * `first` before the others'. Local section.
 */
static void free_pcppages_bulk(struct zone *zone, unsigned int pages, struct per_cpu_pages *pcp,
			       unsigned int first)
{
	long freed[MIGRATE_TYPES] = { 0 };
	unsigned int i, index = first, done = 0;
	int mt;

	spin_lock(&zone->lock);
	for (i = 0; i < NR_PCP_LISTS && done < pages; i++, index = index + 1 < NR_PCP_LISTS ? index + 1 : 0)
		if (pcp->lists[index].head)
			done += drain_list(zone, pcp, index, pages - done, freed);
	for (mt = 0; mt < MIGRATE_TYPES; mt++)
		if (freed[mt])
			zone_account(zone, mt, freed[mt]);
	spin_unlock(&zone->lock);
}

/* A CPU that only frees gives back more each time (up to most of what it holds), to take the lock less often. */
static unsigned int nr_to_drain(struct per_cpu_pages *pcp)
{
	unsigned int most = pcp->high > pcp->batch ? pcp->high - pcp->batch : 1;
	unsigned int n = pcp->batch << pcp->free_factor;

	if (n < most && pcp->free_factor < 5)
		pcp->free_factor++;
	return clamp(n, min(pcp->batch, most), most);
}

static noinline void pcp_spill(struct zone *zone, struct per_cpu_pages *pcp, unsigned int oi, int mt)
{
	unsigned int index = oi * MIGRATE_PCPTYPES + (unsigned int)mt;

	if (oi == PCP_HUGE)
		free_pcppages_bulk(zone, pageblock_nr_pages, pcp, index);
	else
		free_pcppages_bulk(zone, nr_to_drain(pcp), pcp, index);
}

static inline bool pcp_over(struct per_cpu_pages *pcp, unsigned int oi)
{
	return oi == PCP_HUGE ? pcp->huge_count > READ_ONCE(pcp->huge_high) : pcp->count > READ_ONCE(pcp->high);
}

/* --- drain on request --- */

/* Empty the lists of one CPU, this one's, for a zone. Local section or that CPU is off. */
void drain_pages_zone(struct zone *zone, unsigned int cpu)
{
	struct per_cpu_pages *pcp = &zone->pcp[cpu];

	if (pcp->count + pcp->huge_count)
		free_pcppages_bulk(zone, pcp->count + pcp->huge_count, pcp, 0);
}

void drain_local_pages(struct zone *zone)
{
	unsigned long flags = kmm_local_irq_save();
	struct zone *z;

	for_each_populated_zone(z)
		if (!zone || z == zone)
			drain_pages_zone(z, kmm_cpu());
	kmm_local_irq_restore(flags);
}

static void drain_local_call(void *zone)
{
	drain_local_pages(zone);
}

static bool cpu_holds_pages(unsigned int cpu, const struct zone *zone)
{
	struct zone *z;

	for_each_populated_zone(z) {
		const struct per_cpu_pages *pcp = &z->pcp[cpu];

		if ((!zone || z == zone) && (READ_ONCE(pcp->count) || READ_ONCE(pcp->huge_count)))
			return true;
	}
	return false;
}

/* Other CPUs are asked, nobody reaches into their lists; one that does not answer keeps its pages. */
void drain_all_pages(struct zone *zone)
{
	unsigned int cpu;

	drain_local_pages(zone);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu != kmm_cpu() && cpu_holds_pages(cpu, zone) && !kmm_cpu_call(cpu, drain_local_call, zone))
			continue;
}

/* --- allocate --- */

/* The state of a page that is handed out; what depends on the gfp mask alone comes after. */
static inline void page_take(struct page *page, unsigned int order, gfp_t gfp)
{
	u32 use = order << PAGE_ORDER_SHIFT | (u32)gfp_migratetype(gfp) << PAGE_MOBILITY_SHIFT;

	WRITE_ONCE(page->flags, (page->flags & PAGE_ZONE_MASK) | use);
	page->private = 0;
	WRITE_ONCE(page->_refcount, 1);
}

static void prep_compound_page(struct page *page, unsigned int order)
{
	u32 head = (u32)page_to_pfn(page);
	unsigned long i;

	WRITE_ONCE(page->flags, page->flags | PG_head);
	for (i = 1; i < 1ul << order; i++) {
		page[i].compound_head = head;
		WRITE_ONCE(page[i].flags, page[i].flags | PG_tail);
	}
}

static noinline void prep_by_gfp(struct page *page, unsigned int order, gfp_t gfp)
{
	unsigned long i;

	if (gfp & __GFP_ZERO && !(page_hooks & PAGE_HOOK_INIT_FREE))
		for (i = 0; i < 1ul << order; i++)
			clear_highpage(page + i);
	if (order && gfp & __GFP_COMP)
		prep_compound_page(page, order);
}

void prep_new_page(struct page *page, unsigned int order, gfp_t gfp)
{
	page_take(page, order, gfp);
	if (unlikely(page_hooks))
		page_alloc_hook(page, order, gfp);
	if (gfp & (__GFP_ZERO | __GFP_COMP))
		prep_by_gfp(page, order, gfp);
}

/* A block from the CPU's own list, refilled if it is empty. */
static struct page *rmqueue_pcplist(struct zone *zone, unsigned int order, int mt, unsigned int alloc_flags)
{
	unsigned int oi = pcp_order_index[order];
	unsigned long flags = kmm_local_irq_save();
	struct per_cpu_pages *pcp = &zone->pcp[kmm_cpu()];
	struct pcp_list *list = pcp_list(pcp, oi, mt);
	struct page *page = NULL;

	pcp->free_factor >>= 1;
	if (!list->head)
		pcp_count(pcp, order, rmqueue_bulk(zone, order, nr_refill(pcp, order), list, mt, alloc_flags));
	if (list->head) {
		page = pcp_pop(list);
		pcp_count(pcp, order, -1);
		pcp->allocs[oi]++;
	}
	kmm_local_irq_restore(flags);
	return page;
}

static struct page *rmqueue_buddy(struct zone *zone, unsigned int order, int mt, unsigned int alloc_flags)
{
	unsigned long flags, pfn = 0;
	struct per_cpu_pages *pcp;
	unsigned int got;

	spin_lock_irqsave(&zone->lock, flags);
	if (order && alloc_flags & ALLOC_HARDER)
		pfn = rmqueue_highatomic(zone, order);
	if (!pfn)
		pfn = __rmqueue(zone, order, order, mt, alloc_flags, &got);
	spin_unlock(&zone->lock);
	if (pfn) {
		pcp = &zone->pcp[kmm_cpu()];
		pcp->allocs[NR_PCP_ORDERS] += 1ul << order;
		pcp->other_allocs++;
	}
	kmm_local_irq_restore(flags);
	if (pfn && tracing())
		trace_zone_locked(pfn, order, order, mt);
	return pfn ? pfn_to_page(pfn) : NULL;
}

static void numa_account(struct zone *preferred, struct zone *zone)
{
	unsigned long flags;
	unsigned int cpu;

	if (preferred == zone || preferred->node == zone->node)
		return;
	flags = kmm_local_irq_save();
	cpu = kmm_cpu();
	zone->pcp[cpu].numa_miss++;
	preferred->pcp[cpu].numa_foreign++;
	kmm_local_irq_restore(flags);
}

/* rmqueue - a block of 2^order from this zone, through the CPU's lists if they hold the order; NULL if none. */
struct page *rmqueue(struct zone *preferred, struct zone *zone, unsigned int order, gfp_t gfp,
		     unsigned int alloc_flags, int migratetype)
{
	struct page *page = NULL;

	(void)gfp;
	if (pcp_order_index[order] < NR_PCP_ORDERS)
		page = rmqueue_pcplist(zone, order, migratetype, alloc_flags);
	if (!page)
		page = rmqueue_buddy(zone, order, migratetype, alloc_flags);
	if (page)
		numa_account(preferred, zone);
	if (unlikely(READ_ONCE(zone->boosted))) {
		WRITE_ONCE(zone->boosted, false);
		wakeup_kswapd(zone, 0, 0, zone->idx);
	}
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned long flags = kmm_local_irq_save();
	unsigned int cpu = kmm_cpu(), zid = fast_zone[gfp & GFP_ZONEMASK], oi;
	struct zone *zone = cpu_pgdat[cpu]->preferred_zone[zid];
	struct per_cpu_pages *pcp;
	struct pcp_list *list;
	struct page *page;

	if (unlikely(order >= MAX_ORDER || !zone || READ_ONCE(zone->fast_free) <= READ_ONCE(zone->fast_mark[zid])))
		goto slow;
	oi = pcp_order_index[order];
	if (unlikely(oi >= NR_PCP_ORDERS))
		goto slow;
	pcp = &zone->pcp[cpu];
	list = pcp_list(pcp, oi, gfp_migratetype(gfp));
	if (unlikely(!list->head || gfp_migratetype(gfp) >= MIGRATE_PCPTYPES))
		goto slow;
	page = pcp_pop(list);
	if (likely(oi != PCP_HUGE))
		WRITE_ONCE(pcp->count, pcp->count - (1u << order));
	else
		WRITE_ONCE(pcp->huge_count, pcp->huge_count - pageblock_nr_pages);
	pcp->allocs[oi]++;
	page_take(page, order, gfp);
	kmm_local_irq_restore(flags);
	if (unlikely(gfp & (__GFP_ZERO | __GFP_COMP)))
		prep_by_gfp(page, order, gfp);
	return page;
slow:
	kmm_local_irq_restore(flags);
	return alloc_pages_slow(gfp, order, NUMA_NO_NODE, NULL);
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	if (nid == NUMA_NO_NODE || NODE_DATA(nid) == cpu_pgdat[kmm_cpu()])
		return alloc_pages(gfp, order);
	return alloc_pages_slow(gfp, order, nid, NULL);
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int preferred_nid, const nodemask_t *nodemask)
{
	if (nodemask)
		return alloc_pages_slow(gfp, order, preferred_nid, nodemask);
	return alloc_pages_node(preferred_nid, gfp, order);
}

/* --- bulk --- */

/* Fill empty slots from the CPU's order-0 list, refilling it, while the zone stays above its mark. */
static unsigned long bulk_from_zone(struct zone *zone, unsigned int zid, gfp_t gfp, unsigned long nr,
				    struct page **array)
{
	int mt = gfp_migratetype(gfp);
	unsigned long flags = kmm_local_irq_save(), i, taken = 0;
	struct per_cpu_pages *pcp = &zone->pcp[kmm_cpu()];
	struct pcp_list *list = pcp_list(pcp, 0, mt);

	for (i = 0; i < nr; i++) {
		struct page *page;

		if (array[i])
			continue;
		if (unlikely(!list->head)) {
			unsigned int want = (unsigned int)min(nr - i, (unsigned long)pageblock_nr_pages);

			if (READ_ONCE(zone->fast_free) <= READ_ONCE(zone->fast_mark[zid]) + want)
				break;
			pcp_count(pcp, 0, rmqueue_bulk(zone, 0, max(want, pcp->batch), list, mt, 0));
			if (!list->head)
				break;
		}
		page = pcp_pop(list);
		__builtin_prefetch(pfn_to_page(list->head));
		page_take(page, 0, gfp);
		array[i] = page;
		taken++;
	}
	pcp_count(pcp, 0, -(long)taken);
	pcp->allocs[0] += taken;
	kmm_local_irq_restore(flags);
	return i;
}

unsigned long alloc_pages_bulk_node(gfp_t gfp, int nid, unsigned long nr, struct page **array)
{
	unsigned int zid = fast_zone[gfp & GFP_ZONEMASK];
	pg_data_t *pgdat = nid == NUMA_NO_NODE ? cpu_pgdat[kmm_cpu()] : NODE_DATA(nid);
	struct zone *zone = pgdat->preferred_zone[zid];
	unsigned long i = 0, k;

	if (likely(zone && gfp_migratetype(gfp) < MIGRATE_PCPTYPES)) {
		i = bulk_from_zone(zone, zid, gfp, nr, array);
		if (unlikely(gfp & __GFP_ZERO))
			for (k = 0; k < i; k++)
				clear_highpage(array[k]);
	}
	for (; i < nr; i++) {
		if (!array[i])
			array[i] = alloc_pages_node(nid, gfp, 0);
		if (!array[i])
			break;
	}
	return i;
}

unsigned long alloc_pages_bulk(gfp_t gfp, unsigned long nr, struct page **array)
{
	return alloc_pages_bulk_node(gfp, NUMA_NO_NODE, nr, array);
}

/* --- free --- */

/* Push a page whose last reference is gone and whose state is right. */
static inline void free_to_pcp(struct page *page, struct zone *zone, unsigned int oi, unsigned int order, int mt)
{
	struct per_cpu_pages *pcp = &zone->pcp[kmm_cpu()];

	WRITE_ONCE(page->flags, page->flags & PAGE_ZONE_MASK);
	pcp_push(pcp_list(pcp, oi, mt), page);
	pcp->frees[oi]++;
	if (likely(oi != PCP_HUGE))
		WRITE_ONCE(pcp->count, pcp->count + (1u << order));
	else
		WRITE_ONCE(pcp->huge_count, pcp->huge_count + pageblock_nr_pages);
	if (unlikely(pcp_over(pcp, oi)))
		pcp_spill(zone, pcp, oi, mt);
}

static void free_to_buddy(struct page *page, struct zone *zone, unsigned int order)
{
	unsigned long flags, pfn = page_to_pfn(page);

	WRITE_ONCE(page->flags, page->flags & PAGE_ZONE_MASK);
	spin_lock_irqsave(&zone->lock, flags);
	zone_account(zone, pfn_block(zone, pfn)->migratetype, 1l << order);
	free_one_page(zone, pfn, order);
	spin_unlock(&zone->lock);
	zone->pcp[kmm_cpu()].frees[NR_PCP_ORDERS] += 1ul << order;
	kmm_local_irq_restore(flags);
}

/* A checked page, wherever it goes. Pages of the reserve and of CMA go home at once. */
void free_unref_page(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned int oi = pcp_order_index[order];
	int mt = get_pageblock_migratetype(page);
	unsigned long flags;

	if (oi >= NR_PCP_ORDERS || mt >= MIGRATE_PCPTYPES) {
		free_to_buddy(page, zone, order);
		return;
	}
	flags = kmm_local_irq_save();
	free_to_pcp(page, zone, oi, order, mt);
	kmm_local_irq_restore(flags);
}

static const char *page_free_fault(const struct page *page, unsigned int order)
{
	if (page->flags & PG_reserved)
		return "PG_reserved set: never came from the page allocator";
	if (page->flags & PG_tail)
		return "tail of a compound page";
	if (page->flags & (PG_flags_mask & ~(u32)PG_head))
		return "PAGE_FLAGS_CHECK_AT_FREE flag(s) set";
	if (page->mapping)
		return "non-NULL mapping";
	if (page_alloc_order(page) != order)
		return "freed with another order than allocated";
	return NULL;
}

static void destroy_compound_page(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1ul << order; i++)
		WRITE_ONCE(page[i].flags, page[i].flags & PAGE_ZONE_MASK);
	WRITE_ONCE(page->flags, page->flags & ~(u32)PG_head);
}

/* Compound pages, orders without a list, hooks, and everything that is wrong. */
static noinline void free_pages_slow(struct page *page, unsigned int order)
{
	const char *fault = page_free_fault(page, order);

	if (unlikely(fault)) {
		bad_page(page, fault);
		return;
	}
	if (PageHead(page))
		destroy_compound_page(page, order);
	if (unlikely(page_hooks))
		page_free_hook(page, order);
	free_unref_page(page, order);
}

static inline void free_the_page(struct page *page, unsigned int order)
{
	unsigned long flags;
	struct zone *zone;
	unsigned int oi;
	int mt;

	if (unlikely(((page->flags & FREE_CHECK) ^ (order << PAGE_ORDER_SHIFT | free_expect)) | (uintptr_t)page->mapping))
		goto slow;
	oi = pcp_order_index[order];
	zone = page_zone(page);
	mt = READ_ONCE(pfn_block(zone, page_to_pfn(page))->migratetype);
	if (unlikely(oi >= NR_PCP_ORDERS || mt >= MIGRATE_PCPTYPES))
		goto slow;
	flags = kmm_local_irq_save();
	free_to_pcp(page, zone, oi, order, mt);
	kmm_local_irq_restore(flags);
	return;
slow:
	free_pages_slow(page, order);
}

/*
 * Not the only reference. If others remain on a page that is not compound, the
 * parts behind the first page are freed now, and the first, with the last
 * reference, by put_page(): as in Linux.
 */
static noinline void free_shared(struct page *page, unsigned int order)
{
	u32 old = __atomic_load_n(&page->_refcount, __ATOMIC_RELAXED);

	if (old == 0) {
		bad_page(page, "page is free already (double free)");
		return;
	}
	if (!PageHead(page) && order && page_alloc_order(page) == order) {
		WRITE_ONCE(page->flags, page->flags & ~PAGE_ORDER_MASK);
		while (order-- > 0) {
			struct page *part = page + (1ul << order);
			u32 use = (page->flags & PAGE_MOBILITY_MASK) | order << PAGE_ORDER_SHIFT;

			WRITE_ONCE(part->flags, (part->flags & PAGE_ZONE_MASK) | use);
			free_the_page(part, order);
		}
		order = 0;
	}
	if (__atomic_sub_fetch(&page->_refcount, 1, __ATOMIC_ACQ_REL) == 0)
		free_the_page(page, order);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (unlikely(__atomic_load_n(&page->_refcount, __ATOMIC_ACQUIRE) != 1)) {
		free_shared(page, order);
		return;
	}
	WRITE_ONCE(page->_refcount, 0);
	free_the_page(page, order);
}

void put_page(struct page *page)
{
	page = compound_head(page);
	if (unlikely(READ_ONCE(page->_refcount) == 0))
		bad_page(page, "put_page() of a free page");
	else if (put_page_testzero(page))
		free_the_page(page, compound_order(page));
}

void release_pages(struct page **pages, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		put_page(pages[i]);
}
