// SPDX-License-Identifier: MIT
/*
 * pcp.c - the per-CPU lists: how they are filled, emptied and measured.
 *
 *	zone's pageblocks  --- pcp_refill(): a batch --->  loaded magazine  <---> users
 *	                   <-- pcp_spill(): a magazine --  spare magazine
 *
 * The fast paths (page_alloc.c) pop from and push to the loaded magazine. When it
 * is empty or full it changes places with the spare; only when that does not
 * help the zone's lock is taken, once for many pages. A CPU whose allocations
 * and frees balance never takes it.
 *
 * All of it runs on the CPU whose lists they are, in a local section. Who wants
 * another CPU's pages asks it (kmm_cpu_call()): nobody reaches in.
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>

#include "internal.h"
#include "lib/string.h"

/* --- refill and drain: one zone->lock for a batch --- */

void trace_zone_locked(unsigned long pfn, unsigned int order, unsigned int block_order,
		       int mt)
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

/*
 * rmqueue_bulk - up to `count` blocks of 2^order into frames[], the lowest frame
 * of each run last, so that popping goes upwards. Returns how many. Local section.
 */
static unsigned int rmqueue_bulk(struct zone *zone, unsigned int order, unsigned int count,
				 u32 *frames, int mt, unsigned int alloc_flags)
{
	unsigned int left = count, got;
	unsigned long pfn, end;

	spin_lock(&zone->lock);
	while (left) {
		unsigned int want = min(order + ilog2(left), (unsigned int)pageblock_order);

		pfn = __rmqueue(zone, order, want, mt, alloc_flags, &got);
		if (!pfn)
			break;
		if (tracing())
			trace_zone_locked(pfn, order, got, mt);
		for (end = pfn + (1ul << got); pfn < end; pfn += 1ul << order)
			frames[--left] = (u32)pfn;
	}
	spin_unlock(&zone->lock);
	if (unlikely(left))
		memmove(frames, frames + left, (count - left) * sizeof(*frames));
	return count - left;
}

/*
 * How many blocks a refill fetches. Single pages: a batch; twice as many each time if the CPU
 * only allocates, up to a magazine, while the zone stays well above its mark. Higher
 * orders: half as many for each, at least two. Huge pages: one by one.
 */
static unsigned int nr_refill(struct zone *zone, struct per_cpu_pages *pcp, unsigned int order,
			      unsigned int cap)
{
	unsigned int batch = READ_ONCE(pcp->batch), n;

	if (order == pageblock_order)
		return 1;
	if (order)
		return min(max(batch >> order, min(batch, 2u)), cap);
	n = min(batch << pcp->alloc_factor, cap);
	if (n > batch && READ_ONCE(zone->free_pages) < high_wmark_pages(zone) + 2ul * n)
		return batch;
	if (n < cap)
		pcp->alloc_factor++;
	return n;
}

static void trace_drain(const u32 *frames, unsigned int count, unsigned int order, int mt)
{
	while (count--)
		trace_page(TRACE_MM_PAGE_PCPU_DRAIN, *frames++, order, mt, 0);
}

/*
 * Some frames into an empty loaded magazine: the spare's, or a batch from the zone. Local section.
 */
void pcp_refill(struct zone *zone, struct per_cpu_pages *pcp, unsigned int order, int mt,
		unsigned int atleast, unsigned int alloc_flags)
{
	struct pcp_list *list = &pcp->lists[mt][order];
	struct pcp_spare *spare = &pcp->spares[mt][order];

	if (spare->count) {
		u32 *frames = list->frames;

		list->frames = spare->frames;
		list->count = (u16)spare->count;
		spare->frames = frames;
		spare->count = 0;
		return;
	}
	atleast = max(atleast, nr_refill(zone, pcp, order, list->cap));
	atleast = min(atleast, (unsigned int)list->cap);
	list->count = (u16)rmqueue_bulk(zone, order, atleast, list->frames, mt, alloc_flags);
	pcp->filled[order] += list->count;
}

/*
 * The run that frames[0] begins: how many of the frames lie one after the other in one pageblock,
 * upwards or downwards; [*start, *end) is what they cover.
 */
static unsigned int run_length(const u32 *frames, unsigned int count, u32 step, u32 *start,
			       u32 *end)
{
	unsigned int n = 1;
	u32 below;

	*start = frames[0];
	*end = frames[0] + step;
	for (; n < count && frames[n] == *end && *end & (pageblock_nr_pages - 1); n++)
		*end += step;
	if (n > 1)
		return n;
	below = *start - step;
	for (; n < count && frames[n] == below && *start & (pageblock_nr_pages - 1); n++) {
		*start = below;
		below -= step;
	}
	return n;
}

/*
 * Give frames[0 ... count) back. Frames freed one after the other often lie one
 * after the other: a run of them goes back in as few blocks as it makes, not
 * merged page by page. Under zone->lock; the caller accounts freed[].
 */
