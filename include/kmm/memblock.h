/* SPDX-License-Identifier: MIT */
/*
 * kmm/memblock.h - memory before there is a page allocator.
 *
 * Two sorted lists of disjoint regions: `memory` is the RAM there is, `reserved`
 * what is taken of it (or of anything else). Free memory is the difference:
 *
 *	memory    |#########|      |##################|
 *	reserved     |==|    |==|       |=====|
 *	free      |##   ####|      |####      ########|
 *
 * Neighbours with equal node and flags are one region. The arrays start with
 * room for 128 regions each and double themselves, taking memory they manage.
 *
 * Units: bytes; sizes and bases need no alignment; ranges that would pass 2^64
 * are cut there. Context of everything here: boot, one CPU, no locks.
 * Functions that return int: 0, or -ENOMEM when a region array cannot grow.
 * "Free" here gives memory back to memblock; nothing has an owner recorded.
 * Names and meaning: Linux 6.1 (mm/memblock.c), after Yinghai Lu's early_res
 * and the PowerPC lmb.
 */
#ifndef KMM_MEMBLOCK_H
#define KMM_MEMBLOCK_H

#include <kmm/config.h>
#include <kmm/types.h>

#define INIT_MEMBLOCK_REGIONS	128

enum memblock_flags {
	MEMBLOCK_NONE		= 0,
	MEMBLOCK_HOTPLUG	= 1,	/* may be taken away: not used while movable_node is on */
	MEMBLOCK_MIRROR		= 2,	/* kept twice by the hardware: preferred */
	MEMBLOCK_NOMAP		= 4,	/* never touched, never given out */
};

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size;
	unsigned int flags;		/* enum memblock_flags, or-ed */
	int nid;			/* node; MAX_NUMNODES: not known (yet) */
};

struct memblock_type {
	unsigned long cnt;		/* regions in use */
	unsigned long max;		/* room in the array */
	phys_addr_t total_size;		/* of all regions */
	struct memblock_region *regions;
	const char *name;
};

struct memblock {
	bool bottom_up;
	phys_addr_t current_start;	/* memory in between is accessible */
	phys_addr_t current_limit;
	struct memblock_type memory;
	struct memblock_type reserved;
};

extern struct memblock memblock;

/* Limits of a search. */
#define MEMBLOCK_ALLOC_ANYWHERE		(~(phys_addr_t)0)
#define MEMBLOCK_ALLOC_ACCESSIBLE	((phys_addr_t)0) /* current_start ... current_limit */
#define MEMBLOCK_LOW_LIMIT		((phys_addr_t)0)
#define ARCH_LOW_ADDRESS_LIMIT		((phys_addr_t)0xffffffffUL)
#define SMP_CACHE_BYTES			64

/* --- lists ---------------------------------------------------------------- */

/*
 * memblock_add - there is RAM. Overlaps with known RAM are harmless. _node: and its node is known.
 */
int memblock_add(phys_addr_t base, phys_addr_t size);
int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid, unsigned int flags);
/* memblock_remove - there is no RAM (any more). What is reserved stays reserved. */
int memblock_remove(phys_addr_t base, phys_addr_t size);
/* memblock_reserve - not to be given out. Needs not be RAM; may be reserved already. */
int memblock_reserve(phys_addr_t base, phys_addr_t size);
/*
 * memblock_phys_free - reserved no more. memblock_free: by address in the direct map, NULL
 * ignored.
 */
int memblock_phys_free(phys_addr_t base, phys_addr_t size);
void memblock_free(void *ptr, size_t size);

/* memblock_set_node - the regions of @type in the range are of node @nid (regions are split). */
int memblock_set_node(phys_addr_t base, phys_addr_t size, struct memblock_type *type, int nid);
/* memblock_mark_* / clear_* - set or clear one flag for the memory in the range. */
int memblock_mark_hotplug(phys_addr_t base, phys_addr_t size);
int memblock_clear_hotplug(phys_addr_t base, phys_addr_t size);
int memblock_mark_mirror(phys_addr_t base, phys_addr_t size);
int memblock_mark_nomap(phys_addr_t base, phys_addr_t size);
int memblock_clear_nomap(phys_addr_t base, phys_addr_t size);

static inline bool memblock_is_hotpluggable(const struct memblock_region *r)
{
	return r->flags & MEMBLOCK_HOTPLUG;
}

static inline bool memblock_is_mirror(const struct memblock_region *r)
{
	return r->flags & MEMBLOCK_MIRROR;
}

static inline bool memblock_is_nomap(const struct memblock_region *r)
{
	return r->flags & MEMBLOCK_NOMAP;
}

/*
 * memblock_enforce_memory_limit - keep only the first @limit bytes of RAM (by amount, not
 * address).
 */
