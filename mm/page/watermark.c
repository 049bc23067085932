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
#include <kmm/bootmem.h>
#include <kmm/errno.h>

#include "internal.h"

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

/* n * num / den without overflow on 32-bit machines and without a 64-bit division. */
static unsigned long scale(unsigned long n, unsigned long num, unsigned long den)
{
	return n / den * num + n % den * num / den;
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
	unsigned long most;

	if (!watermark_boost_factor || !pressure_ops || !pressure_ops->wakeup_kswapd)
		return false;
	if (pageblock_nr_pages * 4 > READ_ONCE(zone->managed_pages))
		return false;
	most = scale(zone->_watermark[WMARK_HIGH], watermark_boost_factor, 10000);
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
		if (!is_highmem(zone) && zone->idx != ZONE_MOVABLE)
			pages += zone->managed_pages;
	return pages;
}

static void zone_set_wmarks(struct zone *zone, unsigned long min_pages, unsigned long lowmem)
{
	unsigned long managed = zone->managed_pages, flags, share, gap;

	spin_lock_irqsave(&zone->lock, flags);
	share = lowmem ? scale(managed, min_pages, lowmem) : 0;
	zone->_watermark[WMARK_MIN] = share;
	if (is_highmem(zone))
		zone->_watermark[WMARK_MIN] = clamp(managed / 1024, 32ul, 128ul);
	gap = max(share >> 2, scale(managed, watermark_scale_factor, 10000));
	WRITE_ONCE(zone->watermark_boost, 0);
	zone->_watermark[WMARK_LOW] = zone->_watermark[WMARK_MIN] + gap;
	zone->_watermark[WMARK_HIGH] = zone->_watermark[WMARK_LOW] + gap;
	zone->_watermark[WMARK_PROMO] = zone->_watermark[WMARK_HIGH] + gap;
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
			most = max(most, zone->lowmem_reserve[i]);
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

void setup_per_zone_lowmem_reserve(void)
{
	struct zone *zone;
	int nid, i, j;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			unsigned int ratio = sysctl_lowmem_reserve_ratio[i];
			unsigned long above = 0;

			zone = &NODE_DATA(nid)->node_zones[i];
			zone->lowmem_reserve[i] = 0;
			for (j = i + 1; j < MAX_NR_ZONES; j++) {
				above += NODE_DATA(nid)->node_zones[j].managed_pages;
				zone->lowmem_reserve[j] =
					ratio && zone->managed_pages ? above / ratio : 0;
			}
		}
	}
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

/* --- the per-CPU lists' marks --- */

static unsigned int rounddown_pow_of_two(unsigned int n)
{
	return 1u << (31 - (unsigned int)__builtin_clz(n));
}

/*
 * A thousandth of the zone, up to a quarter of a megabyte; one less than a power of two, not to
 * beat with it.
 */
static unsigned int zone_batchsize(const struct zone *zone)
{
	unsigned int batch =
		(unsigned int)min(zone->managed_pages >> 10, (1ul << 20) / PAGE_SIZE) / 4;

	batch = max(batch, 1u);
	return max(rounddown_pow_of_two(batch + batch / 2) - 1, 1u);
}

static unsigned int cpus_of_node(int nid)
{
	unsigned int cpu, n = 0;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		n += cpu_to_node(cpu) == nid;
	return n ? n : nr_cpu_ids;
}

static unsigned int zone_highsize(const struct zone *zone, unsigned int batch)
{
	unsigned long pages = low_wmark_pages(zone);

	if (percpu_pagelist_high_fraction)
		pages = zone->managed_pages / percpu_pagelist_high_fraction;
	return (unsigned int)max(pages / cpus_of_node(zone->node), (unsigned long)batch << 2);
}

/*
 * Huge pages a CPU may keep of each type: two, or up to a 4,096th of the zone; none in zones of a
 * few of them.
 */
static unsigned int zone_huge_high(const struct zone *zone)
{
	unsigned long huge = zone->present_pages >> pageblock_order;

	return huge < 64 ? 0 : (unsigned int)clamp(huge / 4096, 2ul, 8ul);
}

/* --- the room of the magazines --- */

/* Two magazines make a list: each has half of what the CPU may keep. */
static unsigned int magazine_cap(const struct zone *zone, unsigned int order, unsigned int high)
{
	if (order == pageblock_order)
		return zone_huge_high(zone) / 2;
	if (order > PAGE_ALLOC_COSTLY_ORDER)
		return 0;
	return clamp(high / 2, 1u, (unsigned int)MAGAZINE_MOST) >> (2 * order);
}

static void pcp_init(struct per_cpu_pages *pcp, struct zone *zone, u32 *room)
{
	unsigned int order, cap;
	int mt;

	for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		for (order = 0; order < MAX_ORDER; order++) {
			cap = magazine_cap(zone, order, MAGAZINE_MOST * 2);
			pcp->lists[mt][order].zone = zone;
			pcp->lists[mt][order].use = page_use_flags(order, mt);
			pcp->lists[mt][order].frames = room;
			pcp->spares[mt][order].frames = room + cap;
			room += 2 * cap;
		}
}

/* Room for the largest magazines a zone can have, so that the marks can be changed later. */
int zone_pcp_init(struct zone *zone)
{
	unsigned int cpu, order, frames = 0;
	u32 *room;

	for (order = 0; order < MAX_ORDER; order++)
		frames += 2 * MIGRATE_PCPTYPES * magazine_cap(zone, order, MAGAZINE_MOST * 2);
	zone->pcp = boot_alloc(nr_cpu_ids * sizeof(struct per_cpu_pages), 64, zone->node);
	room = boot_alloc_raw((phys_addr_t)nr_cpu_ids * frames * sizeof(*room), 64, zone->node);
	if (!zone->pcp || !room)
		return -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		pcp_init(&zone->pcp[cpu], zone, room + cpu * frames);
	return 0;
}

/* A magazine whose room shrinks is emptied first, by its own CPU: see drain_all_pages(). */
static void pcp_set_caps(struct zone *zone, struct per_cpu_pages *pcp)
{
	unsigned int order, cap;
	int mt;

	for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		for (order = 0; order < MAX_ORDER; order++) {
			cap = magazine_cap(zone, order, pcp->high);
			if (pcp->lists[mt][order].count <= cap &&
			    pcp->spares[mt][order].count <= cap)
				pcp->lists[mt][order].cap = (u16)cap;
		}
}

static void set_local_caps(void *arg)
{
	struct zone *zone = arg;
	unsigned long flags = kmm_local_irq_save();

	drain_pages_zone(zone, kmm_cpu());
	pcp_set_caps(zone, &zone->pcp[kmm_cpu()]);
	kmm_local_irq_restore(flags);
}

/*
 * Each CPU changes its own magazines, its first marks at boot excepted: then
 * nobody is in the allocator yet. One that does not answer keeps its old room.
 */
void zone_pcp_update(struct zone *zone)
{
	unsigned int batch = zone_batchsize(zone), high = zone_highsize(zone, batch), cpu;

	zone->batch = (int)batch;
	if (!zone->pcp)
		return;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct per_cpu_pages *pcp = &zone->pcp[cpu];
		bool first = !pcp->high;

		WRITE_ONCE(pcp->batch, batch);
		WRITE_ONCE(pcp->high, min(high, 2u * MAGAZINE_MOST));
		if (first)
			pcp_set_caps(zone, pcp);
		else if (cpu == kmm_cpu())
			set_local_caps(zone);
		else if (!kmm_cpu_call(cpu, set_local_caps, zone))
			continue;
	}
}
