// SPDX-License-Identifier: MIT
/*
 * zoneinfo.c - /proc/zoneinfo: everything about every zone.
 *
 *	Node 0, zone    DMA32
 *	  per-node stats			only at the node's first zone with memory
 *	      nr_inactive_anon 18
 *	      ...
 *	  pages free     475159
 *	        boost    0  min low high spanned present managed cma
 *	        protection: (0, 0, 0, 0, 0)	a column for each zone of the machine
 *	      nr_free_pages 475159		an empty zone ends before this line
 *	      ...
 *	  pagesets
 *	    cpu: 0
 *	              count: 901
 *	              high:  10158
 *	              batch: 63
 *	  vm stats threshold: 20
 *	  node_unreclaimable:  0
 *	  start_pfn:           4096
 *
 * "vm stats threshold" is how far a CPU's own counters of the zone may run
 * ahead of the shared ones. kmm's counters work differently; the number is
 * computed as Linux does, from the CPUs and the size of the zone.
 */
#include "producers.h"

#include <kmm/kmm.h>

static void emit_padded(struct seq_buf *m, const char *name, u64 value)
{
	seq_buf_printf(m, "\n      %-12s %llu", name, (unsigned long long)value);
}

/* Bits needed to write x: 0 for 0, 1 for 1, 3 for 7. */
static unsigned int bit_length(unsigned long x)
{
	unsigned int n = 0;

	for (; x; x >>= 1)
		n++;
	return n;
}

static unsigned int stat_threshold(const struct zone *zone)
{
	unsigned long sections = READ_ONCE(zone->managed_pages) >> (27 - PAGE_SHIFT);

	return min(2 * bit_length(nr_cpu_ids) * (1 + bit_length(sections)), 125u);
}

static bool first_populated(int nid, const struct zone *zone)
{
	const struct zone_column *c;
	unsigned int i;

	for_each_column(c, i) {
		const struct zone *z = column_zone(nid, c);

		if (z && populated_zone(z))
			return z == zone;
	}
	return false;
}

/* What is kept back from allocations that could have been served by column c. */
static unsigned long protection(const struct zone *zone, const struct zone_column *c)
{
	if (!zone)
		return 0;
	return READ_ONCE(zone->lowmem_reserve[c->zone == NO_ZONE ? (int)ZONE_MOVABLE : c->zone]);
}

static void show_pages(struct seq_buf *m, const struct zone *zone)
{
	static const struct zone nothing;
	const struct zone *z = zone ? zone : &nothing;
	const struct zone_column *c;
	unsigned int i;

	seq_buf_printf(m, "\n  pages free     %lu", zone_free(z));
	seq_buf_printf(m, "\n        boost    %lu", READ_ONCE(z->watermark_boost));
	seq_buf_printf(m, "\n        min      %lu", min_wmark_pages(z));
	seq_buf_printf(m, "\n        low      %lu", low_wmark_pages(z));
	seq_buf_printf(m, "\n        high     %lu", high_wmark_pages(z));
	seq_buf_printf(m, "\n        spanned  %lu", z->spanned_pages);
	seq_buf_printf(m, "\n        present  %lu", z->present_pages);
	seq_buf_printf(m, "\n        managed  %lu", READ_ONCE(z->managed_pages));
	seq_buf_printf(m, "\n        cma      %lu", READ_ONCE(z->cma_pages));
	seq_buf_puts(m, "\n        protection: (");
	for_each_column(c, i)
		seq_buf_printf(m, "%s%lu", i ? ", " : "", protection(zone, c));
	seq_buf_putc(m, ')');
}

static void show_pagesets(struct seq_buf *m, const struct zone *zone)
{
	seq_buf_puts(m, "\n  pagesets");
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pcp[cpu];

		seq_buf_printf(m, "\n    cpu: %u", cpu);
		seq_buf_printf(m, "\n              count: %u",
			       (unsigned int)pcp_pages(pcp));
		seq_buf_printf(m, "\n              high:  %u", READ_ONCE(pcp->high));
		seq_buf_printf(m, "\n              batch: %u", READ_ONCE(pcp->batch));
		seq_buf_printf(m, "\n  vm stats threshold: %u", stat_threshold(zone));
	}
}

static void show_column(struct seq_buf *m, int nid, const struct zone_column *c)
{
	struct zone *zone = column_zone(nid, c);

	seq_buf_printf(m, "Node %d, zone %8s", nid, c->name);
	if (zone && first_populated(nid, zone)) {
		seq_buf_puts(m, "\n  per-node stats");
		emit_stats(m, STATS_NODE, nid, NULL, emit_padded);
	}
	show_pages(m, zone);
	if (zone && populated_zone(zone)) {
		emit_stats(m, STATS_ZONE, nid, zone, emit_padded);
		emit_stats(m, STATS_NUMA, nid, zone, emit_padded);
		show_pagesets(m, zone);
		seq_buf_printf(m, "\n  node_unreclaimable:  %u", 0u);
		seq_buf_printf(m, "\n  start_pfn:           %lu", zone->zone_start_pfn);
	}
	seq_buf_putc(m, '\n');
}

int show_zoneinfo(struct seq_buf *m, unsigned int id)
{
	const struct zone_column *c;
	unsigned int i;
	int nid;

	(void)id;
	for_each_shown_node(nid)
		for_each_column(c, i)
			show_column(m, nid, c);
	return 0;
}
