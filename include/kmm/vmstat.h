/* SPDX-License-Identifier: MIT */
/*
 * kmm/vmstat.h - counters of events, as /proc/vmstat shows them.
 *
 * Allocations and frees are counted in the per-CPU lists (struct per_cpu_pages),
 * without atomics; what is rare is counted here.
 */
#ifndef KMM_VMSTAT_H
#define KMM_VMSTAT_H

#include <kmm/atomic64.h>
#include <kmm/mmzone.h>

enum vm_event_item {
	ALLOCSTALL_DMA, ALLOCSTALL_DMA32, ALLOCSTALL_NORMAL, ALLOCSTALL_HIGHMEM, ALLOCSTALL_MOVABLE,
	KSWAPD_WAKE,		/* not in Linux's vmstat; the report of a replay shows it */
	COMPACTSTALL, COMPACTFAIL, COMPACTSUCCESS, PAGEOUTRUN,
	PAGE_ALLOC_FAIL,	/* not in Linux's vmstat */
	EXTFRAG_STEAL,		/* fallbacks that took a block of another type */
	EXTFRAG_CLAIM,		/* of these, those that changed the pageblock's type */
	NR_TLB_REMOTE_FLUSH,	/* other CPUs were asked to flush */
	NR_TLB_REMOTE_FLUSH_RECEIVED,
	NR_TLB_LOCAL_FLUSH_ALL, NR_TLB_LOCAL_FLUSH_ONE,		/* the latter: pages */
	DIRECT_MAP_LEVEL2_SPLIT, DIRECT_MAP_LEVEL3_SPLIT,	/* in this order: see pageattr.c */
	DIRECT_MAP_LEVEL2_COLLAPSE, DIRECT_MAP_LEVEL3_COLLAPSE,
	NR_VM_EVENTS
};

extern u64 vm_events[NR_VM_EVENTS];

static inline void count_vm_event(enum vm_event_item item)
{
	atomic64_add_return(1, &vm_events[item]);
}

/* Counters of one zone, summed over its CPUs; approximate while they work. */
struct zone_events {
	u64 pgalloc, pgfree;		/* pages */
	u64 numa_hit, numa_miss, numa_foreign, numa_local, numa_other;	/* allocations */
};
void zone_events(const struct zone *zone, struct zone_events *out);

#endif
