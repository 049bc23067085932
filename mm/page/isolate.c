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
#include <kmm/memblock.h>

#include "internal.h"
#include "lib/string.h"

static struct pageblock *block_of(struct zone *zone, unsigned long pfn)
{
	KMM_BUG_ON(!zone_spans_pfn(zone, pfn));
	return pfn_block(zone, pfn);
}

/* Frames up to pfn initialised, and no CPU still at it. */
static void init_up_to(struct zone *zone, unsigned long pfn)
{
	while (READ_ONCE(zone->deferred_pfn) <= pfn && deferred_grow_zone(zone, true))
		continue;
	deferred_wait(zone);
}

/*
 * The zone that speaks for a frame, the frame's page structure brought to life if that was
 * put off; NULL: there is none. RAM belongs to its node's zone; a hole to whose index it has.
 */
static struct zone *zone_of_frame(unsigned long pfn)
{
	unsigned long start, end;
	struct zone *zone;
	int nid;

	if (!pfn_valid(pfn))
		return NULL;
	nid = memblock_search_pfn_nid(pfn, &start, &end);
	for_each_populated_zone(zone) {
		if (!zone_spans_pfn(zone, pfn) || (nid != NUMA_NO_NODE && nid != zone->node))
			continue;
		init_up_to(zone, pfn);
		if (page_zone(pfn_to_page(pfn)) == zone)
			return zone;
	}
	return NULL;
}

/* Give the pageblock of a frame the type `to`, if it has the type `from` (-1: whatever). Returns
 * what it had. */
static int change_type(struct zone *zone, unsigned long pfn, int from, int to)
{
	struct pageblock *b = block_of(zone, pfn);
	unsigned long flags;
	int old;

	spin_lock_irqsave(&zone->lock, flags);
	old = b->migratetype;
	if (from < 0 || old == from)
		pageblock_set_type(zone, b, to);
	spin_unlock_irqrestore(&zone->lock, flags);
	return old;
}

void set_pageblock_migratetype(struct page *page, int migratetype)
{
	struct zone *zone = zone_of_frame(page_to_pfn(page));

	KMM_BUG_ON(migratetype < 0 || migratetype >= MIGRATE_TYPES);
	if (zone)
		change_type(zone, page_to_pfn(page), -1, migratetype);
}

static bool isolate_block(unsigned long pfn)
{
	struct zone *zone = zone_of_frame(pfn);

	return zone && change_type(zone, pfn, -1, MIGRATE_ISOLATE) != MIGRATE_ISOLATE;
}

int start_isolate_page_range(unsigned long start, unsigned long end)
{
	unsigned long pfn;

	KMM_BUG_ON(!IS_ALIGNED(start | end, pageblock_nr_pages));
	for (pfn = start; pfn < end; pfn += pageblock_nr_pages)
		if (!isolate_block(pfn))
			break;
	if (pfn == end && drain_every_cpu(NULL))
		return 0;
	undo_isolate_page_range(start, pfn, MIGRATE_MOVABLE);
	return -EBUSY;
}

void undo_isolate_page_range(unsigned long start, unsigned long end, int migratetype)
{
	unsigned long pfn;
	struct zone *zone;

	for (pfn = start; pfn < end; pfn += pageblock_nr_pages) {
		zone = zone_of_frame(pfn);
		if (zone)
			change_type(zone, pfn, MIGRATE_ISOLATE, migratetype);
	}
}

/*
 * One pageblock of a boot-time reservation: reserved until now, from now on
 * CMA's, its pages free for movable allocations.
 */
void init_cma_reserved_pageblock(struct page *page)
{
	unsigned long i, flags, pfn = page_to_pfn(page);
	struct zone *zone = zone_of_frame(pfn);

	KMM_BUG_ON(!zone || !IS_ALIGNED(pfn, pageblock_nr_pages) || !PageReserved(page));
	for (i = 0; i < pageblock_nr_pages; i++) {
		page[i].flags &= PAGE_ZONE_MASK;
		page[i]._refcount = 0;
	}
	fill_free_pages(page, pageblock_nr_pages);
	spin_lock_irqsave(&zone->lock, flags);
	pageblock_set_type(zone, block_of(zone, pfn), MIGRATE_CMA);
	zone_account(zone, MIGRATE_CMA, (long)pageblock_nr_pages);
	free_one_page(zone, pfn, pageblock_order);
	WRITE_ONCE(zone->managed_pages, zone->managed_pages + pageblock_nr_pages);
	WRITE_ONCE(zone->cma_pages, zone->cma_pages + pageblock_nr_pages);
	spin_unlock_irqrestore(&zone->lock, flags);
	__atomic_fetch_add(&totalram_pages, pageblock_nr_pages, __ATOMIC_RELAXED);
}

/* ---- boot memory that is needed no more ---- */

void free_reserved_page(struct page *page)
{
	struct zone *zone = zone_of_frame(page_to_pfn(page));
	unsigned long flags;

	KMM_BUG_ON(!zone || !PageReserved(page));
	spin_lock_irqsave(&zone->lock, flags);
	page->flags &= PAGE_ZONE_MASK;
	WRITE_ONCE(zone->managed_pages, zone->managed_pages + 1);
	spin_unlock_irqrestore(&zone->lock, flags);
	__atomic_fetch_add(&totalram_pages, 1, __ATOMIC_RELAXED);
	__free_page(page);
}

unsigned long free_reserved_area(void *start, void *end, int poison, const char *what)
{
	uintptr_t at = ALIGN((uintptr_t)start, PAGE_SIZE);
	uintptr_t stop = ALIGN_DOWN((uintptr_t)end, PAGE_SIZE);
	unsigned long pages = 0;

	for (; at < stop; at += PAGE_SIZE, pages++) {
		if (poison >= 0)
			memset((void *)at, poison, PAGE_SIZE);
		free_reserved_page(virt_to_page((void *)at));
	}
	if (pages && what)
		pr_info("Freeing %s memory: %luK", what, pages << (PAGE_SHIFT - 10));
	return pages;
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
