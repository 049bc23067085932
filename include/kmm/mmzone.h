/* SPDX-License-Identifier: MIT */
/*
 * kmm/mmzone.h - the frame of physical memory: node, zone, pageblock, page.
 *
 *	node (pg_data_t)      the memory near one set of CPUs
 *	 +- zone              a range of a node's frames with one property (DMA ... MOVABLE)
 *	     +- pageblock     2 MiB of a zone with one migrate type; knows its free frames
 *	         +- page      one frame
 *
 * Where kmm leaves Linux's plan. In Linux a free block is a struct page on a
 * doubly linked list, so freeing in random order costs a cache miss for each
 * neighbour touched. Here a *pageblock* keeps one bit for every free block of
 * order 0 ... 9 it contains (1,023 bits, two cache lines for 512 pages), and
 * free_area[order].list[migratetype] links the pageblocks that have at least
 * one free block of that order. A buddy is found free by a bit next door;
 * merging touches no struct page at all. An order-10 block is two fully free
 * neighbour pageblocks, recorded in the first of the two.
 *
 * Every free block of a pageblock is on the lists of the pageblock's type
 * (in Linux since 6.10, and here, always).
 *
 * A letter after a field says what guards it:
 *	c  constant after boot (or changed only by a sysctl)
 *	z  zone->lock
 *	o  its own CPU, in a local section; others may read it (racy, for statistics)
 *	r  written under zone->lock, read by anyone with READ_ONCE
 *	p  the owner of the page
 */
#ifndef KMM_MMZONE_H
#define KMM_MMZONE_H

#include <kmm/config.h>
#include <kmm/numa.h>
#include <kmm/page_addr.h>
#include <kmm/printk.h>
#include <kmm/spinlock.h>
#include <kmm/types.h>
#include <kmm/zones.h>

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,			/* the types that per-CPU lists hold */
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,	/* reserve for high-order GFP_ATOMIC */
	MIGRATE_CMA,				/* lent to movable pages until cma_alloc() */
	MIGRATE_ISOLATE,			/* not to be allocated from */
	MIGRATE_TYPES
};

extern const char *const migratetype_names[MIGRATE_TYPES];

/*
 * struct page - one for every frame. 32 bytes on 64-bit machines (Linux: 64).
 *
 * flags:  31 ......... 23  22  21 .. 20   19 .. 16  15 ............ 0
 *         zone index       -   mobility   order     PG_*
 * The zone index is nid * MAX_NR_ZONES + zone type. Order and mobility are
 * those the page was allocated with: they let a free with another order be
 * caught, and say who holds a pageblock.
 */
struct page {
	u32 flags;			/* p; zone index: c */
	u32 _refcount;			/* atomic; 0: free */
	union {
		struct {
			u32 next, prev;	/* p: links of the owner's list, as frame numbers */
		};
		u32 compound_head;	/* p: tail of a compound page: frame number of its head */
	};
	void *mapping;			/* p: for the owner (page cache, slab) */
	unsigned long private;		/* p: for the owner */
#if UINTPTR_MAX <= 0xffffffffu
	u32 private_2;			/* p: so that a slab (mm/slab/internal.h) fits */
#endif
};

#if UINTPTR_MAX > 0xffffffffu
_Static_assert(sizeof(struct page) == 32, "struct page is 32 bytes on 64-bit machines");
#else
_Static_assert(sizeof(struct page) <= 32, "struct page is at most 32 bytes");
#endif

enum pageflags {
	PG_reserved	= 1u << 0,	/* never the allocator's: holes, firmware, boot memory */
	PG_head		= 1u << 1,	/* first page of a compound page */
	PG_tail		= 1u << 2,	/* the others */
	PG_slab		= 1u << 3,	/* belongs to a slab cache */
	PG_hwpoison	= 1u << 4,	/* found damaged: out of use for good */
	PG_owner_1	= 1u << 5,	/* kmalloc(): pages it gave out as a whole */
	PG_flags_mask	= 0xffffu,
};

#define PAGE_ORDER_SHIFT	16
#define PAGE_ORDER_MASK		(0xfu << PAGE_ORDER_SHIFT)
#define PAGE_MOBILITY_SHIFT	20
#define PAGE_MOBILITY_MASK	(0x3u << PAGE_MOBILITY_SHIFT)
#define PAGE_ZONE_SHIFT		23
#define PAGE_ZONE_MASK		(0x1ffu << PAGE_ZONE_SHIFT)
_Static_assert(MAX_NUMNODES * MAX_NR_ZONES <= 512, "the zone index has nine bits");

#define PAGEBLOCK_ORDERS	(pageblock_order + 1)	/* orders that live inside one pageblock */
#define PAGEBLOCK_WORDS		16	/* 512 + 256 + ... + 1 bits in 64-bit words */

