/* SPDX-License-Identifier: MIT */
/*
 * kmm/gfp.h - getting and giving back pages.
 *
 * A request is an order (2^order pages, physically contiguous and aligned to
 * their own size) and a gfp mask, which says four things:
 *
 *	zone      where it may lie       __GFP_DMA __GFP_DMA32 __GFP_HIGHMEM __GFP_MOVABLE
 *	mobility  what it is grouped by  __GFP_MOVABLE __GFP_RECLAIMABLE, else unmovable
 *	effort    how hard to try        __GFP_DIRECT_RECLAIM (may sleep), __GFP_KSWAPD_RECLAIM,
 *	                                 __GFP_HIGH, __GFP_ATOMIC, __GFP_MEMALLOC, __GFP_NORETRY,
 *	                                 __GFP_RETRY_MAYFAIL, __GFP_NOFAIL
 *	action    what else to do        __GFP_ZERO, __GFP_COMP, __GFP_NOWARN
 *
 * Bits and names are those of Linux 6.1; users write the combinations at the
 * end (GFP_KERNEL and so on). Which to choose:
 *
 *	may sleep                        GFP_KERNEL (GFP_NOIO, GFP_NOFS inside the I/O path)
 *	may not sleep                    GFP_ATOMIC (dips into reserves), GFP_NOWAIT (does not)
 *	for user space                   GFP_USER, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE
 *	for a device's address width     | GFP_DMA (16 MiB), GFP_DMA32 (4 GiB)
 *
 * Ownership: a page returned has reference count 1, and it is the caller's
 * until the count falls to 0. Contents are undefined unless __GFP_ZERO (or the
 * boot parameter init_on_alloc=1) was given.
 *
 * Context of every allocating function: any, if the mask has no
 * __GFP_DIRECT_RECLAIM; else process context, no lock held. Of every freeing
 * function: any. A failed allocation returns NULL or 0, and unless
 * __GFP_NOWARN was given prints Linux's "page allocation failure" report.
 */
#ifndef KMM_GFP_H
#define KMM_GFP_H

#include <kmm/mmzone.h>

#define __GFP_DMA		((gfp_t)0x01u)
#define __GFP_HIGHMEM		((gfp_t)0x02u)
#define __GFP_DMA32		((gfp_t)0x04u)
#define __GFP_MOVABLE		((gfp_t)0x08u)
#define GFP_ZONEMASK		((gfp_t)0x0fu)
#define __GFP_RECLAIMABLE	((gfp_t)0x10u)
#define __GFP_HIGH		((gfp_t)0x20u) /* may use the reserves below the min watermark */
#define __GFP_IO		((gfp_t)0x40u)		/* reclaim may start I/O */
#define __GFP_FS		((gfp_t)0x80u)		/* reclaim may call into the filesystem */
#define __GFP_ZERO		((gfp_t)0x100u)
#define __GFP_ATOMIC		((gfp_t)0x200u)		/* cannot sleep and matters */
#define __GFP_DIRECT_RECLAIM	((gfp_t)0x400u) /* the caller may reclaim, so it may sleep */
#define __GFP_KSWAPD_RECLAIM	((gfp_t)0x800u)		/* wake kswapd at the low watermark */
#define __GFP_WRITE		((gfp_t)0x1000u)
#define __GFP_NOWARN		((gfp_t)0x2000u)
#define __GFP_RETRY_MAYFAIL	((gfp_t)0x4000u)
#define __GFP_NOFAIL		((gfp_t)0x8000u)
#define __GFP_NORETRY		((gfp_t)0x10000u)
#define __GFP_MEMALLOC		((gfp_t)0x20000u)	/* frees more than it takes: no watermark */
#define __GFP_COMP		((gfp_t)0x40000u)	/* one compound page */
#define __GFP_NOMEMALLOC	((gfp_t)0x80000u)
#define __GFP_HARDWALL		((gfp_t)0x100000u)
#define __GFP_THISNODE		((gfp_t)0x200000u)	/* this node or nothing */
#define __GFP_ACCOUNT		((gfp_t)0x400000u)
#define __GFP_BITS_MASK		((gfp_t)0x7fffffu)

