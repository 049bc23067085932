// SPDX-License-Identifier: MIT
/*
 * page_alloc.c - the fast paths: pages from and to the CPU's own lists.
 *
 * Each CPU keeps, for each zone, magazines of free pages by migrate type and
 * order (struct per_cpu_pages). Nearly every allocation and free ends here: no
 * lock, no atomic operation, one cache line of the list, one of the page.
 *
 *	alloc_pages()                              __free_pages()
 *	   | the magazine is not empty,               | one reference, flags as expected,
 *	   | the zone has plenty: pop, prepare        | room in the magazine: push
 *	   v else                                     v else: free_pages_slow()
 *	alloc_pages_slow()  (slowpath.c)              | compound, and nothing else: the same
 *	                                              v else
 *	                                           free_unexpected(), pcp_spill()  (pcp.c)
 *
 * fast_lists[cpu][gfp bits] leads from a mask straight to the lists of the
 * zone and type it means: the first zone of the node's zonelist. A zone has
 * *plenty* while it is above its low watermark; below, every allocation takes
 * the slow path, which knows what each caller is entitled to. (lowmem_reserve
 * plays no part here: for the first zone of a zonelist it is 0.)
 *
 * Whatever must look at every page (tracing, poisoning, init_on_*, fault
 * injection: page_hooks) turns the fast paths off, through what they look at
 * anyway: fast_lists then lead to lists that are always empty, and free_expect
 * matches no page.
 *
 * Budget, instructions: an order-0 pair 90, order 3 110, order 9 150; a page
 * of alloc_pages_bulk() 30. `make bench` measures them.
 */
#include "internal.h"

__kmm_state pg_data_t *cpu_pgdat[NR_CPUS];
__kmm_state u32 page_hooks;

/*
 * What the zone bits of a gfp mask mean on this machine; NO_ZONE: a combination that means
 * nothing.
 */
#define NO_ZONE		MAX_NR_ZONES
static __kmm_state u8 gfp_zone_of[GFP_ZONEMASK + 1];

/* The bits of a mask that choose the list: zone modifiers and mobility. */
#define FAST_BITS	(GFP_ZONEMASK | __GFP_RECLAIMABLE)
static __kmm_state struct pcp_list *fast_lists[NR_CPUS][FAST_BITS + 1];
static __kmm_state struct zone no_zone;				/* never has plenty */
static __kmm_state struct pcp_list no_lists[MAX_ORDER];		/* always empty */

static __kmm_state u32 free_expect;
#define HOOKED		(1u << 31)	/* in free_expect: no page's flags agree with it */
#define FREE_CHECK	(PG_flags_mask | PAGE_ORDER_MASK)

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

static struct pcp_list *find_fast_lists(unsigned int cpu, gfp_t bits)
{
	unsigned int zid = gfp_zone_of[bits & GFP_ZONEMASK];
	int mt = gfpflags_to_migratetype(bits);
	struct zone *zone = zid == NO_ZONE ? NULL : cpu_pgdat[cpu]->preferred_zone[zid];

	/* A remote zone is for the slow path: it knows what __GFP_THISNODE means. */
	if (page_hooks || !zone || zone->zone_pgdat != cpu_pgdat[cpu] || mt >= MIGRATE_PCPTYPES)
		return no_lists;
	KMM_BUG_ON(zone->lowmem_reserve[zid]);
	return zone->pcp[cpu].lists[mt];
}

void fast_paths_update(void)
{
	unsigned int cpu, bits;

	for (bits = 0; bits < ARRAY_SIZE(gfp_zone_of); bits++)
		gfp_zone_of[bits] = zone_of_mask(bits);
	for (bits = 0; bits < MAX_ORDER; bits++)
		no_lists[bits].zone = &no_zone;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (bits = 0; bits <= FAST_BITS; bits++)
			fast_lists[cpu][bits] = find_fast_lists(cpu, bits);
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

/* --- allocate --- */

/*
 * The state of a page that is handed out: a free one's flags are its zone index and nothing else.
 */
static inline void page_take(struct page *page, u32 use)
{
	page->flags |= use;
	page->private = 0;
	WRITE_ONCE(page->_refcount, 1);
}

static void prep_compound_page(struct page *page, unsigned int order)
{
	u32 head = (u32)page_to_pfn(page);
	unsigned long i;

	page->flags |= PG_head;
	for (i = 1; i < 1ul << order; i++) {
		page[i].compound_head = head;
		page[i].flags |= PG_tail;
	}
}

static __noinline void clear_pages(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1ul << order; i++)
		clear_highpage(page + i);
}

