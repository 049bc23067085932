// SPDX-License-Identifier: MIT
/*
 * watermark.c - how much of each zone must stay free, and why.
 *
 *	free pages
 *	   |  plenty
 *	 high --- kswapd, once awake, goes on until here
 *	   |
 *	 low ---- below: kswapd is woken (the first try of an allocation stops here)
 *	   |
 *	 min ---- below: only those who must not wait, or who free memory
 *	   |
 *	   0
 *
 * min is the zone's share of min_free_kbytes = 4 * sqrt(low memory in KiB); with
 * huge pages, enough to keep a pageblock or two of each type in each zone. The
 * distance between the marks is the larger of min / 4 and
 * watermark_scale_factor / 10000 of the zone. While a zone's types are being
 * mixed, watermark_boost raises all of them, so that kswapd makes room early.
 *
 * lowmem_reserve[j] of a zone is added to its mark for requests that could
 * have been served by the higher zone j: a 16 MiB zone must not be eaten by
 * allocations that fit anywhere.
 *
 * Formulas: Linux's; the recorded machines' /proc/zoneinfo agree.
 */
#include "internal.h"
#include "lib/div64.h"

__kmm_state unsigned int min_free_kbytes;
__kmm_state unsigned int watermark_scale_factor = 10;
__kmm_state unsigned int watermark_boost_factor = 15000;
__kmm_state unsigned int percpu_pagelist_high_fraction;
__kmm_state unsigned int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES] = {
	[ZONE_DMA] = 256,   [ZONE_DMA32] = 256, [ZONE_NORMAL] = 32,
	[ZONE_HIGHMEM] = 0, [ZONE_MOVABLE] = 0,
};
__kmm_state unsigned long totalram_pages, totalreserve_pages;
__kmm_state bool thp_enabled = true;

static bool is_highmem(const struct zone *zone)
{
	return zone->idx == ZONE_HIGHMEM ||
	       (zone->idx == ZONE_MOVABLE && zone_possible(ZONE_HIGHMEM));
}

/* n * num / den, the product in 64 bits. */
static unsigned long scale(unsigned long n, unsigned long num, unsigned long den)
{
	return (unsigned long)div64_u64((u64)n * num, den);
}

