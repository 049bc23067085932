// SPDX-License-Identifier: MIT
/*
 * mm/boot/memblock_alloc.c - giving memory out of the lists.
 *
 * Finding is a walk over the free pieces (memblock_iter.c), from the top or
 * from the bottom; giving out is reserving what was found. What is asked for
 * is a preference order, tried in this sequence:
 *
 *	1. the node, in mirrored memory if the machine has any
 *	2. any node, mirrored               (not for "exact" requests)
 *	3. the node, then any node, unmirrored
 *	4. all of that again below min_addr (only for pointers)
 *
 * Pointers come from between current_start and current_limit, which setup keeps within the
 * direct map: all of it, or as much of it as there is already.
 */
#include "internal.h"

/* Does the machine have mirrored memory? Then it is preferred. */
static unsigned int preferred_flags(void)
{
	const struct memblock_region *r;

	for_each_mem_region(r)
		if (memblock_is_mirror(r))
			return MEMBLOCK_MIRROR;
	return MEMBLOCK_NONE;
}

static phys_addr_t find_bottom_up(phys_addr_t start, phys_addr_t end, phys_addr_t size,
				  phys_addr_t align, int nid, unsigned int flags)
{
	phys_addr_t from, to, cand;
	u64 i;

	for_each_free_mem_range(i, nid, flags, &from, &to, NULL) {
		from = clamp_u64(from, start, end);
		to = clamp_u64(to, start, end);
		cand = ALIGN(from, align);
		if (cand >= from && cand < to && to - cand >= size)
			return cand;
	}
	return 0;
}

static phys_addr_t find_top_down(phys_addr_t start, phys_addr_t end, phys_addr_t size,
				 phys_addr_t align, int nid, unsigned int flags)
{
	phys_addr_t from, to, cand;
	u64 i;

	for_each_free_mem_range_reverse(i, nid, flags, &from, &to, NULL) {
		from = clamp_u64(from, start, end);
		to = clamp_u64(to, start, end);
		if (to < size)
			continue;
		cand = ALIGN_DOWN(to - size, align);
		if (cand >= from)
			return cand;
	}
	return 0;
}

phys_addr_t memblock_find_in_range_node(phys_addr_t size, phys_addr_t align, phys_addr_t start,
					phys_addr_t end, int nid, unsigned int flags)
{
	KMM_BUG_ON(align & (align - 1));
	if (!align)
		align = SMP_CACHE_BYTES;
	if (end == MEMBLOCK_ALLOC_ACCESSIBLE) {
		end = memblock.current_limit;
		start = max(start, memblock.current_start);
	}
	start = max_t(phys_addr_t, start, PAGE_SIZE);
	end = max(start, end);
	if (!size)
		return 0;
	if (memblock_bottom_up())
		return find_bottom_up(start, end, size, align, nid, flags);
	return find_top_down(start, end, size, align, nid, flags);
}

phys_addr_t memblock_find_in_range(phys_addr_t start, phys_addr_t end, phys_addr_t size,
				   phys_addr_t align)
{
	unsigned int flags = preferred_flags();
	phys_addr_t found;

	found = memblock_find_in_range_node(size, align, start, end, NUMA_NO_NODE, flags);
	if (!found && flags)
		found = memblock_find_in_range_node(size, align, start, end, NUMA_NO_NODE,
						    MEMBLOCK_NONE);
	return found;
}

static phys_addr_t take(phys_addr_t size, phys_addr_t align, phys_addr_t start, phys_addr_t end,
			int nid, unsigned int flags)
{
	phys_addr_t found = memblock_find_in_range_node(size, align, start, end, nid, flags);

	if (found && memblock_reserve(found, size))
		return 0;
	KMM_BUG_ON(found && !memblock_is_region_reserved(found, size));
	return found;
}

phys_addr_t memblock_alloc_range_nid(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				     phys_addr_t end, int nid, bool exact_nid)
{
	unsigned int flags = preferred_flags();
	phys_addr_t found;

	for (;;) {
		found = take(size, align, start, end, nid, flags);
		if (!found && nid != NUMA_NO_NODE && !exact_nid)
			found = take(size, align, start, end, NUMA_NO_NODE, flags);
		if (found || !flags)
			return found;
		pr_warn("Could not allocate 0x%016llx bytes of mirrored memory",
			(unsigned long long)size);
		flags = MEMBLOCK_NONE;
	}
}

phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				      phys_addr_t end)
{
	return memblock_alloc_range_nid(size, align, start, end, NUMA_NO_NODE, false);
}

phys_addr_t memblock_phys_alloc_try_nid(phys_addr_t size, phys_addr_t align, int nid)
{
	return memblock_alloc_range_nid(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nid, false);
}

/* Common to all that return pointers. */
static void *alloc_pointer(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
			   phys_addr_t max_addr, int nid, bool exact_nid)
{
	phys_addr_t found;

	if (size > SIZE_MAX)
		return NULL;
	if (max_addr == MEMBLOCK_ALLOC_ACCESSIBLE || max_addr > memblock.current_limit)
		max_addr = memblock.current_limit;
	min_addr = max(min_addr, memblock.current_start);
	found = memblock_alloc_range_nid(size, align, min_addr, max_addr, nid, exact_nid);
	if (!found && min_addr > memblock.current_start)
		found = memblock_alloc_range_nid(size, align, memblock.current_start, max_addr, nid,
						 exact_nid);
	KMM_BUG_ON(found && found + size > max_addr);
	return found ? __va(found) : NULL;
}

void *memblock_alloc_try_nid_raw(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
				 phys_addr_t max_addr, int nid)
{
	return alloc_pointer(size, align, min_addr, max_addr, nid, false);
}

void *memblock_alloc_exact_nid_raw(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
				   phys_addr_t max_addr, int nid)
{
	return alloc_pointer(size, align, min_addr, max_addr, nid, true);
}

void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
			     phys_addr_t max_addr, int nid)
{
	void *ptr = alloc_pointer(size, align, min_addr, max_addr, nid, false);

	if (ptr)
		memset(ptr, 0, (size_t)size);
	return ptr;
}

void memblock_set_accessible(phys_addr_t start, phys_addr_t limit)
{
	memblock.current_start = start;
	memblock.current_limit = limit;
}

void memblock_set_current_limit(phys_addr_t limit)
{
	memblock.current_limit = limit;
}

phys_addr_t memblock_get_current_limit(void)
{
	return memblock.current_limit;
}