static __noinline struct page *prep_by_gfp(struct page *page, unsigned int order, gfp_t gfp)
{
	if (gfp & __GFP_ZERO && !(page_hooks & PAGE_HOOK_INIT_FREE))
		clear_pages(page, order);
	if (order && gfp & __GFP_COMP)
		prep_compound_page(page, order);
	return page;
}

void prep_new_page(struct page *page, unsigned int order, gfp_t gfp)
{
	page_take(page, page_use_flags(order, gfp_migratetype(gfp)));
	if (unlikely(page_hooks))
		page_alloc_hook(page, order, gfp);
	if (gfp & (__GFP_ZERO | __GFP_COMP))
		prep_by_gfp(page, order, gfp);
}

static inline struct page *pcp_pop(struct pcp_list *list)
{
	unsigned int last = list->count - 1u;

	list->count = (u16)last;
	list->allocs++;
	return pfn_to_page(list->frames[last]);
}

/* A block from the CPU's own list, refilled if it is empty. */
static struct page *rmqueue_pcplist(struct zone *zone, unsigned int order, int mt,
				    unsigned int alloc_flags)
{
	unsigned long flags = kmm_local_irq_save();
	struct per_cpu_pages *pcp = &zone->pcp[kmm_cpu()];
	struct pcp_list *list = &pcp->lists[mt][order];
	struct page *page = NULL;

	if (list->cap && !list->count)
		pcp_refill(zone, pcp, order, mt, 0, alloc_flags);
	if (list->count)
		page = pcp_pop(list);
	kmm_local_irq_restore(flags);
	return page;
}

static struct page *rmqueue_buddy(struct zone *zone, unsigned int order, int mt,
				  unsigned int alloc_flags)
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
		pcp->direct_alloc_pages += 1ul << order;
		pcp->direct_allocs++;
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

/* A fallback has boosted the zone's marks: kswapd is to make room. No lock held. */
static inline void wake_boosted(struct zone *zone)
{
	if (likely(!READ_ONCE(zone->boosted)))
		return;
	WRITE_ONCE(zone->boosted, false);
	wakeup_kswapd(zone, 0, 0, zone->idx);
}

/*
 * rmqueue - a block of 2^order from this zone, through the CPU's lists if they hold the order;
 * NULL if none.
 */
struct page *rmqueue(struct zone *preferred, struct zone *zone, unsigned int order,
		     unsigned int alloc_flags, int migratetype)
{
	struct page *page = rmqueue_pcplist(zone, order, migratetype, alloc_flags);

	if (!page)
		page = rmqueue_buddy(zone, order, migratetype, alloc_flags);
	if (page)
		numa_account(preferred, zone);
	wake_boosted(zone);
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned long flags = kmm_local_irq_save();
	struct pcp_list *list = &fast_lists[kmm_cpu()][gfp & FAST_BITS][order];
	struct page *page;

	if (unlikely(order >= MAX_ORDER || !list->count || !READ_ONCE(list->zone->plenty))) {
		kmm_local_irq_restore(flags);
		return alloc_pages_slow(gfp, order, NUMA_NO_NODE, NULL);
	}
	page = pcp_pop(list);
	page_take(page, list->use);
	kmm_local_irq_restore(flags);
	if (unlikely(gfp & (__GFP_ZERO | __GFP_COMP)))
		return prep_by_gfp(page, order, gfp);
	return page;
}

/*
 * Is it this CPU's own lists that a request for a node should come from? The CPU may be
 * another one a moment later: a wish for a node bears that, __GFP_THISNODE does not.
 */
