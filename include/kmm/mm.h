/* SPDX-License-Identifier: MIT */
/*
 * kmm/mm.h - what can be done with a page one holds.
 *
 * Conversions cost an addition. References: alloc_pages() gives the first,
 * get_page() another, put_page() drops one, and the last one dropped frees the
 * page (or the whole compound page, through any of its parts).
 */
#ifndef KMM_MM_H
#define KMM_MM_H

#include <kmm/gfp.h>
#include <kmm/mmzone.h>

/* Where a struct page's size is a power of two, frames need not be counted. */
static inline phys_addr_t page_to_phys(const struct page *page)
{
	if (sizeof(phys_addr_t) == sizeof(long) && PAGE_SIZE % sizeof(*page) == 0)
		return ((uintptr_t)page - (uintptr_t)vmemmap) * (PAGE_SIZE / sizeof(*page));
	return PFN_PHYS(page_to_pfn(page));
}
#define phys_to_page(phys)	pfn_to_page(PFN_DOWN(phys))

/*
 * virt_to_page - the page of a direct-map address. page_address - the reverse; for high memory
 * the address that kmap() gave it, NULL if none. PageHighMem - is it high memory?
 */
void *page_address_high(const struct page *page);
static inline struct page *virt_to_page(const void *addr) { return phys_to_page(__pa(addr)); }
extern struct page *high_pages;		/* of the page array: from here on, or its end */
static inline bool PageHighMem(const struct page *page)
{
	return page >= high_pages;
}
static inline void *page_address(const struct page *page)
{
	return likely(!PageHighMem(page)) ? __va(page_to_phys(page)) : page_address_high(page);
}

static inline bool PageReserved(const struct page *page)
{
	return READ_ONCE(page->flags) & PG_reserved;
}
static inline bool PageHead(const struct page *page) { return READ_ONCE(page->flags) & PG_head; }
static inline bool PageTail(const struct page *page) { return READ_ONCE(page->flags) & PG_tail; }
static inline bool PageCompound(const struct page *page)
{
	return READ_ONCE(page->flags) & (PG_head | PG_tail);
}

/*
 * compound_head - the first page of the compound page this one is part of; the page itself if of
 * none.
 */
static inline struct page *compound_head(struct page *page)
{
	return PageTail(page) ? pfn_to_page(page->compound_head) : page;
}

/*
 * page_alloc_order - the order a page was allocated with. compound_order - of a compound head,
 * else 0.
 */
static inline unsigned int page_alloc_order(const struct page *page)
{
	return (READ_ONCE(page->flags) & PAGE_ORDER_MASK) >> PAGE_ORDER_SHIFT;
}
static inline unsigned int compound_order(const struct page *page)
{
	return PageHead(page) ? page_alloc_order(page) : 0;
}
static inline unsigned long compound_nr(const struct page *page)
{
	return 1UL << compound_order(page);
}

/* page_mobility - the migrate type the page was allocated for (not its pageblock's). */
static inline int page_mobility(const struct page *page)
{
	return (page->flags & PAGE_MOBILITY_MASK) >> PAGE_MOBILITY_SHIFT;
}

static inline int page_count(struct page *page)
{
	return (int)__atomic_load_n(&compound_head(page)->_refcount, __ATOMIC_RELAXED);
}

/* get_page - one more reference. Pre: the caller has one already. Any context. */
static inline void get_page(struct page *page)
{
	u32 old = __atomic_fetch_add(&compound_head(page)->_refcount, 1, __ATOMIC_RELAXED);

	KMM_BUG_ON(old == 0);	/* a page that is free has no owner to copy a reference from */
}

/*
 * put_page_testzero - drop one reference; true for the last one. The only holder of the
 * only reference needs no atomic operation: nobody else can take another one meanwhile.
 */
static inline bool put_page_testzero(struct page *page)
{
	if (likely(__atomic_load_n(&page->_refcount, __ATOMIC_ACQUIRE) == 1)) {
		WRITE_ONCE(page->_refcount, 0);
		return true;
	}
	return __atomic_sub_fetch(&page->_refcount, 1, __ATOMIC_ACQ_REL) == 0;
}

/* put_page - drop one reference; the last one frees the page. Any context. */
void put_page(struct page *page);

/* clear_highpage - fill one page with zeroes, wherever it lies. Any context. */
void clear_highpage(struct page *page);