/*
 * struct pageblock - which blocks of its 512 frames are free. All z but migratetype: r.
 *
 * map:   words 0-7    order 0, 512 bits      word 14      order 3, 64 bits
 *        words 8-11   order 1, 256 bits      word 15      orders 4 (bits 0-31), 5 (32-47),
 *        words 12-13  order 2, 128 bits                   6 (48-55), 7 (56-59), 8 (60-61), 9 (62)
 *
 * A pageblock cut by a zone border has a struct in each of the two zones.
 * Links are indexes into zone->blocks; 0 ends a list. Index 10 of the arrays
 * is the order-10 block that begins here.
 */
struct pageblock {
	u64 map[PAGEBLOCK_WORDS];
	u8 migratetype;
	u8 flags;
	u16 free_pages;			/* in blocks of order 0 ... 9 of this pageblock */
	u16 nr_free[MAX_ORDER];		/* set bits by order; [10]: 0 or 1 */
	u32 next[MAX_ORDER];
	u32 prev[MAX_ORDER];
} ____cacheline_aligned;
_Static_assert(sizeof(struct pageblock) == 256, "half a byte a page");

#define PB_IN_MAX_ORDER	1u	/* flags: this block is free, as part of an order-10 block */

struct free_area {
	u32 list[MIGRATE_TYPES];		/* z: first pageblock of each list */
	u32 last[MIGRATE_TYPES];		/* z */
	unsigned long nr_free[MIGRATE_TYPES];	/* r: free blocks of this order */
};

/*
 * Per-CPU lists: free pages that a CPU keeps for itself, of orders 0 ... 3 and 9,
 * for three migrate types.
 *
 * A list is a pair of *magazines* (Bonwick), arrays of frame numbers: allocation
 * pops from the loaded one, freeing pushes; when it is empty (full) it changes
 * places with the spare, and only if the spare is empty (full) too does the CPU
 * go to the zone, to fill one magazine by a batch or to empty one. Pages in
 * a magazine are not touched: a page freed long ago costs no cache miss when it
 * goes back to its pageblock. Orders without a list have magazines of capacity 0.
 */
#define PAGE_ALLOC_COSTLY_ORDER	3

struct pcp_list {
	u16 count;			/* o: frames in the loaded magazine */
	u16 cap;			/* c: its room */
	u32 use;			/* c: order and mobility, as in a used page's flags */
	u32 *frames;			/* o: the last is the hottest */
	struct zone *zone;		/* c */
	u64 allocs;			/* o: allocations from this list */
};

struct pcp_spare { u32 count; u32 *frames; };	/* o */

struct per_cpu_pages {
	struct pcp_list lists[MIGRATE_PCPTYPES][MAX_ORDER];
	struct pcp_spare spares[MIGRATE_PCPTYPES][MAX_ORDER];
	u32 batch;			/* c: how many pages a refill fetches */
	u32 high;			/* c: how many order-0 pages of a type the CPU may keep */
	u32 alloc_factor;		/* o: refills without a spill between them: larger ones */
	u64 filled[MAX_ORDER];		/* o: blocks fetched from the zone into lists, by order */
	u64 drained[MAX_ORDER];		/* o: blocks given back */
	u64 direct_allocs;		/* o: allocations past the lists */
	u64 direct_alloc_pages, direct_free_pages;	/* o */
	u64 numa_miss, numa_foreign;	/* o */
} ____cacheline_aligned;

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, WMARK_PROMO, NR_WMARK };

struct zone {
	/* What an allocation that succeeds at once reads. */
	struct per_cpu_pages *pcp;			/* c: one for each CPU */
	struct pageblock *blocks;			/* c: [1] is the block of start_pfn */
	unsigned long first_block;			/* c: (start_pfn >> pageblock_order) - 1 */
	unsigned long nr_blocks;			/* c: pageblocks the zone touches */
	bool plenty;			/* r: fast_free is above the low watermark */

	unsigned long free_pages ____cacheline_aligned;	/* r: NR_FREE_PAGES, all types */
	unsigned long fast_free;			/* z: without reserve and CMA */
	unsigned long free_cma_pages;			/* r */
	unsigned long free_highatomic;			/* r */
	unsigned long nr_isolate_pageblock;		/* z */
	spinlock_t lock;
	struct free_area free_area[MAX_ORDER];
	u16 avail[MIGRATE_TYPES];			/* r: bit o: free_area[o].list[type] */

	unsigned long _watermark[NR_WMARK];		/* c */
	unsigned long watermark_boost;			/* r */
	unsigned long nr_reserved_highatomic;		/* r: in MIGRATE_HIGHATOMIC pageblocks */
	unsigned long lowmem_reserve[MAX_NR_ZONES];	/* c: kept from who could go higher */
	unsigned int shuffle_seed;			/* z: for shuffle=1 */
	unsigned long zone_start_pfn;			/* c */
	unsigned long spanned_pages;			/* c: holes included */
	unsigned long present_pages;			/* c: RAM */
	unsigned long managed_pages;			/* r: the allocator's, deferred included */
	unsigned long cma_pages;			/* r */
	unsigned long deferred_pages;			/* r: managed, but not yet initialised */
	unsigned long deferred_pfn;			/* deferred_lock: next frame to init */
	unsigned int deferred_busy;			/* deferred_lock: sections in work */
	struct pglist_data *zone_pgdat;			/* c */
	const char *name;				/* c: "DMA", "Normal" ... */
	s32 node;					/* c */
	u8 idx;						/* c: enum zone_type */
	bool boosted;					/* r: kswapd is to be woken */
	u16 table_index;				/* c: the zone index in page->flags */
	int batch;					/* c: of its per-CPU lists */
} ____cacheline_aligned;