static inline bool node_is_local(int nid, gfp_t gfp)
{
	if (nid == NUMA_NO_NODE)
		return true;
	return (unsigned int)nid < MAX_NUMNODES && !(gfp & __GFP_THISNODE) &&
	       NODE_DATA(nid) == cpu_pgdat[kmm_cpu()];
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	if (node_is_local(nid, gfp))
		return alloc_pages(gfp, order);
	return alloc_pages_slow(gfp, order, nid, NULL);
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int preferred_nid,
			   const nodemask_t *nodemask)
{
	if (nodemask)
		return alloc_pages_slow(gfp, order, preferred_nid, nodemask);
	return alloc_pages_node(preferred_nid, gfp, order);
}

/* --- bulk --- */

/*
 * Pages of the loaded magazine into the slots of array[i ... nr), the empty ones or, if it is new,
 * all; returns where it stopped.
 */
static __always_inline unsigned long pop_into(struct pcp_list *list, unsigned long i,
					      unsigned long nr, struct page **array, bool new)
{
	const u32 *frame = list->frames + list->count;
	unsigned int count = list->count;
	u32 use = list->use;

	while (i < nr && frame != list->frames) {
		/* The frames last until there at least. */
		unsigned long end = min(nr, i + (unsigned long)(frame - list->frames));

		for (i -= end; i; i++) {
			struct page *page;

			if (!new && array[end + i])
				continue;
			page = pfn_to_page(*--frame);
			page_take(page, use);
			array[end + i] = page;
		}
		i = end;
	}
	list->count = (u16)(frame - list->frames);
	list->allocs += count - list->count;
	return i;
}

/*
 * More pages for `want` slots, if the list's zone stays well above its marks: what they leave is
 * for single allocations.
 */
static __noinline bool refill_for_bulk(struct pcp_list *list, gfp_t gfp, unsigned long want)
{
	struct zone *zone = list->zone;

	want = min(want, (unsigned long)MAGAZINE_MOST);
	if (!READ_ONCE(zone->plenty) ||
	    READ_ONCE(zone->free_pages) < high_wmark_pages(zone) + 2 * want)
		return false;
	pcp_refill(zone, &zone->pcp[kmm_cpu()], 0, gfpflags_to_migratetype(gfp),
		   (unsigned int)want, gfp_to_alloc_flags_cma(gfp) | ALLOC_KSWAPD);
	return list->count;
}

/* Fill slots from the CPU's order-0 list; returns where it stopped. */
static __always_inline unsigned long bulk_from_list(gfp_t gfp, unsigned long nr,
						    struct page **array, bool new)
{
	unsigned long flags = kmm_local_irq_save(), i = 0;
	struct pcp_list *list = fast_lists[kmm_cpu()][gfp & FAST_BITS];

	do
		if (list->count)
			i = pop_into(list, i, nr, array, new);
	while (i < nr && refill_for_bulk(list, gfp, nr - i));
	kmm_local_irq_restore(flags);
	wake_boosted(list->zone);
	return i;
}

static __always_inline unsigned long bulk(gfp_t gfp, int nid, unsigned long nr,
					  struct page **array, bool new)
{
	unsigned long i = 0;

	if (node_is_local(nid, gfp) && !(gfp & __GFP_ZERO))
		i = bulk_from_list(gfp, nr, array, new);
	for (; i < nr; i++) {
		if (new || !array[i])
			array[i] = alloc_pages_node(nid, gfp, 0);
		if (!array[i])
			break;
	}
	return i;
}

unsigned long alloc_pages_bulk_node(gfp_t gfp, int nid, unsigned long nr, struct page **array)
{
	return bulk(gfp, nid, nr, array, false);
}

unsigned long alloc_pages_new_array(gfp_t gfp, int nid, unsigned long nr, struct page **array)
{
	return bulk(gfp, nid, nr, array, true);
}

unsigned long alloc_pages_bulk(gfp_t gfp, unsigned long nr, struct page **array)
{
	return alloc_pages_bulk_node(gfp, NUMA_NO_NODE, nr, array);
}

/* --- free --- */

static inline struct pcp_list *pcp_list_of(struct zone *zone, unsigned int order, int mt)
{
	return &zone->pcp[kmm_cpu()].lists[mt][order];
}

static inline void pcp_push(struct pcp_list *list, struct page *page, unsigned long pfn)
{
	page->flags &= PAGE_ZONE_MASK;
	list->frames[list->count++] = (u32)pfn;
}

