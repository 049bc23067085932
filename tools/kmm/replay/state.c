// SPDX-License-Identifier: MIT
/*
 * state.c - the machine's free memory taken down in numbers; see state.h.
 *
 * A pageblock's pages are walked block by block: a page in use says with which
 * order it was allocated, so its tails are stepped over; a free page is stepped
 * over one by one. Pageblocks that are free as a whole are not walked at all.
 */
#include <string.h>

#include <kmm/kmm.h>
#include <kmm/mm.h>

#include "state.h"

static unsigned long zone_pcp_pages(const struct zone *zone)
{
	unsigned long pages = 0;

	for (unsigned int cpu = 0; zone->pcp && cpu < nr_cpu_ids; cpu++)
		pages += pcp_pages(&zone->pcp[cpu]);
	return pages;
}

static void take_zone(struct zone *zone, struct zone_state *s)
{
	s->node = zone->node;
	s->idx = zone->idx;
	s->name = zone->name;
	s->start_pfn = zone->zone_start_pfn;
	s->spanned = zone->spanned_pages;
	s->present = zone->present_pages;
	s->managed = zone->managed_pages;
	s->deferred = zone->deferred_pages;
	s->free = zone->free_pages + zone->deferred_pages;
	s->pcp = zone_pcp_pages(zone);
	s->min = min_wmark_pages(zone);
	s->low = low_wmark_pages(zone);
	s->high = high_wmark_pages(zone);
	for (unsigned int o = 0; o < MAX_ORDER; o++) {
		for (int mt = 0; mt < MIGRATE_TYPES; mt++)
			s->nr_free[mt][o] = zone->free_area[o].nr_free[mt];
		s->extfrag[o] = extfrag_index(zone, o);
		s->unusable[o] = unusable_index(zone, o);
	}
	s->nr_free[MIGRATE_MOVABLE][MAX_ORDER - 1] += zone->deferred_pages >> (MAX_ORDER - 1);
}

void state_take(struct machine_state *s)
{
	struct zone *zone;

	memset(s, 0, sizeof(*s));
	for_each_populated_zone(zone) {
		struct zone_state *z = &s->zones[s->nr_zones];

		if (s->nr_zones == STATE_MAX_ZONES)
			break;
		take_zone(zone, z);
		s->nr_zones++;
		s->free += z->free;
		s->pcp += z->pcp;
		s->managed += z->managed;
	}
}

const struct zone_state *state_zone(const struct machine_state *s, int node, const char *name)
{
	for (unsigned int i = 0; i < s->nr_zones; i++)
		if (s->zones[i].node == node && !strcmp(s->zones[i].name, name))
			return &s->zones[i];
	return NULL;
}

u64 zone_state_free(const struct zone_state *z, unsigned int order)
{
	u64 nr = 0;

	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		nr += z->nr_free[mt][order];
	return nr;
}

bool page_alive(unsigned long pfn)
{
	const struct zone *zone = pfn_valid(pfn) ? page_zone(pfn_to_page(pfn)) : NULL;

	return zone && zone_spans_pfn(zone, pfn);
}

/* ---- who holds the pageblocks ---- */

static void scan_block(unsigned long pfn, unsigned long end, int type, struct block_holders *h)
{
	u64 used[MOBILITIES] = { 0 }, total, reserved = 0;

	while (pfn < end) {
		const struct page *page = pfn_to_page(pfn);
		unsigned long step = 1;

		if (PageReserved(page)) {
			reserved++;
		} else if (page->_refcount) {
			step = min(1ul << page_alloc_order(page), end - pfn);
			used[min(page_mobility(page), MOBILITIES - 1)] += step;
		}
		pfn += step;
	}
	h->reserved += reserved;
	total = used[0] + used[1] + used[2];
	h->whole_free[type] += !total && !reserved;
	h->mixed[type] += type < MOBILITIES && total > used[type];
	for (int m = 0; m < MOBILITIES; m++)
		h->pages[type][m] += used[m];
}

/* Is the pageblock free from end to end, by the zone's books? */
static bool block_is_free(const struct pageblock *b)
{
	return b->free_pages == pageblock_nr_pages || b->flags & PB_IN_MAX_ORDER;
}

void holders_scan(struct zone *zone, struct block_holders *h)
{
	unsigned long end = zone_end_pfn(zone), pfn, next;

	if (zone->deferred_pages)	/* beyond: not brought to life, hence free */
		end = min(end, zone->deferred_pfn);
	for (pfn = zone->zone_start_pfn; pfn < end; pfn = next) {
		const struct pageblock *b = pfn_block(zone, pfn);
		int type;

		next = min((pfn | (pageblock_nr_pages - 1)) + 1, end);
		if (!page_alive(pfn))
			continue;
		type = b->migratetype;
		h->blocks[type]++;
		if (block_is_free(b))
			h->whole_free[type]++;
		else
			scan_block(pfn, next, type, h);
	}
	h->blocks[MIGRATE_MOVABLE] += zone->deferred_pages >> pageblock_order;
	h->whole_free[MIGRATE_MOVABLE] += zone->deferred_pages >> pageblock_order;
}

void holders_scan_all(struct block_holders *h)
{
	struct zone *zone;

	memset(h, 0, sizeof(*h));
	for_each_populated_zone(zone)
		holders_scan(zone, h);
}
