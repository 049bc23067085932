/* SPDX-License-Identifier: MIT */
/*
 * internal.h - what the files of mm/page share.
 *
 *	page_alloc.c  the fast paths: pages from and to the CPU's own lists
 *	pcp.c         the per-CPU lists: filled, emptied, measured
 *	slowpath.c    zones in order, watermarks, what to do when memory is short
 *	buddy.c       a zone's free blocks: merge, split, fall back, claim (under zone->lock)
 *	block.[ch]    the bit tree of one pageblock
 *	watermark.c   how much must stay free
 *	memmap.c      the page array, its initialisation, now or later
 *	blocks.c      where the pageblocks lie
 *	node.c        nodes, zones, zonelists: built once at boot
 *	page_api.c    everything that is made from alloc_pages and __free_pages
 *	isolate.c     pageblocks taken out of allocation, CMA
 *	debug_page.c  poison, init_on_alloc/free, shuffle, bad page reports
 *	fault.c       allocations that fail on purpose
 *	report.c      "page allocation failure", Mem-Info, gfp flags in words
 *	check.c       the validators
 *	sysctl.c      the tunables; params.c  the boot parameters; vmstat.c  sums, fragmentation
 */
#ifndef KMM_MM_PAGE_INTERNAL_H
#define KMM_MM_PAGE_INTERNAL_H

#include <kmm/fault_inject.h>
#include <kmm/gfp.h>
#include <kmm/kmm.h>
#include <kmm/mm.h>
#include <kmm/param.h>
#include <kmm/printk.h>
#include <kmm/sysctl.h>
#include <kmm/trace.h>
#include <kmm/vmstat.h>

#include "block.h"

/* --- how hard an allocation may try --- */
#define ALLOC_WMARK_MIN		WMARK_MIN
#define ALLOC_WMARK_LOW		WMARK_LOW
#define ALLOC_WMARK_HIGH	WMARK_HIGH
#define ALLOC_WMARK_MASK	0x3u
#define ALLOC_NO_WATERMARKS	0x4u
#define ALLOC_HARDER		0x10u	/* a quarter below the mark; the atomic reserve */
#define ALLOC_HIGH		0x20u	/* half below the mark */
#define ALLOC_CMA		0x80u	/* free CMA pages count, and may be taken */
#define ALLOC_NOFRAGMENT	0x100u	/* rather another zone than another type's pageblock */
#define ALLOC_KSWAPD		0x800u	/* wake kswapd */

struct alloc_context {
	struct zonelist *zonelist;
	const nodemask_t *nodemask;
	struct zone *preferred_zone;
	int migratetype;
	int highest_zoneidx;
};

/* --- page_alloc.c --- */
/* The type a request is grouped by: Linux's gfpflags_to_migratetype(). */
extern bool page_group_by_mobility_disabled;
static inline int gfpflags_to_migratetype(gfp_t gfp)
{
	return page_group_by_mobility_disabled ? MIGRATE_UNMOVABLE : gfp_migratetype(gfp);
}

/* Who may move may be lent CMA's pages. */
static inline unsigned int gfp_to_alloc_flags_cma(gfp_t gfp)
{
	return gfpflags_to_migratetype(gfp) == MIGRATE_MOVABLE ? ALLOC_CMA : 0;
}

static inline u32 page_use_flags(unsigned int order, int mobility)
{
	return order << PAGE_ORDER_SHIFT | (u32)mobility << PAGE_MOBILITY_SHIFT;
}

extern pg_data_t *cpu_pgdat[NR_CPUS];		/* node of each CPU */
void fast_paths_update(void);			/* after a change of page_hooks or of the zones */

struct page *rmqueue(struct zone *preferred, struct zone *zone, unsigned int order,
		     unsigned int alloc_flags, int migratetype);
void prep_new_page(struct page *page, unsigned int order, gfp_t gfp);
void free_compound(struct page *page, unsigned int order);	/* __free_pages(), sooner */
struct page *alloc_pages_slow(gfp_t gfp, unsigned int order, int nid, const nodemask_t *nodemask);

/* --- pcp.c: on the CPU whose lists they are, in a local section --- */
void pcp_refill(struct zone *zone, struct per_cpu_pages *pcp, unsigned int order, int mt,
		unsigned int atleast, unsigned int alloc_flags);
void pcp_spill(struct per_cpu_pages *pcp, unsigned int order, int mt);
void drain_pages_zone(struct zone *zone);
bool drain_every_cpu(struct zone *zone); /* whatever their lists look like; did all answer? */
void trace_zone_locked(unsigned long pfn, unsigned int order, unsigned int block_order, int mt);
void zone_pcp_update(struct zone *zone);	/* its marks have changed */
#define MAGAZINE_MOST                                                                              \
	512 /* frames: a longer list would save few locks and hold much memory still */