/* Pageblock by pageblock: the two halves of order 10 need not be of one type any more. */
static void free_to_buddy(struct page *page, struct zone *zone, unsigned long pfn,
			  unsigned int order)
{
	unsigned long end = pfn + (1ul << order), step = min(1ul << order, pageblock_nr_pages);

	page->flags &= PAGE_ZONE_MASK;
	spin_lock(&zone->lock);
	for (; pfn < end; pfn += step) {
		zone_account(zone, pfn_block(zone, pfn)->migratetype, (long)step);
		free_one_page(zone, pfn, min(order, (unsigned int)pageblock_order));
	}
	spin_unlock(&zone->lock);
	zone->pcp[kmm_cpu()].direct_free_pages += 1ul << order;
}

/*
 * A checked page goes where it belongs. Pages of the reserve, of CMA, isolated ones: home at once.
 */
static void free_unref_page(struct page *page, unsigned int order)
{
	unsigned long flags = kmm_local_irq_save(), pfn = page_to_pfn(page);
	struct zone *zone = page_zone(page);
	int mt = READ_ONCE(pfn_block(zone, pfn)->migratetype);
	struct pcp_list *list = mt < MIGRATE_PCPTYPES ? pcp_list_of(zone, order, mt) : no_lists;

	if (!list->cap) {
		free_to_buddy(page, zone, pfn, order);
	} else {
		if (list->count == list->cap)
			pcp_spill(&zone->pcp[kmm_cpu()], order, mt);
		pcp_push(list, page, pfn);
	}
	kmm_local_irq_restore(flags);
}

static const char *page_free_fault(const struct page *page, unsigned int order)
{
	if (page->flags & PG_reserved)
		return "PG_reserved set: never came from the page allocator";
	if (page->flags & PG_tail)
		return "tail of a compound page";
	if (page->flags & (PG_flags_mask & ~(u32)(order ? PG_head : 0)))
		return "PAGE_FLAGS_CHECK_AT_FREE flag(s) set";
	if (page->mapping)
		return "non-NULL mapping";
	if (page_alloc_order(page) != order)
		return "freed with another order than allocated";
	return NULL;
}

static void destroy_compound_page(struct page *page, unsigned int order)
{
	struct page *tail = page + 1, *end = page + (1ul << order);

	do
		tail->flags &= PAGE_ZONE_MASK;
	while (++tail != end);	/* order 1 at least */
	page->flags &= ~(u32)PG_head;
}

/* Full magazines, orders and types without a list, hooks, and everything that is wrong. */
static __noinline void free_unexpected(struct page *page, unsigned int order)
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

/* (In 32 bits a wild order would be cut off.) */
static inline bool page_as_expected(const struct page *page, unsigned int order, u32 flags)
{
	unsigned long expect = (unsigned long)order << PAGE_ORDER_SHIFT | free_expect | flags;

	if (sizeof(expect) == 4 && unlikely(order >= MAX_ORDER))
		return false;
	return likely(!(((page->flags & FREE_CHECK) ^ expect) | (uintptr_t)page->mapping));
}

/* A page that is as it should be, to the CPU's list, if that has room. Calls nothing on the way. */
static __always_inline bool free_to_list(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long pfn = page_to_pfn(page), flags = kmm_local_irq_save();
	int mt = READ_ONCE(pfn_block(zone, pfn)->migratetype);	/* see start_isolate_page_range() */
	struct pcp_list *list;

	if (likely(mt < MIGRATE_PCPTYPES)) {
		list = pcp_list_of(zone, order, mt);
		if (likely(list->count != list->cap)) {
			pcp_push(list, page, pfn);
			kmm_local_irq_restore(flags);
			return true;
		}
	}
	kmm_local_irq_restore(flags);
	return false;
}

/* A compound page without fault is taken apart first; then it is like others. */
static __noinline void free_pages_slow(struct page *page, unsigned int order)
{
	if (likely(order && page_as_expected(page, order, PG_head))) {
		destroy_compound_page(page, order);
		if (likely(free_to_list(page, order)))
			return;
	}
	free_unexpected(page, order);
}

/* The last reference is gone. */
static __always_inline void free_the_page(struct page *page, unsigned int order)
{
	if (likely(page_as_expected(page, order, 0)) && likely(free_to_list(page, order)))
		return;
	free_pages_slow(page, order);
}

