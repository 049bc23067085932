// SPDX-License-Identifier: MIT
/*
 * mm/boot/memblock_iter.c - walking the lists, and questions about addresses.
 *
 * The free memory is list a (memory) minus list b (reserved), and b need not be
 * inside a. The walk pairs each region of a with each *gap* of b: gap i lies
 * between the end of region i - 1 and the start of region i, gap 0 starts at 0
 * and the last one ends at 2^64. A piece is the overlap of the two:
 *
 *	a       |===== 0 =====|      |======= 1 =======|
 *	b            |#0#|              |#1#|
 *	gaps    0----|   |------ 1 -----|   |---- 2 -----
 *	pieces  |0,0|    |0,1|       |1,1|  |1,2|
 *
 * The position is one number, the index into a in the low 32 bits, the gap in
 * the high ones; it names the next pair to look at. Going up, whichever of the
 * two ends first moves on; going down, whichever starts last.
 */
#include "internal.h"

#define IDX(a, b)	((u64)(b) << 32 | (u32)(a))
#define IDX_END		(~(u64)0)

__kmm_state bool movable_node_enabled;

/* Is a region of `memory` not what the caller asked for? */
static bool skip_region(const struct memblock_type *type, const struct memblock_region *r, int nid,
			unsigned int flags)
{
	if (type != &memblock.memory)
		return false;
	if (nid != NUMA_NO_NODE && nid != MAX_NUMNODES && nid != r->nid)
		return true;
	if (movable_node_enabled && memblock_is_hotpluggable(r) && !(flags & MEMBLOCK_HOTPLUG))
		return true;
	if ((flags & MEMBLOCK_MIRROR) && !memblock_is_mirror(r))
		return true;
	return !(flags & MEMBLOCK_NOMAP) && memblock_is_nomap(r);
}

static phys_addr_t gap_start(const struct memblock_type *b, unsigned long i)
{
	return b && i ? b->regions[i - 1].base + b->regions[i - 1].size : 0;
}

static phys_addr_t gap_end(const struct memblock_type *b, unsigned long i)
{
	return b && i < b->cnt ? b->regions[i].base : ~(phys_addr_t)0;
}

static void report_piece(const struct memblock_region *m, phys_addr_t from, phys_addr_t to,
			 phys_addr_t *start, phys_addr_t *end, int *nid)
{
	KMM_BUG_ON(from >= m->base + m->size || to <= m->base || from >= to);
	if (start)
		*start = max(m->base, from);
	if (end)
		*end = min(m->base + m->size, to);
	if (nid)
		*nid = m->nid;
}

void __next_mem_range(u64 *idx, int nid, unsigned int flags, const struct memblock_type *a,
		      const struct memblock_type *b, phys_addr_t *start, phys_addr_t *end,
		      int *out_nid)
{
	unsigned long ia = (u32)*idx, ib = (unsigned long)(*idx >> 32), gaps = b ? b->cnt + 1 : 1;

	for (; ia < a->cnt; ia++) {
		const struct memblock_region *m = &a->regions[ia];
		phys_addr_t m_end = m->base + m->size;

		if (skip_region(a, m, nid, flags))
			continue;
		for (; ib < gaps; ib++) {
			phys_addr_t from = gap_start(b, ib), to = gap_end(b, ib);

			if (from >= m_end)
				break;
			if (max(m->base, from) >= to || m->base >= to)
				continue;
			report_piece(m, from, to, start, end, out_nid);
			*idx = m_end <= to ? IDX(ia + 1, ib) : IDX(ia, ib + 1);
			return;
		}
	}
	*idx = IDX_END;
}

