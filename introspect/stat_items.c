// SPDX-License-Identifier: MIT
/*
 * stat_items.c - the nr_* counters: three groups of names, and where each
 * value comes from.
 *
 * zoneinfo prints the groups by zone and by node, vmstat for the machine, and
 * each node's vmstat for the node; the names and their order are everywhere
 * the same, and parsers count on them. Counters of subsystems that kmm does
 * not have (LRU lists, processes' page tables, writeback ...) are 0.
 */
#include "producers.h"

#include <kmm/setup.h>
#include <kmm/stack.h>

static const char *const zone_stats[] = {
	"nr_free_pages", "nr_zone_inactive_anon", "nr_zone_active_anon",
	"nr_zone_inactive_file", "nr_zone_active_file", "nr_zone_unevictable",
	"nr_zone_write_pending", "nr_mlock", "nr_bounce", "nr_zspages", "nr_free_cma",
};
enum { STAT_FREE_PAGES = 0, STAT_FREE_CMA = ARRAY_SIZE(zone_stats) - 1 };

static const char *const numa_stats[] = {
	"numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local", "numa_other",
};

static const char *const node_stats[] = {
	"nr_inactive_anon", "nr_active_anon", "nr_inactive_file", "nr_active_file",
	"nr_unevictable", "nr_slab_reclaimable", "nr_slab_unreclaimable", "nr_isolated_anon",
	"nr_isolated_file", "workingset_nodes", "workingset_refault_anon",
	"workingset_refault_file", "workingset_activate_anon", "workingset_activate_file",
	"workingset_restore_anon", "workingset_restore_file", "workingset_nodereclaim",
	"nr_anon_pages", "nr_mapped", "nr_file_pages", "nr_dirty", "nr_writeback",
	"nr_writeback_temp", "nr_shmem", "nr_shmem_hugepages", "nr_shmem_pmdmapped",
	"nr_file_hugepages", "nr_file_pmdmapped", "nr_anon_transparent_hugepages",
	"nr_vmscan_write", "nr_vmscan_immediate_reclaim", "nr_dirtied", "nr_written",
	"nr_throttled_written", "nr_kernel_misc_reclaimable", "nr_foll_pin_acquired",
	"nr_foll_pin_released", "nr_kernel_stack", "nr_page_table_pages",
	"nr_sec_page_table_pages", "nr_swapcached",
	/* from here on only on 64-bit machines (where Debian's Linux knows NUMA) */
	"pgpromote_success", "pgpromote_candidate",
};
#define NR_NODE_STATS_32	(ARRAY_SIZE(node_stats) - 2)
enum { STAT_SLAB_RECLAIMABLE = 5, STAT_SLAB_UNRECLAIMABLE, STAT_KERNEL_STACK = 37 };

/* Pages whose struct pages are still to be initialised are free pages too. */
unsigned long zone_free(const struct zone *zone)
{
	return READ_ONCE(zone->free_pages) + READ_ONCE(zone->deferred_pages);
}

unsigned long node_free(int nid)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		sum += zone_free(&NODE_DATA(nid)->node_zones[i]);
	return sum;
}

unsigned long node_managed(int nid)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		sum += READ_ONCE(NODE_DATA(nid)->node_zones[i].managed_pages);
	return sum;
}

static void add_events(struct zone_events *sum, const struct zone *zone)
{
	struct zone_events e;

	zone_events(zone, &e);
	sum->pgalloc += e.pgalloc;
	sum->pgfree += e.pgfree;
	sum->numa_hit += e.numa_hit;
	sum->numa_miss += e.numa_miss;
	sum->numa_foreign += e.numa_foreign;
	sum->numa_local += e.numa_local;
	sum->numa_other += e.numa_other;
}

struct zone_events zone_events_sum(int nid)
{
	struct zone_events sum = { 0 };
	struct zone *zone;

	for_each_populated_zone(zone)
		if (nid < 0 || zone->node == nid)
			add_events(&sum, zone);
	return sum;
}

static unsigned long zone_item(unsigned int item, const struct zone *zone)
{
	return item == STAT_FREE_PAGES ? zone_free(zone) : READ_ONCE(zone->free_cma_pages);
}

static u64 zone_stat(unsigned int item, int nid, const struct zone *zone)
{
	u64 sum = 0;
	struct zone *z;

	if (item != STAT_FREE_PAGES && item != STAT_FREE_CMA)
		return 0;
	for_each_populated_zone(z)
		if (zone ? z == zone : nid < 0 || z->node == nid)
			sum += zone_item(item, z);
	return sum;
}

static void emit_numa(struct seq_buf *m, const struct zone_events *e, stat_emit_t emit)
{
	const u64 value[ARRAY_SIZE(numa_stats)] = {
		e->numa_hit, e->numa_miss, e->numa_foreign, 0, e->numa_local, e->numa_other,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(numa_stats); i++)
		emit(m, numa_stats[i], value[i]);
}

static u64 node_stat(unsigned int item, int nid)
{
	if (item == STAT_KERNEL_STACK)
		return kernel_stack_kb(nid < 0 ? NUMA_NO_NODE : nid);
	if (item != STAT_SLAB_RECLAIMABLE && item != STAT_SLAB_UNRECLAIMABLE)
		return 0;
	return slab_pages(nid < 0 ? NUMA_NO_NODE : nid, item == STAT_SLAB_RECLAIMABLE);
}

static void emit_node(struct seq_buf *m, int nid, stat_emit_t emit)
{
	unsigned int nr = machine_is_ia32() ? NR_NODE_STATS_32 : ARRAY_SIZE(node_stats);

	for (unsigned int i = 0; i < nr; i++)
		emit(m, node_stats[i], node_stat(i, nid));
}

void emit_stats(struct seq_buf *m, enum stat_group group, int nid, struct zone *zone,
		stat_emit_t emit)
{
	struct zone_events e = { 0 };

	switch (group) {
	case STATS_ZONE:
		for (unsigned int i = 0; i < ARRAY_SIZE(zone_stats); i++)
			emit(m, zone_stats[i], zone_stat(i, nid, zone));
		break;
	case STATS_NUMA:
		if (machine_is_ia32())
			break;
		if (zone)
			add_events(&e, zone);
		else
			e = zone_events_sum(nid);
		emit_numa(m, &e, emit);
		break;
	case STATS_NODE:
		emit_node(m, nid, emit);
		break;
	}
}

void emit_plain(struct seq_buf *m, const char *name, u64 value)
{
	seq_buf_printf(m, "%s %llu\n", name, (unsigned long long)value);
}
