// SPDX-License-Identifier: MIT
/* vmstat.c - sums over CPUs, and how fragmented a zone is. */
#include "internal.h"
#include "lib/div64.h"

__kmm_state u64 vm_events[NR_VM_EVENTS];

/*
 * The counters are their CPUs' own, written without a lock; a sum taken
 * meanwhile may miss the latest few.
 */
__attribute__((no_sanitize("thread")))
static void add_cpu_events(const struct per_cpu_pages *pcp, struct zone_events *out, u64 *calls)
{
	unsigned int order;
	int mt;

	for (order = 0; order < MAX_ORDER; order++) {
		u64 filled = pcp->filled[order], allocs = 0, held = 0;
		s64 frees;

		for (mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
			allocs += pcp->lists[mt][order].allocs;
			held += pcp->lists[mt][order].count + pcp->spares[mt][order].count;
		}
		/* What went in and is neither there nor gone was handed out, or given back. */
		frees = (s64)(held + allocs + pcp->drained[order] - filled);
		out->pgfree += frees > 0 ? (u64)frees << order : 0;
		out->pgalloc += allocs << order;
		*calls += allocs;
	}
	out->pgalloc += pcp->direct_alloc_pages;
	out->pgfree += pcp->direct_free_pages;
	*calls += pcp->direct_allocs;
	out->numa_miss += pcp->numa_miss;
	out->numa_foreign += pcp->numa_foreign;
}

void zone_events(const struct zone *zone, struct zone_events *out)
{
	unsigned int cpu;

	*out = (struct zone_events){ 0 };
	for (cpu = 0; zone->pcp && cpu < nr_cpu_ids; cpu++) {
		u64 calls = 0;

		add_cpu_events(&zone->pcp[cpu], out, &calls);
		out->numa_hit += calls;
		if (cpu_to_node(cpu) == zone->node)
			out->numa_local += calls;
		else
			out->numa_other += calls;
	}
	out->numa_hit -= min(out->numa_hit, out->numa_miss);
}

/* --- fragmentation --- */

struct contig_info {
	u64 free_pages;			/* in the lists */
	u64 free_blocks_total;		/* of any order */
	u64 free_blocks_suitable;	/* of the order asked for, larger ones cut up */
};

static void fill_contig_info(struct zone *zone, unsigned int suitable, struct contig_info *info)
{
	unsigned int order;
	unsigned long flags;
	int mt;

	*info = (struct contig_info){ 0 };
	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < MAX_ORDER; order++)
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			unsigned long blocks = zone->free_area[order].nr_free[mt];

			info->free_blocks_total += blocks;
			info->free_pages += (u64)blocks << order;
			if (order >= suitable)
				info->free_blocks_suitable += (u64)blocks << (order - suitable);
		}
	spin_unlock_irqrestore(&zone->lock, flags);
}

int extfrag_index(struct zone *zone, unsigned int order)
{
	unsigned long requested = 1ul << order;
	struct contig_info info;

	if (order >= MAX_ORDER)
		return 0;
	fill_contig_info(zone, order, &info);
	if (!info.free_blocks_total)
		return 0;
	if (info.free_blocks_suitable)
		return -1000;
	return 1000 - (int)div64_u64(1000 + div64_u64(info.free_pages * 1000, requested),
				  info.free_blocks_total);
}

int unusable_index(struct zone *zone, unsigned int order)
{
	struct contig_info info;

	fill_contig_info(zone, order, &info);
	if (!info.free_pages)
		return 1000;
	return (int)div64_u64((info.free_pages - (info.free_blocks_suitable << order)) * 1000,
			   info.free_pages);
}