void memblock_enforce_memory_limit(phys_addr_t limit);
/* memblock_cap_memory_range - keep only RAM in [base, base + size) (and what is nomap). */
void memblock_cap_memory_range(phys_addr_t base, phys_addr_t size);
/* memblock_mem_limit_remove_map - as enforce_memory_limit, but nomap regions stay. */
void memblock_mem_limit_remove_map(phys_addr_t limit);
/* memblock_trim_memory - round every memory region inwards to @align, a power of two. */
void memblock_trim_memory(phys_addr_t align);
/* memblock_allow_resize - from now on the arrays may grow. Before, a full array is a panic. */
void memblock_allow_resize(void);

/*
 * --- allocation ----------------------------------------------------------- * @align: a power of
 * two; 0 means SMP_CACHE_BYTES. @min_addr/@max_addr: the block lies in [min, max); max may be
 * MEMBLOCK_ALLOC_ACCESSIBLE. @nid: wanted node, NUMA_NO_NODE: any. Page 0 is never given out. Size
 * 0 gives nothing. Order: from the top down, or bottom up after memblock_set_bottom_up(true).
 * Functions that return pointers give memory below current_limit, which the direct map reaches,
 * and NULL when there is none; without _raw it is zeroed. Those that return phys_addr_t give 0
 * when there is none and touch nothing.
 */
phys_addr_t memblock_find_in_range_node(phys_addr_t size, phys_addr_t align, phys_addr_t start,
					phys_addr_t end, int nid, unsigned int flags);
phys_addr_t memblock_find_in_range(phys_addr_t start, phys_addr_t end, phys_addr_t size,
				   phys_addr_t align);	/* finds only, reserves nothing */
phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				      phys_addr_t end);
phys_addr_t memblock_phys_alloc_try_nid(phys_addr_t size, phys_addr_t align, int nid);
/* memblock_alloc_range_nid - the one below all: @exact_nid: that node or nothing. */
phys_addr_t memblock_alloc_range_nid(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				     phys_addr_t end, int nid, bool exact_nid);

void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
			     phys_addr_t max_addr, int nid);
void *memblock_alloc_try_nid_raw(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
				 phys_addr_t max_addr, int nid);
void *memblock_alloc_exact_nid_raw(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
				   phys_addr_t max_addr, int nid);

static inline phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align)
{
	return memblock_phys_alloc_range(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE);
}

static inline void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_try_nid(size, align, MEMBLOCK_LOW_LIMIT, MEMBLOCK_ALLOC_ACCESSIBLE,
				      NUMA_NO_NODE);
}

static inline void *memblock_alloc_raw(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_try_nid_raw(size, align, MEMBLOCK_LOW_LIMIT,
					  MEMBLOCK_ALLOC_ACCESSIBLE, NUMA_NO_NODE);
}

/* memblock_alloc_from - not below @min_addr, unless there is no other way. */
static inline void *memblock_alloc_from(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr)
{
	return memblock_alloc_try_nid(size, align, min_addr, MEMBLOCK_ALLOC_ACCESSIBLE,
				      NUMA_NO_NODE);
}

/* memblock_alloc_low - below 4 GiB. */
static inline void *memblock_alloc_low(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_try_nid(size, align, MEMBLOCK_LOW_LIMIT, ARCH_LOW_ADDRESS_LIMIT,
				      NUMA_NO_NODE);
}

static inline void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid)
{
	return memblock_alloc_try_nid(size, align, MEMBLOCK_LOW_LIMIT, MEMBLOCK_ALLOC_ACCESSIBLE,
				      nid);
}

/*
 * memblock_set_accessible - what "accessible" means: [start, limit). Narrow while the direct map is
 * being made. memblock_set_current_limit - its end only. memblock_move_arrays - the lists' own
 * arrays, where they lie in [from, from + size), are reached at [to, to + size) from now on.
 * memblock_bottom_up: direction.
 */
void memblock_set_accessible(phys_addr_t start, phys_addr_t limit);
void memblock_move_arrays(uintptr_t from, uintptr_t to, size_t size);
void memblock_set_current_limit(phys_addr_t limit);
phys_addr_t memblock_get_current_limit(void);

static inline void memblock_set_bottom_up(bool enable)
{
	memblock.bottom_up = enable;
}

static inline bool memblock_bottom_up(void)
{
	return memblock.bottom_up;
}

/* --- questions ------------------------------------------------------------ */

bool memblock_is_memory(phys_addr_t addr);
bool memblock_is_map_memory(phys_addr_t addr);		/* memory and not nomap */
bool memblock_is_reserved(phys_addr_t addr);
bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size);	/* all of it, one region */
bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size);	/* any of it */
bool memblock_overlaps_region(const struct memblock_type *type, phys_addr_t base, phys_addr_t size);
phys_addr_t memblock_start_of_DRAM(void);	/* 0 without memory */
phys_addr_t memblock_end_of_DRAM(void);
phys_addr_t memblock_phys_mem_size(void);
phys_addr_t memblock_reserved_size(void);
/*
 * memblock_search_pfn_nid - node of a frame, and the frames of its region; NUMA_NO_NODE: no
 * memory.
 */