/*
 * isolate / CMA. set_pageblock_migratetype changes the type of the pageblock and moves its
 * free blocks to the lists of the new type. start_isolate_page_range takes the pageblocks of
 * [start, end) (multiples of pageblock_nr_pages) out of allocation: 0, or -EBUSY when one is
 * isolated already or no RAM, or a CPU does not answer. undo_isolate_page_range gives them the
 * type mt. init_cma_reserved_pageblock gives the block of a boot-time reservation to MIGRATE_CMA.
 * Context of all: as alloc_pages_at().
 */
void set_pageblock_migratetype(struct page *page, int migratetype);
int start_isolate_page_range(unsigned long start, unsigned long end) __must_check;
void undo_isolate_page_range(unsigned long start, unsigned long end, int migratetype);
void init_cma_reserved_pageblock(struct page *page);

/*
 * alloc_pages_at - the 2^order frames that begin at pfn (a multiple of 2^order), these and no
 * others: to put a recorded state back, to take a range that was isolated. Watermarks do
 * not apply; per-CPU lists are drained if need be. NULL if not all of them are free.
 * The page is as from alloc_pages(gfp, order). Context: holds no lock, not from an interrupt:
 * it may wait for pages that another CPU is initialising.
 */
struct page *alloc_pages_at(unsigned long pfn, unsigned int order, gfp_t gfp) __must_check;

/*
 * free_reserved_page - one page of boot memory that is needed no more becomes the page allocator's.
 * free_reserved_area - whole pages between two direct-map pointers, filled with a byte (-1: not);
 * what: named in "Freeing %s memory: ...K" (NULL: no line). Returns how many. Pre: the pages are
 * PageReserved and lie in initialised parts of a zone. Any context.
 */
void free_reserved_page(struct page *page);
unsigned long free_reserved_area(void *start, void *end, int poison, const char *what);

/* nr_free_pages ... - pages, summed over the machine; approximate while other CPUs work. */
unsigned long nr_free_pages(void); /* in the zones, deferred ones included; not per-CPU lists */
unsigned long nr_free_buffer_pages(void);	/* usable for GFP_USER above the high watermark */
extern unsigned long totalram_pages;		/* managed by the page allocator */
extern unsigned long totalreserve_pages;

/* Watermark checks, as the allocator makes them (for reclaim, compaction and tests). */
bool zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark,
		       int highest_zoneidx, unsigned int alloc_flags);
bool zone_watermark_ok_safe(struct zone *z, unsigned int order, unsigned long mark,
			    int highest_zoneidx);

/*
 * extfrag_index / unusable_index - Linux's two fragmentation measures of a zone, in
 * thousandths. extfrag: would an allocation of this order that failed have failed for lack
 * of memory (to 0) or by fragmentation (to 1000); -1000 when it would succeed.
 * unusable: the part of free memory that lies in blocks smaller than order.
 */
int extfrag_index(struct zone *zone, unsigned int order);
int unusable_index(struct zone *zone, unsigned int order);

/*
 * struct page_pressure_ops - where reclaim and compaction stand. The allocator calls them in
 * the order and under the conditions of Linux's slow path; without them it goes on as if
 * each had found nothing.
 */
struct page_pressure_ops {
	/* Called in any context, holding nothing; must not sleep. */
	void (*wakeup_kswapd)(struct zone *zone, gfp_t gfp, unsigned int order,
			      int highest_zoneidx);
	/* Pages freed for the caller, 0 for none. May sleep. */
	unsigned long (*try_to_free_pages)(struct zonelist *zl, unsigned int order, gfp_t gfp);
	/* Returns whether it is worth looking again. May sleep. */
	bool (*try_to_compact_pages)(struct zonelist *zl, unsigned int order, gfp_t gfp,
				     int highest_zoneidx);
	/* Kill something; returns whether memory will come. May sleep. */
	bool (*out_of_memory)(gfp_t gfp, unsigned int order);
};

/*
 * set_page_pressure_ops - install them (NULL: none). Borrowed until replaced. No allocation may be
 * under way.
 */
void set_page_pressure_ops(const struct page_pressure_ops *ops);

/*
 * zone_check / page_alloc_check - validate all of a zone's (every zone's) structures; cost: every
 * pageblock and every per-CPU list. Stops the machine naming what is broken. No CPU may be in the
 * allocator.
 */
void zone_check(struct zone *zone);
void page_alloc_check(void);

/* show_free_areas - print the Mem-Info of a failure report by printk. */
void show_free_areas(void);

/*
 * vm.* tunables: sysctl names are Linux's files in /proc/sys/vm. A writer calls
 * setup_per_zone_wmarks() (and so on) through sysctl_vm_write() in <kmm/sysctl.h>.
 */
void setup_per_zone_wmarks(void);
void setup_per_zone_lowmem_reserve(void);

#endif
