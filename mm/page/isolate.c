// SPDX-License-Identifier: MIT
/*
 * isolate.c - pageblocks with a purpose: isolated, or lent by CMA; frames with a name.
 *
 * A pageblock of type MIGRATE_ISOLATE gives nothing away: its free blocks are
 * on lists that no request looks at, and pages freed in it stay there. Who
 * wants a contiguous range isolates it, moves out what can be moved, and takes
 * what is then free. Pages of the range that sit in per-CPU lists find their
 * way when the lists are drained: the type is looked up at that moment.
 */
#include <kmm/errno.h>

#include "internal.h"

static struct pageblock *block_of(struct page *page)
{
	return pfn_block(page_zone(page), page_to_pfn(page));
}

void set_pageblock_migratetype(struct page *page, int migratetype)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	KMM_BUG_ON(migratetype < 0 || migratetype >= MIGRATE_TYPES);
	spin_lock_irqsave(&zone->lock, flags);
	pageblock_set_type(zone, block_of(page), migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static bool isolate_block(struct page *page)
{
	struct zone *zone = page_zone(page);
	struct pageblock *b = block_of(page);
	unsigned long flags;
	bool done = false;

	spin_lock_irqsave(&zone->lock, flags);
	if (b->migratetype != MIGRATE_ISOLATE) {
		pageblock_set_type(zone, b, MIGRATE_ISOLATE);
		done = true;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return done;
}

static void unisolate_block(struct page *page, int migratetype)
{
	struct zone *zone = page_zone(page);
	struct pageblock *b = block_of(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (b->migratetype == MIGRATE_ISOLATE)
		pageblock_set_type(zone, b, migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
}

int start_isolate_page_range(unsigned long start, unsigned long end)
{
	unsigned long pfn;

	KMM_BUG_ON(!IS_ALIGNED(start | end, pageblock_nr_pages));
	for (pfn = start; pfn < end; pfn += pageblock_nr_pages) {
		if (isolate_block(pfn_to_page(pfn)))
			continue;
		undo_isolate_page_range(start, pfn, MIGRATE_MOVABLE);
		return -EBUSY;
	}
	drain_all_pages(page_zone(pfn_to_page(start)));
	return 0;
}

void undo_isolate_page_range(unsigned long start, unsigned long end, int migratetype)
{
	unsigned long pfn;

	for (pfn = start; pfn < end; pfn += pageblock_nr_pages)
		unisolate_block(pfn_to_page(pfn), migratetype);
}

/*
 * One pageblock of a boot-time reservation: reserved until now, from now on
 * CMA's, its pages free for movable allocations.
 */
void init_cma_reserved_pageblock(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long i, flags, pfn = page_to_pfn(page);

	KMM_BUG_ON(!IS_ALIGNED(pfn, pageblock_nr_pages) || !PageReserved(page));
	for (i = 0; i < pageblock_nr_pages; i++) {
		page[i].flags &= PAGE_ZONE_MASK;
		page[i]._refcount = 0;
	}
	fill_free_pages(page, pageblock_nr_pages);
	spin_lock_irqsave(&zone->lock, flags);
	pageblock_set_type(zone, block_of(page), MIGRATE_CMA);
	zone_account(zone, MIGRATE_CMA, (long)pageblock_nr_pages);
	free_one_page(zone, pfn, pageblock_order);
	WRITE_ONCE(zone->managed_pages, zone->managed_pages + pageblock_nr_pages);
	WRITE_ONCE(zone->cma_pages, zone->cma_pages + pageblock_nr_pages);
	spin_unlock_irqrestore(&zone->lock, flags);
	__atomic_fetch_add(&totalram_pages, pageblock_nr_pages, __ATOMIC_RELAXED);
}

/*
 * The zone a frame belongs to, its page structure brought to life if that was put off; NULL: no
 * RAM.
 */
static struct zone *zone_of_frame(unsigned long pfn)
{
	struct zone *zone;

	if (!pfn_valid(pfn))
		return NULL;
	for_each_populated_zone(zone) {
		if (!zone_spans_pfn(zone, pfn))
			continue;
		while (READ_ONCE(zone->deferred_pfn) <= pfn && deferred_grow_zone(zone))
			continue;
		if (page_zone(pfn_to_page(pfn)) == zone)
			return zone;
	}
	return NULL;
}

static bool take_at(struct zone *zone, unsigned long pfn, unsigned int order)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&zone->lock, flags);
	taken = take_block_at(zone, pfn, order);
	if (taken) {
		zone->pcp[kmm_cpu()].direct_alloc_pages += 1ul << order;
		zone->pcp[kmm_cpu()].direct_allocs++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return taken;
}

struct page *alloc_pages_at(unsigned long pfn, unsigned int order, gfp_t gfp)
{
	struct zone *zone = zone_of_frame(pfn);
	struct page *page = pfn_to_page(pfn);

	KMM_BUG_ON(order >= MAX_ORDER || !IS_ALIGNED(pfn, 1ul << order));
	if (!zone || READ_ONCE(page->_refcount))
		return NULL;
	if (!take_at(zone, pfn, order)) {
		drain_all_pages(zone);
		if (!take_at(zone, pfn, order))
			return NULL;
	}
	prep_new_page(page, order, gfp);
	return page;
}