int memblock_search_pfn_nid(unsigned long pfn, unsigned long *start_pfn, unsigned long *end_pfn);

extern bool memblock_debug;			/* memblock=debug: say every step */
extern bool movable_node_enabled;		/* hotpluggable memory is not given out */
void __memblock_dump_all(void);			/* Linux's text, always */
static inline void memblock_dump_all(void)	/* only with memblock=debug */
{
	if (memblock_debug)
		__memblock_dump_all();
}

/* memblock_check - are both lists sorted, disjoint, merged, in bounds, sums right? For tests. */
bool memblock_check(void);

/* --- iterators ------------------------------------------------------------ */

#define for_each_mem_region(r) \
	for ((r) = memblock.memory.regions; (r) < memblock.memory.regions + memblock.memory.cnt; \
	     (r)++)
#define for_each_reserved_mem_region(r) \
	for ((r) = memblock.reserved.regions; \
	     (r) < memblock.reserved.regions + memblock.reserved.cnt; (r)++)

/* Frames of a region: memory inwards (whole frames), reserved outwards. */
static inline unsigned long memblock_region_memory_base_pfn(const struct memblock_region *r)
{
	return PFN_UP(r->base);
}

static inline unsigned long memblock_region_memory_end_pfn(const struct memblock_region *r)
{
	return PFN_DOWN(r->base + r->size);
}

static inline unsigned long memblock_region_reserved_base_pfn(const struct memblock_region *r)
{
	return PFN_DOWN(r->base);
}

static inline unsigned long memblock_region_reserved_end_pfn(const struct memblock_region *r)
{
	return PFN_UP(r->base + r->size);
}

/*
 * __next_mem_range - the next piece of @a that is not in @b (NULL: nothing is
 * excluded), on node @nid, allowed by @flags. *@idx: start with 0; ends with
 * ~0. _rev: from the top; start with ~0, ends with ~0 (as after the last).
 * The lists must not change while walking.
 */
void __next_mem_range(u64 *idx, int nid, unsigned int flags, const struct memblock_type *a,
		      const struct memblock_type *b, phys_addr_t *start, phys_addr_t *end,
		      int *out_nid);
void __next_mem_range_rev(u64 *idx, int nid, unsigned int flags, const struct memblock_type *a,
			  const struct memblock_type *b, phys_addr_t *start, phys_addr_t *end,
			  int *out_nid);

#define __for_each_mem_range(i, a, b, nid, flags, p_start, p_end, p_nid)                           \
	for ((i) = 0,                                                                              \
	    __next_mem_range(&(i), (nid), (flags), (a), (b), (p_start), (p_end), (p_nid));         \
	     (i) != ~(u64)0;                                                                       \
	     __next_mem_range(&(i), (nid), (flags), (a), (b), (p_start), (p_end), (p_nid)))
#define __for_each_mem_range_rev(i, a, b, nid, flags, p_start, p_end, p_nid) \
	for ((i) = ~(u64)0, \
	     __next_mem_range_rev(&(i), (nid), (flags), (a), (b), (p_start), (p_end), (p_nid)); \
	     (i) != ~(u64)0; \
	     __next_mem_range_rev(&(i), (nid), (flags), (a), (b), (p_start), (p_end), (p_nid)))

/* @i: u64. RAM, reserved or not, without nomap; hotpluggable included. */
#define for_each_mem_range(i, p_start, p_end) \
	__for_each_mem_range(i, &memblock.memory, NULL, NUMA_NO_NODE, MEMBLOCK_HOTPLUG, p_start, \
			     p_end, NULL)
#define for_each_mem_range_rev(i, p_start, p_end) \
	__for_each_mem_range_rev(i, &memblock.memory, NULL, NUMA_NO_NODE, MEMBLOCK_HOTPLUG, \
				 p_start, p_end, NULL)
/* @i: u64. RAM that is not reserved. @flags: MEMBLOCK_HOTPLUG includes that too. */
#define for_each_free_mem_range(i, nid, flags, p_start, p_end, p_nid) \
	__for_each_mem_range(i, &memblock.memory, &memblock.reserved, nid, flags, p_start, p_end, \
			     p_nid)
#define for_each_free_mem_range_reverse(i, nid, flags, p_start, p_end, p_nid) \
	__for_each_mem_range_rev(i, &memblock.memory, &memblock.reserved, nid, flags, p_start, \
				 p_end, p_nid)

/* for_each_mem_pfn_range - @i: int. Whole frames of memory on @nid (MAX_NUMNODES: any). */
void __next_mem_pfn_range(int *idx, int nid, unsigned long *out_start_pfn,
			  unsigned long *out_end_pfn, int *out_nid);
#define for_each_mem_pfn_range(i, nid, p_start, p_end, p_nid) \
	for ((i) = -1, __next_mem_pfn_range(&(i), (nid), (p_start), (p_end), (p_nid)); \
	     (i) >= 0; __next_mem_pfn_range(&(i), (nid), (p_start), (p_end), (p_nid)))

#endif
