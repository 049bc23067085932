// SPDX-License-Identifier: MIT
/*
 * check.c - the validators: every structure of the page allocator against the
 * others. Stops the machine at the first thing that is not so. For tests, and
 * for a machine one does not trust any more; nobody may be in the allocator.
 */
#include "internal.h"

/*
 * The pageblocks on one list: rightly linked, of the type, and each with a free block of the
 * order.
 */
static unsigned long check_list(struct zone *zone, unsigned int order, int mt)
{
	struct free_area *area = &zone->free_area[order];
	unsigned long blocks = 0;
	u32 at, prev = 0;

	for (at = area->list[mt]; at; prev = at, at = zone->blocks[at].next[order]) {
		struct pageblock *b = &zone->blocks[at];

		KMM_BUG_ON(at > zone->nr_blocks);
		KMM_BUG_ON(b->prev[order] != prev);
		KMM_BUG_ON(b->migratetype != mt);
		KMM_BUG_ON(b->nr_free[order] == 0);
		blocks += b->nr_free[order];
	}
	KMM_BUG_ON(area->last[mt] != prev);
	KMM_BUG_ON(!!(zone->avail[mt] & (1u << order)) != !!area->list[mt]);
	return blocks;
}

static void check_lists(struct zone *zone)
{
	unsigned int order;
	int mt;

	for (order = 0; order < MAX_ORDER; order++)
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			KMM_BUG_ON(check_list(zone, order, mt) !=
				   zone->free_area[order].nr_free[mt]);
}

/* A frame that is free has no reference, no flag, and no order. */
static void check_free_pages(struct zone *zone, struct pageblock *b, unsigned long first_pfn)
{
	unsigned long pfn;
	unsigned int order;

	for (pfn = first_pfn; pfn < first_pfn + pageblock_nr_pages; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (!(b->flags & PB_IN_MAX_ORDER) && block_find(b, pfn, &order) < 0)
			continue;
		KMM_BUG_ON(!zone_spans_pfn(zone, pfn) || !pfn_valid(pfn));
		KMM_BUG_ON(page->_refcount != 0);
		KMM_BUG_ON(page->flags & ~PAGE_ZONE_MASK);
		KMM_BUG_ON(page_zone(page) != zone);
	}
}

static void check_fast_path(const struct zone *zone)
{
	KMM_BUG_ON(zone->plenty != (zone->fast_free > low_wmark_pages(zone)));
}

static void check_blocks(struct zone *zone)
{
	unsigned long free[MIGRATE_TYPES] = { 0 }, blocks[MIGRATE_TYPES] = { 0 }, i, all = 0;
	int mt;

	for (i = 1; i <= blocks_alive(zone); i++) {
		struct pageblock *b = &zone->blocks[i];

		if (!block_exists(zone, i))
			continue;
		block_check(b);
		check_free_pages(zone, b, (i + zone->first_block) << pageblock_order);
		free[b->migratetype] += b->free_pages;
		blocks[b->migratetype]++;
	}
	for (mt = 0; mt < MIGRATE_ISOLATE; mt++)
		all += free[mt];
	KMM_BUG_ON(blocks[MIGRATE_HIGHATOMIC] * pageblock_nr_pages != zone->nr_reserved_highatomic);
	KMM_BUG_ON(blocks[MIGRATE_ISOLATE] != zone->nr_isolate_pageblock);
	KMM_BUG_ON(all != zone->free_pages);
	KMM_BUG_ON(free[MIGRATE_CMA] != zone->free_cma_pages);
	KMM_BUG_ON(free[MIGRATE_HIGHATOMIC] != zone->free_highatomic);
	KMM_BUG_ON(all - free[MIGRATE_CMA] - free[MIGRATE_HIGHATOMIC] != zone->fast_free);
	KMM_BUG_ON(all > zone->managed_pages);
}

/* Frames of a magazine: free, of this zone, aligned, and not in a pageblock's tree as well. */
static void check_magazine(struct zone *zone, const u32 *frames, unsigned int count,
			   unsigned int order)
{
	unsigned int i, other;

	for (i = 0; i < count; i++) {
		u32 pfn = frames[i];
		struct page *page = pfn_to_page(pfn);

		KMM_BUG_ON(!zone_spans_pfn(zone, pfn) || pfn & ((1u << order) - 1));
		KMM_BUG_ON(page_zone(page) != zone || page->_refcount);
		KMM_BUG_ON(page->flags & ~PAGE_ZONE_MASK);
		KMM_BUG_ON(block_find(pfn_block(zone, pfn), pfn, &other) >= 0);
	}
}

static void check_pcp(struct zone *zone, const struct per_cpu_pages *pcp)
{
	unsigned int order;
	int mt;

	for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		for (order = 0; order < MAX_ORDER; order++) {
			const struct pcp_list *list = &pcp->lists[mt][order];
			const struct pcp_spare *spare = &pcp->spares[mt][order];

			KMM_BUG_ON(list->zone != zone || list->count > list->cap ||
				   spare->count > list->cap);
			check_magazine(zone, list->frames, list->count, order);
			check_magazine(zone, spare->frames, spare->count, order);
		}
}

void zone_check(struct zone *zone)
{
	unsigned int cpu;

	KMM_BUG_ON(spin_is_locked(&zone->lock));
	if (!populated_zone(zone) || zone->deferred_pfn == zone->zone_start_pfn)
		return;
	check_lists(zone);
	check_blocks(zone);
	check_fast_path(zone);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		check_pcp(zone, &zone->pcp[cpu]);
}

void page_alloc_check(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		zone_check(zone);
}