#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC		(__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL		(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT		(__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO		(__GFP_RECLAIM)
#define GFP_NOFS		(__GFP_RECLAIM | __GFP_IO)
#define GFP_USER		(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_DMA			__GFP_DMA
#define GFP_DMA32		__GFP_DMA32
#define GFP_HIGHUSER		(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_TRANSHUGE_LIGHT \
	((GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NOWARN) & ~__GFP_RECLAIM)
#define GFP_TRANSHUGE		(GFP_TRANSHUGE_LIGHT | __GFP_DIRECT_RECLAIM)

/* gfp_migratetype - the mobility a mask asks for. */
static inline int gfp_migratetype(gfp_t gfp)
{
	return (gfp >> 3) & 3;	/* __GFP_MOVABLE is bit 3, __GFP_RECLAIMABLE bit 4 */
}

/*
 * gfp_zone - the highest zone a mask allows, on the booted machine. Fails the machine on
 * DMA|HIGHMEM and the like.
 */
enum zone_type gfp_zone(gfp_t gfp);

/*
 * alloc_pages - 2^order pages from the CPU's own node, or the next nearest.
 * alloc_pages_node - the same preferring node nid (NUMA_NO_NODE: the CPU's own).
 * __alloc_pages - the same, only from nodes in *nodemask (NULL: any).
 * Order below MAX_ORDER, else NULL with a warning.
 */
struct page *alloc_pages(gfp_t gfp, unsigned int order) __must_check;
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order) __must_check;
struct page *__alloc_pages(gfp_t gfp, unsigned int order, int preferred_nid,
			   const nodemask_t *nodemask) __must_check;
#define alloc_page(gfp) alloc_pages(gfp, 0)

/*
 * __get_free_pages - like alloc_pages(), but the direct-map address; 0 on failure.
 * Never high memory. get_zeroed_page: one page of zeroes. __get_dma_pages: below 16 MiB.
 */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order) __must_check;
unsigned long get_zeroed_page(gfp_t gfp) __must_check;
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
#define __get_dma_pages(gfp, order) __get_free_pages((gfp) | GFP_DMA, order)

/*
 * alloc_pages_bulk - up to nr single pages at once into the empty (NULL) slots of array.
 * Returns how many slots are filled, those found filled included; may stop short, the
 * caller asks again or takes alloc_page(). alloc_pages_bulk_node: from node nid, NUMA_NO_NODE
 * being the CPU's. alloc_pages_new_array (kmm's own): as that, for an array nothing has been
 * written to: its slots are neither cleared nor read, and the first ones are filled.
 */
unsigned long alloc_pages_bulk(gfp_t gfp, unsigned long nr, struct page **array);
unsigned long alloc_pages_bulk_node(gfp_t gfp, int nid, unsigned long nr, struct page **array);
unsigned long alloc_pages_new_array(gfp_t gfp, int nid, unsigned long nr, struct page **array);

/*
 * __free_pages / __free_page - drop the caller's reference to 2^order pages; at zero they
 * are free again. order must be the allocation's: another one, or a page that is free
 * already, is reported ("Bad page state") and the page is left out of use for good.
 * free_pages / free_page: the same by direct-map address; address 0 is ignored.
 * release_pages - drop one reference of each of nr single pages.
 */
void __free_pages(struct page *page, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
void release_pages(struct page **pages, unsigned long nr);
#define __free_page(page) __free_pages(page, 0)
#define free_page(addr) free_pages(addr, 0)

/*
 * alloc_pages_exact - size bytes rounded up to whole pages, not to a power of two;
 * NULL on failure. _nid: preferring a node. free_pages_exact takes the same size.
 */
void *alloc_pages_exact(size_t size, gfp_t gfp) __must_check;
void *alloc_pages_exact_nid(int nid, size_t size, gfp_t gfp) __must_check;
void free_pages_exact(void *virt, size_t size);

/*
 * split_page - turn an allocation of 2^order pages (not compound) into as many single
 * pages, each with a reference of its own, to be freed one by one.
 */
void split_page(struct page *page, unsigned int order);

/*
 * format_gfp_flags - the mask in words ("GFP_KERNEL|__GFP_ZERO", "none"), as Linux prints it.
 * Returns the length; always terminated, cut at size.
 */
size_t format_gfp_flags(char *buf, size_t size, gfp_t gfp);

/*
 * drain_local_pages / drain_all_pages - empty this CPU's lists (every CPU's) into the zones (NULL:
 * all).
 */
void drain_local_pages(struct zone *zone);
void drain_all_pages(struct zone *zone);

#endif