int zone_pcp_init(struct zone *zone);		/* at boot: room for the magazines */

/* --- what looks at every page: when any is on, the fast paths are left --- */
enum page_hook {
	PAGE_HOOK_TRACE		= 1u << 0,
	PAGE_HOOK_POISON	= 1u << 1,
	PAGE_HOOK_INIT_ALLOC	= 1u << 2,
	PAGE_HOOK_INIT_FREE	= 1u << 3,
	PAGE_HOOK_FAULT		= 1u << 4,
};
extern u32 page_hooks;
void page_hook_set(enum page_hook hook, bool on);

void page_alloc_hook(struct page *page, unsigned int order,
		     gfp_t gfp); /* a page leaves the allocator */
void page_free_hook(struct page *page, unsigned int order);		/* a page comes back */
void fill_free_pages(struct page *page, unsigned long nr); /* poison, or zeroes, if wanted */
void report_meminit(void);
void bad_page(struct page *page, const char *reason);
bool should_fail_alloc_page(gfp_t gfp, unsigned int order);
void trace_event(const struct kmm_trace_event *event);
void trace_page(enum kmm_trace_code code, unsigned long pfn, unsigned int order, int migratetype,
		gfp_t gfp);
static inline bool tracing(void) { return unlikely(page_hooks & PAGE_HOOK_TRACE); }

/* --- buddy.c: all under zone->lock --- */
extern bool shuffle_pages;
void zone_account(struct zone *zone, int migratetype, long pages);
void free_one_page(struct zone *zone, unsigned long pfn, unsigned int order);
void free_page_range(struct zone *zone, unsigned long pfn, unsigned long end);
unsigned long take_free_block(struct zone *zone, int migratetype, unsigned int order,
			      unsigned int want, unsigned int *got);
unsigned long __rmqueue(struct zone *zone, unsigned int order, unsigned int want, int migratetype,
			unsigned int alloc_flags, unsigned int *got);
bool take_block_at(struct zone *zone, unsigned long pfn, unsigned int order);	/* accounted */
unsigned long rmqueue_highatomic(struct zone *zone, unsigned int order);
void reserve_highatomic_pageblock(struct page *page, struct zone *zone); /* takes the lock itself */
bool unreserve_highatomic_pageblock(const struct alloc_context *ac);	/* likewise */
void pageblock_set_type(struct zone *zone, struct pageblock *b, int migratetype);
void shuffle_zone(struct zone *zone);

/* --- slowpath.c --- */
bool zone_watermark_fast(struct zone *z, unsigned int order, unsigned long mark,
			 int highest_zoneidx, unsigned int alloc_flags, gfp_t gfp);
void wakeup_kswapd(struct zone *zone, gfp_t gfp, unsigned int order, int highest_zoneidx);
extern const struct page_pressure_ops *pressure_ops;

/* --- watermark.c --- */
int init_per_zone_wmark_min(void);
bool boost_watermark(struct zone *zone);	/* under zone->lock */
void zone_update_plenty(struct zone *zone);
extern bool thp_enabled;

/* --- memmap.c --- */
int memmap_init(void);
void memmap_free_all(void);
extern unsigned long deferred_threshold;		/* pages */
bool deferred_grow_zone(struct zone *zone, bool may_wait); /* more pages, if some were put off */
void deferred_wait(struct zone *zone);

/* Pageblocks that have been brought to life: 1 to this. The others hold what was in RAM. */
static inline unsigned long blocks_alive(const struct zone *zone)
{
	unsigned long end = min(READ_ONCE(zone->deferred_pfn), zone_end_pfn(zone));

	return ((end - 1) >> pageblock_order) - zone->first_block;
}

/* --- blocks.c --- */
bool zone_alloc_blocks(struct zone *zone);	/* room for a zone's pageblocks, or later: */
int zone_map_blocks(void);			/* once there is a page array */

/* Is there such a thing as the zone's i-th pageblock? Not in sections without page structures. */
static inline bool block_exists(const struct zone *zone, unsigned long i)
{
	return pfn_valid((i + zone->first_block) << pageblock_order);
}

/* --- node.c --- */
int free_area_build(void);
void build_all_zonelists(void);

/* --- report.c --- */
void warn_alloc(gfp_t gfp, const nodemask_t *nodemask, const char *fmt, ...) __printf(3, 4);

#endif