static unsigned long int_sqrt(unsigned long n)
{
	unsigned long root = 0, bit = 1ul << (sizeof(n) * 8 - 2);

	for (; bit; bit >>= 2) {
		if (n >= root + bit) {
			n -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

/*
 * zone_update_plenty - may the fast path take from this zone's lists without asking? Under
 * zone->lock.
 */
void zone_update_plenty(struct zone *zone)
{
	bool plenty = zone->fast_free > low_wmark_pages(zone);

	if (plenty != zone->plenty)
		WRITE_ONCE(zone->plenty, plenty);
}

/*
 * boost_watermark - a pageblock is being mixed: raise the marks by one pageblock,
 * up to watermark_boost_factor of the high mark. Only where a kswapd is there to
 * bring them down again. Under zone->lock.
 */
bool boost_watermark(struct zone *zone)
{
	unsigned int factor = READ_ONCE(watermark_boost_factor);
	unsigned long most;

	if (!factor || !pressure_ops || !pressure_ops->wakeup_kswapd)
		return false;
	if (pageblock_nr_pages * 4 > READ_ONCE(zone->managed_pages))
		return false;
	most = scale(READ_ONCE(zone->_watermark[WMARK_HIGH]), factor, 10000);
	if (!most)
		return false;
	most = max(most, pageblock_nr_pages);
	WRITE_ONCE(zone->watermark_boost, min(zone->watermark_boost + pageblock_nr_pages, most));
	zone_update_plenty(zone);
	return true;
}

/* --- min, low, high --- */

static unsigned long lowmem_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (!is_highmem(zone))
			pages += zone->managed_pages;
	return pages;
}

static void zone_set_wmarks(struct zone *zone, unsigned long min_pages, unsigned long lowmem)
{
	unsigned long managed = zone->managed_pages, flags, share, least, gap;
	int w;

	spin_lock_irqsave(&zone->lock, flags);
	share = lowmem ? scale(managed, min_pages, lowmem) : 0;
	least = is_highmem(zone) ? clamp(managed / 1024, 32ul, 128ul) : share;
	gap = max(share >> 2, scale(managed, watermark_scale_factor, 10000));
	WRITE_ONCE(zone->watermark_boost, 0);
	for (w = WMARK_MIN; w < NR_WMARK; w++)
		WRITE_ONCE(zone->_watermark[w], least + (unsigned long)w * gap);
	zone_update_plenty(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Pages that are never to be had for user space: the largest reserve and the high mark of every
 * zone.
 */
static void calculate_totalreserve_pages(void)
{
	unsigned long total = 0;
	struct zone *zone;
	int i;

	for_each_zone(zone) {
		unsigned long most = 0;

		for (i = zone->idx; i < MAX_NR_ZONES; i++)
			most = max(most, READ_ONCE(zone->lowmem_reserve[i]));
		total += min(most + high_wmark_pages(zone), zone->managed_pages);
	}
	totalreserve_pages = total;
}

void setup_per_zone_wmarks(void)
{
	unsigned long min_pages = min_free_kbytes >> (PAGE_SHIFT - 10), lowmem = lowmem_pages();
	struct zone *zone;

	for_each_zone(zone) {
		zone_set_wmarks(zone, min_pages, lowmem);
		zone_pcp_update(zone);
	}
	calculate_totalreserve_pages();
}

/* What zone i keeps from requests that zones i + 1 ... j could serve: their size by a ratio. */
static void zone_set_reserve(pg_data_t *pgdat, int i)
{
	struct zone *zone = &pgdat->node_zones[i];
	unsigned int ratio = sysctl_lowmem_reserve_ratio[i];
	unsigned long above = 0;
	int j;

	WRITE_ONCE(zone->lowmem_reserve[i], 0);
	for (j = i + 1; j < MAX_NR_ZONES; j++) {
		above += pgdat->node_zones[j].managed_pages;
		WRITE_ONCE(zone->lowmem_reserve[j],
			   ratio && managed_zone(zone) ? above / ratio : 0);
	}
}

void setup_per_zone_lowmem_reserve(void)
{
	int nid, i;

	for_each_online_node(nid)
		for (i = 0; i < MAX_NR_ZONES; i++)
			zone_set_reserve(NODE_DATA(nid), i);
	calculate_totalreserve_pages();
}

unsigned long nr_free_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += READ_ONCE(zone->free_pages) + READ_ONCE(zone->deferred_pages);
	return pages;
}

unsigned long nr_free_buffer_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone) {
		unsigned long high = high_wmark_pages(zone);

		if (zone->idx <= ZONE_NORMAL && zone->managed_pages > high)
			pages += zone->managed_pages - high;
	}
	return pages;
}

/*
 * Huge pages need whole pageblocks: keep two free in each zone, and one for each
 * pair of types, so that a fallback seldom has to mix. At most 5 % of memory; and
 * machines below 512 MiB do without huge pages.
 */
static unsigned long thp_min_free_kbytes(void)
{
	unsigned long zones = 0, pages;
	struct zone *zone;

	if (!thp_enabled || totalram_pages < (512ul << 20) / PAGE_SIZE)
		return 0;
	for_each_populated_zone(zone)
		if (zone->idx <= ZONE_NORMAL)
			zones++;
	pages = pageblock_nr_pages * zones * (2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES);
	return min(pages, nr_free_buffer_pages() / 20) << (PAGE_SHIFT - 10);
}

int init_per_zone_wmark_min(void)
{
	unsigned long kbytes = nr_free_buffer_pages() << (PAGE_SHIFT - 10);

	min_free_kbytes = (unsigned int)clamp(int_sqrt(kbytes * 16), 128ul, 262144ul);
	setup_per_zone_wmarks();
	setup_per_zone_lowmem_reserve();
	if (thp_min_free_kbytes() > min_free_kbytes) {
		min_free_kbytes = (unsigned int)thp_min_free_kbytes();
		setup_per_zone_wmarks();
	}
	return 0;
}
