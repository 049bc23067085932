// SPDX-License-Identifier: MIT
/*
 * vmstat.c - /proc/vmstat: one "name value" a line, in Linux's order.
 *
 *	zone counters, numa counters, node counters	see stat_items.c
 *	nr_dirty_threshold, nr_dirty_background_threshold
 *	pgpgin ... pswpout
 *	pgalloc_<zone>, allocstall_<zone>, pgskip_<zone>
 *	pgfree ... direct_map_level3_splits
 *	nr_unstable
 *
 * Real: free pages, numa_*, pgalloc_*, allocstall_*, pgfree, pageoutrun,
 * compact_stall, compact_fail, compact_success, nr_tlb_*, and the two thresholds, which
 * Linux computes from free memory alone: a fifth and a tenth of what is free
 * beyond the reserves and not high memory. All else is 0. nr_tlb_* are there if the page
 * tables are kmm's, as in a Linux with CONFIG_DEBUG_TLBFLUSH.
 */
#include "producers.h"

#include <kmm/setup.h>
#include <kmm/tlbflush.h>

/* Where a line's value comes from: an event of <kmm/vmstat.h>, or one of these. */
enum { NOTHING = NR_VM_EVENTS, PGFREE };

struct event {
	const char *name;
	u8 item;
	bool only_64;		/* NUMA, and page tables with 1 GiB pages */
};

#define ZERO(n)		{ #n, NOTHING, false }
#define ZERO_64(n)	{ #n, NOTHING, true }

static const struct event events_before_zones[] = {
	ZERO(pgpgin), ZERO(pgpgout), ZERO(pswpin), ZERO(pswpout),
};

static const struct event events_after_zones[] = {
	{ "pgfree", PGFREE, false }, ZERO(pgactivate), ZERO(pgdeactivate), ZERO(pglazyfree),
	ZERO(pgfault), ZERO(pgmajfault), ZERO(pglazyfreed), ZERO(pgrefill), ZERO(pgreuse),
	ZERO(pgsteal_kswapd), ZERO(pgsteal_direct), ZERO(pgdemote_kswapd), ZERO(pgdemote_direct),
	ZERO(pgscan_kswapd), ZERO(pgscan_direct), ZERO(pgscan_direct_throttle), ZERO(pgscan_anon),
	ZERO(pgscan_file), ZERO(pgsteal_anon), ZERO(pgsteal_file), ZERO_64(zone_reclaim_failed),
	ZERO(pginodesteal), ZERO(slabs_scanned), ZERO(kswapd_inodesteal),
	ZERO(kswapd_low_wmark_hit_quickly), ZERO(kswapd_high_wmark_hit_quickly),
	{ "pageoutrun", PAGEOUTRUN, false }, ZERO(pgrotated), ZERO(drop_pagecache),
	ZERO(drop_slab), ZERO(oom_kill), ZERO_64(numa_pte_updates), ZERO_64(numa_huge_pte_updates),
	ZERO_64(numa_hint_faults), ZERO_64(numa_hint_faults_local), ZERO_64(numa_pages_migrated),
	ZERO(pgmigrate_success), ZERO(pgmigrate_fail), ZERO(thp_migration_success),
	ZERO(thp_migration_fail), ZERO(thp_migration_split), ZERO(compact_migrate_scanned),
	ZERO(compact_free_scanned), ZERO(compact_isolated),
	{ "compact_stall", COMPACTSTALL, false }, { "compact_fail", COMPACTFAIL, false },
	{ "compact_success", COMPACTSUCCESS, false }, ZERO(compact_daemon_wake),
	ZERO(compact_daemon_migrate_scanned), ZERO(compact_daemon_free_scanned),
	ZERO(htlb_buddy_alloc_success), ZERO(htlb_buddy_alloc_fail), ZERO(unevictable_pgs_culled),
	ZERO(unevictable_pgs_scanned), ZERO(unevictable_pgs_rescued),
	ZERO(unevictable_pgs_mlocked), ZERO(unevictable_pgs_munlocked),
	ZERO(unevictable_pgs_cleared), ZERO(unevictable_pgs_stranded), ZERO(thp_fault_alloc),
	ZERO(thp_fault_fallback), ZERO(thp_fault_fallback_charge), ZERO(thp_collapse_alloc),
	ZERO(thp_collapse_alloc_failed), ZERO(thp_file_alloc), ZERO(thp_file_fallback),
	ZERO(thp_file_fallback_charge), ZERO(thp_file_mapped), ZERO(thp_split_page),
	ZERO(thp_split_page_failed), ZERO(thp_deferred_split_page), ZERO(thp_split_pmd),
	ZERO(thp_scan_exceed_none_pte), ZERO(thp_scan_exceed_swap_pte),
	ZERO(thp_scan_exceed_share_pte), ZERO_64(thp_split_pud), ZERO(thp_zero_page_alloc),
	ZERO(thp_zero_page_alloc_failed), ZERO(thp_swpout), ZERO(thp_swpout_fallback),
	ZERO(balloon_inflate), ZERO(balloon_deflate), ZERO(balloon_migrate),
};