static void drain_frames(struct zone *zone, const u32 *frames, unsigned int count,
			 unsigned int order, long freed[MIGRATE_TYPES])
{
	unsigned int i, n;
	u32 start, end;
	int mt;

	for (i = 0; i < count; i += n) {
		n = run_length(frames + i, count - i, 1u << order, &start, &end);
		mt = pfn_block(zone, start)->migratetype;
		if (tracing())
			trace_drain(frames + i, n, order, mt);
		free_page_range(zone, start, end);
		freed[mt] += (long)(end - start);
	}
}

static void account_freed(struct zone *zone, const long freed[MIGRATE_TYPES])
{
	int mt;

	for (mt = 0; mt < MIGRATE_TYPES; mt++)
		if (freed[mt])
			zone_account(zone, mt, freed[mt]);
}

/*
 * The loaded magazine is full: the spare takes its place, emptied into the zone if it is full too.
 */
void pcp_spill(struct per_cpu_pages *pcp, unsigned int order, int mt)
{
	struct pcp_list *list = &pcp->lists[mt][order];
	struct pcp_spare *spare = &pcp->spares[mt][order];
	long freed[MIGRATE_TYPES] = { 0 };
	struct zone *zone = list->zone;
	u32 *frames = list->frames;

	if (spare->count) {
		spin_lock(&zone->lock);
		drain_frames(zone, spare->frames, spare->count, order, freed);
		account_freed(zone, freed);
		spin_unlock(&zone->lock);
		pcp->drained[order] += spare->count;
	}
	list->frames = spare->frames;
	spare->frames = frames;
	spare->count = list->count;
	list->count = 0;
	pcp->alloc_factor >>= 1;
}

/* --- drain on request --- */

/* Empty the lists that this CPU has for a zone. Local section. */
void drain_pages_zone(struct zone *zone)
{
	struct per_cpu_pages *pcp = &zone->pcp[kmm_cpu()];
	long freed[MIGRATE_TYPES] = { 0 };
	unsigned int order;
	int mt;

	if (!pcp_pages(pcp))
		return;
	spin_lock(&zone->lock);
	for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		for (order = 0; order < MAX_ORDER; order++) {
			struct pcp_list *list = &pcp->lists[mt][order];
			struct pcp_spare *spare = &pcp->spares[mt][order];

			drain_frames(zone, spare->frames, spare->count, order, freed);
			drain_frames(zone, list->frames, list->count, order, freed);
			pcp->drained[order] += list->count + spare->count;
			list->count = spare->count = 0;
		}
	account_freed(zone, freed);
	spin_unlock(&zone->lock);
}

void drain_local_pages(struct zone *zone)
{
	unsigned long flags = kmm_local_irq_save();
	struct zone *z;

	for_each_populated_zone(z)
		if (!zone || z == zone)
			drain_pages_zone(z);
	kmm_local_irq_restore(flags);
}

static void drain_local_call(void *zone)
{
	drain_local_pages(zone);
}

static bool cpu_holds_pages(unsigned int cpu, const struct zone *zone)
{
	struct zone *z;

	for_each_populated_zone(z)
		if ((!zone || z == zone) && pcp_pages(&z->pcp[cpu]))
			return true;
	return false;
}

/* CPUs are asked, nobody reaches into their lists; one that does not answer keeps its pages. */
void drain_all_pages(struct zone *zone)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu_holds_pages(cpu, zone))
			(void)!kmm_cpu_call(cpu, drain_local_call, zone);
}

/*
 * drain_every_cpu - the same for certain. A CPU whose lists look empty may be about to push a
 * page whose pageblock's type it has read before; once it has answered, that is over.
 */
bool drain_every_cpu(struct zone *zone)
{
	unsigned int cpu;
	bool answered = true;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		answered &= kmm_cpu_call(cpu, drain_local_call, zone);
	return answered;
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

/*
 * Two magazines make a list: each has half of what the CPU may keep. With each order a quarter as
 * many blocks, half as many pages: that ends at order 4.
 */
static unsigned int magazine_cap(const struct zone *zone, unsigned int order, unsigned int high)
{
	if (order == pageblock_order)
		return zone_huge_high(zone) / 2;
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
			cap = magazine_cap(zone, order, READ_ONCE(pcp->high));
			if (pcp->lists[mt][order].count <= cap &&
			    pcp->spares[mt][order].count <= cap)
				pcp->lists[mt][order].cap = (u16)cap;
		}
}

static void set_local_caps(void *arg)
{
	struct zone *zone = arg;
	unsigned long flags = kmm_local_irq_save();

	drain_pages_zone(zone);
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
		bool first = !READ_ONCE(pcp->high);

		WRITE_ONCE(pcp->batch, batch);
		WRITE_ONCE(pcp->high, min(high, 2u * MAGAZINE_MOST));
		if (first)
			pcp_set_caps(zone, pcp);
		else
			(void)!kmm_cpu_call(cpu, set_local_caps, zone);
	}
}