/*
 * Not the only reference. The parts of a page that is not compound, all but its first page,
 * are freed now, and the first one, from now on of order 0, with the last reference:
 *
 *	order 2, two references:   [ 2 refs | . | . | . ]
 *	__free_pages(page, 2)      [ 1 ref  | f | f   f ]
 *	put_page(page)             [ f      | f | f   f ]
 *
 * Other holders may look at the flags meanwhile, hence the atomic operation.
 */
static __noinline void free_shared(struct page *page, unsigned int order)
{
	u32 flags = READ_ONCE(page->flags);

	if (!READ_ONCE(page->_refcount)) {
		bad_page(page, PageTail(page) ? "tail of a compound page"
					      : "page is free already (double free)");
		return;
	}
	if (order && !(flags & PG_head) && page_alloc_order(page) == order) {
		__atomic_fetch_and(&page->flags, ~PAGE_ORDER_MASK, __ATOMIC_RELAXED);
		while (order-- > 0) {
			struct page *part = page + (1ul << order);

			part->flags |= (flags & PAGE_MOBILITY_MASK) | order << PAGE_ORDER_SHIFT;
			free_the_page(part, order);
		}
		order = 0;
	}
	if (__atomic_sub_fetch(&page->_refcount, 1, __ATOMIC_ACQ_REL) == 0)
		free_the_page(page, order);
}

/* Drop the only reference; false: there were others, and all has been done. */
static __always_inline bool drop_only(struct page *page, unsigned int order)
{
	if (unlikely(__atomic_load_n(&page->_refcount, __ATOMIC_ACQUIRE) != 1)) {
		free_shared(page, order);
		return false;
	}
	WRITE_ONCE(page->_refcount, 0);
	return true;
}

void __free_pages(struct page *page, unsigned int order)
{
	if (drop_only(page, order))
		free_the_page(page, order);
}

void free_compound(struct page *page, unsigned int order)
{
	if (drop_only(page, order))
		free_pages_slow(page, order);
}

void put_page(struct page *page)
{
	page = compound_head(page);
	if (unlikely(READ_ONCE(page->_refcount) == 0))
		bad_page(page, "put_page() of a free page");
	else if (put_page_testzero(page))
		free_the_page(page, compound_order(page));
}

/*
 * Pages as simple as free_the_page() wants them, with one reference, to this CPU's lists;
 * stops at the first that is not, or whose list is full, and returns where. Neighbours are
 * mostly of one pageblock, whose list is looked up once.
 */
static unsigned long push_from(struct page **pages, unsigned long i, unsigned long nr)
{
	unsigned long flags = kmm_local_irq_save(), pfn, block = ~0ul;
	struct pcp_list *list = NULL;

	for (; i < nr; i++) {
		struct page *page = pages[i];

		if (unlikely(__atomic_load_n(&page->_refcount, __ATOMIC_ACQUIRE) != 1 ||
			     !page_as_expected(page, 0, 0)))
			break;
		pfn = page_to_pfn(page);
		if (pfn >> pageblock_order != block) {
			struct zone *zone = page_zone(page);
			int mt = READ_ONCE(pfn_block(zone, pfn)->migratetype);

			if (unlikely(mt >= MIGRATE_PCPTYPES))
				break;
			block = pfn >> pageblock_order;
			list = pcp_list_of(zone, 0, mt);
		}
		if (unlikely(list->count == list->cap))
			break;
		WRITE_ONCE(page->_refcount, 0);
		pcp_push(list, page, pfn);
	}
	kmm_local_irq_restore(flags);
	return i;
}

/* Each local section is at most RELEASE_BATCH pages long. */
#define RELEASE_BATCH	64

void release_pages(struct page **pages, unsigned long nr)
{
	unsigned long i = 0, end;

	while (i < nr) {
		struct page *page;

		end = min(nr, i + RELEASE_BATCH);
		i = push_from(pages, i, end);
		if (i == end)
			continue;
		page = compound_head(pages[i++]);
		if (tracing() && READ_ONCE(page->_refcount) == 1)
			trace_page(TRACE_MM_PAGE_FREE_BATCHED, page_to_pfn(page), 0, 0, 0);
		put_page(page);
	}
}