static const struct event events_tlb[] = {
	{ "nr_tlb_remote_flush", NR_TLB_REMOTE_FLUSH, false },
	{ "nr_tlb_remote_flush_received", NR_TLB_REMOTE_FLUSH_RECEIVED, false },
	{ "nr_tlb_local_flush_all", NR_TLB_LOCAL_FLUSH_ALL, false },
	{ "nr_tlb_local_flush_one", NR_TLB_LOCAL_FLUSH_ONE, false },
};

static const struct event events_last[] = {
	ZERO(swap_ra), ZERO(swap_ra_hit), ZERO(ksm_swpin_copy), ZERO(cow_ksm), ZERO(zswpin),
	ZERO(zswpout),
	{ "direct_map_level2_splits", DIRECT_MAP_LEVEL2_SPLIT, false },
	{ "direct_map_level3_splits", DIRECT_MAP_LEVEL3_SPLIT, false },
};

static u64 event_value(const struct event *e)
{
	if (e->item == NOTHING)
		return 0;
	if (e->item == PGFREE)
		return zone_events_sum(-1).pgfree;
	return atomic64_read(&vm_events[e->item]);
}

static void show_events(struct seq_buf *m, const struct event *e, unsigned int nr)
{
	for (; nr--; e++)
		if (!e->only_64 || !machine_is_ia32())
			emit_plain(m, e->name, event_value(e));
}

/* --- one line for each zone of the machine --- */

static u64 pgalloc(int zone_idx)
{
	struct zone_events e;
	struct zone *zone;
	u64 sum = 0;

	for_each_populated_zone(zone) {
		if (zone->idx != zone_idx)
			continue;
		zone_events(zone, &e);
		sum += e.pgalloc;
	}
	return sum;
}

static u64 allocstall(int zone_idx)
{
	static const u8 item[MAX_NR_ZONES] = {
		[ZONE_DMA] = ALLOCSTALL_DMA, [ZONE_DMA32] = ALLOCSTALL_DMA32,
		[ZONE_NORMAL] = ALLOCSTALL_NORMAL, [ZONE_HIGHMEM] = ALLOCSTALL_HIGHMEM,
		[ZONE_MOVABLE] = ALLOCSTALL_MOVABLE,
	};

	return atomic64_read(&vm_events[item[zone_idx]]);
}

static u64 nothing(int zone_idx)
{
	(void)zone_idx;
	return 0;
}

static void show_by_zone(struct seq_buf *m, const char *prefix, u64 (*value)(int zone_idx))
{
	const struct zone_column *c;
	unsigned int i;

	for_each_column(c, i)
		seq_buf_printf(m, "%s_%s %llu\n", prefix, c->suffix,
			       (unsigned long long)(c->zone == NO_ZONE ? 0 : value(c->zone)));
}

/* --- how much may be dirty --- */

/* Pages that could hold dirty data: free, beyond the reserves, and not high memory. */
static unsigned long dirtyable_pages(void)
{
	unsigned long free = nr_free_pages(), high = 0;
	struct zone *zone;

	free -= min(free, READ_ONCE(totalreserve_pages));
	if (!machine_is_ia32())
		return free + 1;
	for_each_populated_zone(zone) {
		unsigned long nr = zone_free(zone);

		if (zone_is_high(zone))
			high += nr - min(nr, high_wmark_pages(zone));
	}
	return free - min(free, high) + 1;
}

/* per_cent of the pages in Linux's rounding: by 1/4096 parts, rounded down twice. */
static u64 dirty_threshold(unsigned int per_cent)
{
	return ((u64)dirtyable_pages() * (per_cent * PAGE_SIZE / 100)) >> PAGE_SHIFT;
}

int show_vmstat(struct seq_buf *m, unsigned int id)
{
	(void)id;
	emit_stats(m, STATS_ZONE, -1, NULL, emit_plain);
	emit_stats(m, STATS_NUMA, -1, NULL, emit_plain);
	emit_stats(m, STATS_NODE, -1, NULL, emit_plain);
	emit_plain(m, "nr_dirty_threshold", dirty_threshold(20));
	emit_plain(m, "nr_dirty_background_threshold", dirty_threshold(10));
	show_events(m, events_before_zones, ARRAY_SIZE(events_before_zones));
	show_by_zone(m, "pgalloc", pgalloc);
	show_by_zone(m, "allocstall", allocstall);
	show_by_zone(m, "pgskip", nothing);
	show_events(m, events_after_zones, ARRAY_SIZE(events_after_zones));
	if (tlb_counted())
		show_events(m, events_tlb, ARRAY_SIZE(events_tlb));
	show_events(m, events_last, ARRAY_SIZE(events_last));
	emit_plain(m, "nr_unstable", 0);
	return 0;
}