struct zoneref { struct zone *zone; int zone_idx; };

/* The zones an allocation may try, nearest node first, highest zone first; NULL ends it. */
struct zonelist { struct zoneref *_zonerefs; };

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, MAX_ZONELISTS };

typedef struct pglist_data {
	struct zone *preferred_zone[MAX_NR_ZONES];	/* c: first allowed, by highest zone */
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist node_zonelists[MAX_ZONELISTS];
	int node_id;
	int nr_zones;
	unsigned long node_start_pfn;
	unsigned long node_present_pages;
	unsigned long node_spanned_pages;
	int kswapd_order;				/* what kswapd was last woken for */
	int kswapd_highest_zoneidx;
	u32 *fallback_order;				/* nodes by distance, this one first */
	unsigned int nr_fallback;
} pg_data_t;

extern pg_data_t *node_data[MAX_NUMNODES];
#define NODE_DATA(nid) (node_data[nid])

/* pcp_pages - pages in a CPU's lists of a zone; approximate for another CPU, which writes them. */
__attribute__((no_sanitize("thread")))
static inline unsigned long pcp_pages(const struct per_cpu_pages *pcp)
{
	unsigned long pages = 0, blocks;
	unsigned int order;
	int mt;

	for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		for (order = 0; order < MAX_ORDER; order++) {
			blocks = pcp->lists[mt][order].count + pcp->spares[mt][order].count;
			pages += blocks << order;
		}
	return pages;
}

/* By the zone index in page->flags. */
extern struct zone *zone_table[MAX_NUMNODES * MAX_NR_ZONES];

/*
 * The page array. All three memory models end in one virtually contiguous
 * array, so that a page and its frame number are one subtraction apart:
 *	flat     one array over everything, holes included, in RAM of one node
 *	discontig  one piece for each node, in that node's RAM
 *	sparse   pieces for sections (128 MiB) with memory; the rest is not backed
 * pfn_valid() says whether a frame has a struct page, as each model knows it.
 */
extern struct page *vmemmap;

bool pfn_valid(unsigned long pfn);

static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - vmemmap);
}
static inline struct page *pfn_to_page(unsigned long pfn) { return vmemmap + pfn; }

static inline unsigned int page_zone_index(const struct page *page)
{
	return page->flags >> PAGE_ZONE_SHIFT;
}
static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[page_zone_index(page)];
}
static inline int page_to_nid(const struct page *page)
{
	return (int)(page_zone_index(page) / MAX_NR_ZONES);
}
static inline enum zone_type page_zonenum(const struct page *page)
{
	return (enum zone_type)(page_zone_index(page) % MAX_NR_ZONES);
}

static inline unsigned long zone_end_pfn(const struct zone *zone)
{
	return zone->zone_start_pfn + zone->spanned_pages;
}
static inline bool zone_spans_pfn(const struct zone *zone, unsigned long pfn)
{
	return pfn - zone->zone_start_pfn < zone->spanned_pages;
}
static inline bool populated_zone(const struct zone *zone)
{
	return zone->present_pages != 0;
}
static inline bool managed_zone(const struct zone *zone)
{
	return READ_ONCE(zone->managed_pages) != 0;
}
static inline unsigned long wmark_pages(const struct zone *zone, int w)
{
	return READ_ONCE(zone->_watermark[w]) + READ_ONCE(zone->watermark_boost);
}
#define min_wmark_pages(z)	wmark_pages(z, WMARK_MIN)
#define low_wmark_pages(z)	wmark_pages(z, WMARK_LOW)
#define high_wmark_pages(z)	wmark_pages(z, WMARK_HIGH)

static inline struct pageblock *pfn_block(const struct zone *zone, unsigned long pfn)
{
	return &zone->blocks[(pfn >> pageblock_order) - zone->first_block];
}

/* get_pageblock_migratetype - the type of the pageblock a page lies in. */
static inline int get_pageblock_migratetype(const struct page *page)
{
	return READ_ONCE(pfn_block(page_zone(page), page_to_pfn(page))->migratetype);
}

/* Walk all zones of all nodes, or only those with memory: for_each_populated_zone(zone) { ... } */
struct zone *next_zone(struct zone *zone);	/* NULL: the first; returns NULL after the last */
#define for_each_zone(z)		for ((z) = next_zone(NULL); (z); (z) = next_zone(z))
#define for_each_populated_zone(z)	for_each_zone(z) if (!populated_zone(z)) {} else

/* for_each_zone_zonelist - a zonelist's zones at or below highest, in order of preference. */
#define for_each_zone_zonelist(z, ref, zl, highest) \
	for ((ref) = (zl)->_zonerefs; ((z) = (ref)->zone) != NULL; (ref)++) \
		if ((ref)->zone_idx > (int)(highest)) {} else

#endif