void __next_mem_range_rev(u64 *idx, int nid, unsigned int flags, const struct memblock_type *a,
			  const struct memblock_type *b, phys_addr_t *start, phys_addr_t *end,
			  int *out_nid)
{
	/* counted from the top: ia regions and ib gaps are still to be looked at */
	unsigned long ia, ib;

	if (*idx == IDX_END)
		*idx = IDX(a->cnt, b ? b->cnt + 1 : 1);
	ib = (unsigned long)(*idx >> 32);
	for (ia = (u32)*idx; ia > 0; ia--) {
		const struct memblock_region *m = &a->regions[ia - 1];

		if (skip_region(a, m, nid, flags))
			continue;
		for (; ib > 0; ib--) {
			phys_addr_t from = gap_start(b, ib - 1), to = gap_end(b, ib - 1);

			if (to <= m->base)
				break;
			if (max(m->base, from) >= to || from >= m->base + m->size)
				continue;
			report_piece(m, from, to, start, end, out_nid);
			*idx = m->base >= from ? IDX(ia - 1, ib) : IDX(ia, ib - 1);
			return;
		}
	}
	*idx = IDX_END;
}

void __next_mem_pfn_range(int *idx, int nid, unsigned long *out_start_pfn,
			  unsigned long *out_end_pfn, int *out_nid)
{
	const struct memblock_type *type = &memblock.memory;

	while (++*idx < (int)type->cnt) {
		const struct memblock_region *r = &type->regions[*idx];
		unsigned long start = memblock_region_memory_base_pfn(r);
		unsigned long end = memblock_region_memory_end_pfn(r);

		if (start >= end || (nid != MAX_NUMNODES && nid != r->nid))
			continue;
		if (out_start_pfn)
			*out_start_pfn = start;
		if (out_end_pfn)
			*out_end_pfn = end;
		if (out_nid)
			*out_nid = r->nid;
		return;
	}
	*idx = -1;
}

/* The region that holds @addr, or NULL. */
static const struct memblock_region *search(const struct memblock_type *type, phys_addr_t addr)
{
	unsigned long lo = 0, hi = type->cnt;

	while (lo < hi) {
		unsigned long mid = lo + (hi - lo) / 2;
		const struct memblock_region *r = &type->regions[mid];

		if (addr < r->base)
			hi = mid;
		else if (addr - r->base >= r->size)
			lo = mid + 1;
		else
			return r;
	}
	return NULL;
}

bool memblock_is_memory(phys_addr_t addr)
{
	return search(&memblock.memory, addr);
}

bool memblock_is_map_memory(phys_addr_t addr)
{
	const struct memblock_region *r = search(&memblock.memory, addr);

	return r && !memblock_is_nomap(r);
}

bool memblock_is_reserved(phys_addr_t addr)
{
	return search(&memblock.reserved, addr);
}

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size)
{
	const struct memblock_region *r = search(&memblock.memory, base);

	memblock_cap_size(base, &size);
	return r && r->base + r->size >= base + size;
}

bool memblock_overlaps_region(const struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = memblock_cap_size(base, &size);

	for (unsigned long i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i];

		if (base < r->base + r->size && r->base < end)
			return true;
	}
	return false;
}

bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size)
{
	return memblock_overlaps_region(&memblock.reserved, base, size);
}

phys_addr_t memblock_start_of_DRAM(void)
{
	return memblock.memory.cnt ? memblock.memory.regions[0].base : 0;
}

phys_addr_t memblock_end_of_DRAM(void)
{
	const struct memblock_region *last = &memblock.memory.regions[memblock.memory.cnt];

	return memblock.memory.cnt ? last[-1].base + last[-1].size : 0;
}

phys_addr_t memblock_phys_mem_size(void)
{
	return memblock.memory.total_size;
}

phys_addr_t memblock_reserved_size(void)
{
	return memblock.reserved.total_size;
}

int memblock_search_pfn_nid(unsigned long pfn, unsigned long *start_pfn, unsigned long *end_pfn)
{
	const struct memblock_region *r = search(&memblock.memory, PFN_PHYS(pfn));

	if (!r)
		return NUMA_NO_NODE;
	*start_pfn = PFN_DOWN(r->base);
	*end_pfn = PFN_DOWN(r->base + r->size);
	return r->nid == MAX_NUMNODES ? NUMA_NO_NODE : r->nid;
}
