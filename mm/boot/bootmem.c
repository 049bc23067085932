// SPDX-License-Identifier: MIT
/*
 * mm/boot/bootmem.c - the bitmap allocator, and the front of both.
 *
 * One bit per frame says taken or free. A search wants n clear bits in a row,
 * aligned: find a clear bit, align it, look for a set bit among the next n; if
 * there is one, go on behind it. It begins at hint_idx, behind the last block
 * given out, because below all has been tried; when that finds nothing it
 * begins once more at the bottom (blocks may have been freed, or skipped for
 * their alignment).
 *
 * A block that ends inside a frame leaves the rest of it unused. The next block,
 * if it begins in the following frame anyway, begins in that rest instead:
 *
 *	bits      1        1        0        0
 *	          |--------|--------|--------|
 *	last        #########                      last_end_off = 1.4 frames
 *	next                ######                 starts at 1.4, not at 2
 *
 * Freeing takes whole frames only, so what shares a frame is never freed.
 *
 * The front dispatches on boot_options.bootmem, once zones are known. From then
 * on memblock's reserved list is frozen: bootmem's bits are the truth.
 */
#include <kmm/bootmem.h>
#include <lib/bitmap.h>

#include "internal.h"

__kmm_state bootmem_data_t bootmem_node_data[MAX_NUMNODES];
static __kmm_state bool bootmem_on;

static unsigned long bits_of(const bootmem_data_t *b)
{
	return b->node_low_pfn - b->node_min_pfn;
}

unsigned long bootmem_bootmap_bytes(unsigned long pages)
{
	return BITS_TO_LONGS(pages) * sizeof(long);
}

unsigned long init_bootmem_node(int nid, unsigned long mapstart, unsigned long start,
				unsigned long end)
{
	bootmem_data_t *b = &bootmem_node_data[nid];

	KMM_BUG_ON(nid < 0 || nid >= MAX_NUMNODES || start >= end);
	*b = (bootmem_data_t){ .node_min_pfn = start, .node_low_pfn = end,
			       .node_bootmem_map = __va(PFN_PHYS(mapstart)) };
	memset(b->node_bootmem_map, 0xff, bootmem_bootmap_bytes(end - start));
	return bootmem_bootmap_bytes(end - start);
}

/* --- marking ------------------------------------------------------------------ */

/* Free the frames [start, end) of one node; they must be taken. */
static void mark_free(bootmem_data_t *b, unsigned long start, unsigned long end)
{
	unsigned long from = start - b->node_min_pfn, to = end - b->node_min_pfn;

	KMM_BUG_ON(from >= to || to > bits_of(b));
	KMM_BUG_ON(find_next_zero_bit(b->node_bootmem_map, to, from) < to);
	bitmap_clear(b->node_bootmem_map, from, to - from);
	b->hint_idx = min(b->hint_idx, from);
	/* the tail of the last block must not be shared if its frame is free again */
	if (b->last_end_off > PFN_PHYS(from) && b->last_end_off <= PFN_PHYS(to))
		b->last_end_off = 0;
}

static int mark_taken(bootmem_data_t *b, unsigned long start, unsigned long end, int flags)
{
	unsigned long from = start - b->node_min_pfn, to = end - b->node_min_pfn;

	KMM_BUG_ON(from >= to || to > bits_of(b));
	if ((flags & BOOTMEM_EXCLUSIVE) && find_next_bit(b->node_bootmem_map, to, from) < to)
		return -EBUSY;
	bitmap_set(b->node_bootmem_map, from, to - from);
	return 0;
}

void free_bootmem_node(int nid, phys_addr_t addr, phys_addr_t size)
{
	bootmem_data_t *b = &bootmem_node_data[nid];
	unsigned long start = max(PFN_UP(addr), b->node_min_pfn);
	unsigned long end = min(PFN_DOWN(addr + size), b->node_low_pfn);

	if (start < end)
		mark_free(b, start, end);
}

/* Where spans of nodes overlap, a frame is free on the node that has it, taken on the others. */
void free_bootmem(phys_addr_t addr, phys_addr_t size)
{
	unsigned long pfn = PFN_UP(addr), end = PFN_DOWN(addr + size), from, to;
	int nid, owner;

	for (; pfn < end; pfn = to) {
		owner = memblock_search_pfn_nid(pfn, &from, &to);
		to = owner == NUMA_NO_NODE ? pfn + 1 : min(to, end);
		for_each_online_node(nid)
			if (owner == NUMA_NO_NODE || nid == owner)
				free_bootmem_node(nid, PFN_PHYS(pfn), PFN_PHYS(to - pfn));
	}
}

int reserve_bootmem_node(int nid, phys_addr_t addr, phys_addr_t size, int flags)
{
	bootmem_data_t *b = &bootmem_node_data[nid];
	unsigned long start = max(PFN_DOWN(addr), b->node_min_pfn);
	unsigned long end = min(PFN_UP(addr + size), b->node_low_pfn);

	return start < end ? mark_taken(b, start, end, flags) : 0;
}

int reserve_bootmem(phys_addr_t addr, phys_addr_t size, int flags)
{
	int nid, undo;

	for_each_online_node(nid) {
		int err = reserve_bootmem_node(nid, addr, size, flags);

		if (!err)
			continue;
		/* exclusive: all that was taken before was free */
		for_each_online_node(undo) {
			bootmem_data_t *b = &bootmem_node_data[undo];
			unsigned long start = max(PFN_DOWN(addr), b->node_min_pfn);
			unsigned long end = min(PFN_UP(addr + size), b->node_low_pfn);

			if (undo == nid)
				break;
			if (start < end)
				mark_free(b, start, end);
		}
		return err;
	}
	return 0;
}

/* --- searching ------------------------------------------------------------------ */

/* Round bit @idx up so that its frame number is a multiple of @step. */
static unsigned long align_idx(const bootmem_data_t *b, unsigned long idx, unsigned long step)
{
	return ALIGN(b->node_min_pfn + idx, step) - b->node_min_pfn;
}

/* First run of @nr clear bits from @idx on, below @max; @max when there is none. */
static unsigned long find_run(const bootmem_data_t *b, unsigned long idx, unsigned long max,
			      unsigned long nr, unsigned long step)
{
	for (;;) {
		unsigned long taken;

		idx = find_next_zero_bit(b->node_bootmem_map, max, idx);
		idx = align_idx(b, idx, step);
		if (idx >= max || max - idx < nr)
			return max;
		taken = find_next_bit(b->node_bootmem_map, idx + nr, idx);
		if (taken >= idx + nr)
			return idx;
		idx = taken + 1;
	}
}

/* Take @size bytes at bit @idx, or in the rest of the frame before; offset from the node. */
static phys_addr_t take_at(bootmem_data_t *b, unsigned long idx, phys_addr_t size,
			   phys_addr_t align)
{
	phys_addr_t start = PFN_PHYS(idx), base = PFN_PHYS(b->node_min_pfn), end;
	unsigned long from;

	if ((b->last_end_off & (PAGE_SIZE - 1)) && PFN_DOWN(b->last_end_off) + 1 == idx)
		start = min(start, ALIGN(base + b->last_end_off, align) - base);
	end = start + size;
	from = PFN_UP(start);
	KMM_BUG_ON(end > PFN_PHYS(bits_of(b)) || from > idx);
	if (PFN_UP(end) > from)
		bitmap_set(b->node_bootmem_map, from, PFN_UP(end) - from);
	b->last_end_off = end;
	b->hint_idx = PFN_UP(end);
	return start;
}

static void *alloc_on(bootmem_data_t *b, phys_addr_t size, phys_addr_t align, phys_addr_t goal,
		      phys_addr_t limit)
{
	unsigned long nr = PFN_UP(size), step, lowest = 0, idx, end = bits_of(b);
	phys_addr_t start;

	align = align ? align : SMP_CACHE_BYTES;
	KMM_BUG_ON(align & (align - 1));
	step = max(1UL, PFN_DOWN(align));
	if (limit && PFN_DOWN(limit) < b->node_low_pfn)
		end = PFN_DOWN(limit) > b->node_min_pfn ? PFN_DOWN(limit) - b->node_min_pfn : 0;
	if (!size || !end)
		return NULL;
	if (PFN_UP(goal) > b->node_min_pfn)
		lowest = PFN_UP(goal) - b->node_min_pfn;
	idx = find_run(b, max(lowest, b->hint_idx), end, nr, step);
	if (idx >= end && b->hint_idx > lowest)
		idx = find_run(b, lowest, end, nr, step);
	if (idx >= end)
		return NULL;
	KMM_BUG_ON((b->node_min_pfn + idx) & (step - 1));
	start = take_at(b, idx, size, align);
	return __va(PFN_PHYS(b->node_min_pfn) + start);
}

/* @nid first (NUMA_NO_NODE: none is preferred), then all; with the goal, then without. */
static void *alloc_any(int nid, phys_addr_t size, phys_addr_t align, phys_addr_t goal,
		       phys_addr_t limit)
{
	void *ptr = NULL;
	int n;

	for (;;) {
		if (nid != NUMA_NO_NODE)
			ptr = alloc_on(&bootmem_node_data[nid], size, align, goal, limit);
		for (n = 0; n < MAX_NUMNODES && !ptr; n++)
			ptr = alloc_on(&bootmem_node_data[n], size, align, goal, limit);
		if (ptr || !goal)
			return ptr;
		goal = 0;
	}
}

static void *zeroed(void *ptr, unsigned long size)
{
	if (ptr)
		memset(ptr, 0, size);
	return ptr;
}

static void *or_panic(void *ptr, unsigned long size)
{
	if (!ptr)
		panic("bootmem alloc of %lu bytes failed!", size);
	return ptr;
}

void *__alloc_bootmem_nopanic(unsigned long size, unsigned long align, phys_addr_t goal)
{
	return zeroed(alloc_any(NUMA_NO_NODE, size, align, goal, 0), size);
}

void *__alloc_bootmem(unsigned long size, unsigned long align, phys_addr_t goal)
{
	return or_panic(__alloc_bootmem_nopanic(size, align, goal), size);
}

void *__alloc_bootmem_low(unsigned long size, unsigned long align, phys_addr_t goal)
{
	return or_panic(zeroed(alloc_any(NUMA_NO_NODE, size, align, goal, ARCH_LOW_ADDRESS_LIMIT),
			       size), size);
}

void *__alloc_bootmem_node_nopanic(int nid, unsigned long size, unsigned long align,
				   phys_addr_t goal)
{
	return zeroed(alloc_any(nid, size, align, goal, 0), size);
}

void *__alloc_bootmem_node(int nid, unsigned long size, unsigned long align, phys_addr_t goal)
{
	return or_panic(__alloc_bootmem_node_nopanic(nid, size, align, goal), size);
}

/* --- the end ---------------------------------------------------------------------- */

typedef void (*range_fn)(unsigned long start_pfn, unsigned long end_pfn, int nid, void *arg);

static unsigned long pass_runs(int nid, range_fn fn, void *arg)
{
	const bootmem_data_t *b = &bootmem_node_data[nid];
	unsigned long bits = bits_of(b), pages = 0, start, end;

	for (start = 0; bits; start = end) {
		start = find_next_zero_bit(b->node_bootmem_map, bits, start);
		if (start >= bits)
			break;
		end = find_next_bit(b->node_bootmem_map, bits, start);
		fn(b->node_min_pfn + start, b->node_min_pfn + end, nid, arg);
		pages += end - start;
	}
	return pages;
}

unsigned long free_all_bootmem(range_fn fn, void *arg)
{
	unsigned long pages = 0;

	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		bootmem_data_t *b = &bootmem_node_data[nid];
		unsigned long map, map_end;

		if (!bits_of(b))
			continue;
		pages += pass_runs(nid, fn, arg);
		map = PFN_DOWN(__pa(b->node_bootmem_map));
		map_end = map + PFN_UP(bootmem_bootmap_bytes(bits_of(b)));
		*b = (bootmem_data_t){ 0 };
		fn(map, map_end, nid, arg);
		pages += map_end - map;
	}
	return pages;
}

bool bootmem_check(void)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		const bootmem_data_t *b = &bootmem_node_data[nid];
		unsigned long map, size, bits = bits_of(b);

		if (b->node_low_pfn < b->node_min_pfn || b->hint_idx > bits)
			return false;
		if (b->last_end_off > PFN_PHYS(bits))
			return false;
		if (!bits)
			continue;
		/* the bitmap's own frames, when they lie on this node */
		map = PFN_DOWN(__pa(b->node_bootmem_map));
		size = PFN_UP(bootmem_bootmap_bytes(bits));
		if (map < b->node_min_pfn || map + size > b->node_low_pfn)
			continue;
		map -= b->node_min_pfn;
		if (find_next_zero_bit(b->node_bootmem_map, map + size, map) < map + size)
			return false;
	}
	return true;
}

/* --- the front --------------------------------------------------------------------- */

static int make_bitmap(int nid)
{
	unsigned long start = node_spans[nid].start_pfn;
	unsigned long end = min(start + node_spans[nid].spanned_pages, max_low_pfn);
	phys_addr_t map;

	if (start >= end)
		return 0;
	map = memblock_phys_alloc_try_nid(ALIGN(bootmem_bootmap_bytes(end - start), PAGE_SIZE),
					  PAGE_SIZE, nid);
	if (!map) {
		pr_err("bootmem: no memory for the bitmap of node %d", nid);
		return -ENOMEM;
	}
	init_bootmem_node(nid, PFN_DOWN(map), start, end);
	return 0;
}

int boot_alloc_init(void)
{
	phys_addr_t start, end;
	int nid, err = 0;
	u64 i;

	bootmem_on = false;
	if (!boot_options.bootmem)
		return 0;
	memset(bootmem_node_data, 0, sizeof(bootmem_node_data));
	for_each_online_node(nid)
		if (!err)
			err = make_bitmap(nid);
	if (err)
		return err;
	for_each_free_mem_range(i, NUMA_NO_NODE, MEMBLOCK_HOTPLUG, &start, &end, &nid)
		free_bootmem_node(nid, start, end - start);
	bootmem_on = true;
	KMM_BUG_ON(!bootmem_check());
	return 0;
}

phys_addr_t boot_phys_alloc(phys_addr_t size, phys_addr_t align, int nid, bool exact_nid)
{
	void *ptr;

	if (!bootmem_on)
		return memblock_alloc_range_nid(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nid,
						exact_nid);
	if (exact_nid && nid != NUMA_NO_NODE)
		ptr = alloc_on(&bootmem_node_data[nid], size, align, 0, 0);
	else
		ptr = alloc_any(nid, size, align, 0, 0);
	return ptr ? __pa(ptr) : 0;
}

void *boot_alloc_raw(phys_addr_t size, phys_addr_t align, int nid)
{
	phys_addr_t addr = boot_phys_alloc(size, align, nid, false);

	return addr ? __va(addr) : NULL;
}

void *boot_alloc(phys_addr_t size, phys_addr_t align, int nid)
{
	void *ptr = boot_alloc_raw(size, align, nid);

	if (ptr)
		memset(ptr, 0, (size_t)size);
	return ptr;
}

void boot_free(phys_addr_t addr, phys_addr_t size)
{
	if (bootmem_on)
		free_bootmem(addr, size);
	else
		(void)memblock_phys_free(addr, size);
}

unsigned long boot_free_ranges(range_fn fn, void *arg)
{
	unsigned long pages = 0;
	phys_addr_t start, end;
	int nid;
	u64 i;

	for (nid = 0; bootmem_on && nid < MAX_NUMNODES; nid++)
		pages += pass_runs(nid, fn, arg);
	for_each_free_mem_range(i, NUMA_NO_NODE, MEMBLOCK_HOTPLUG, &start, &end, &nid) {
		unsigned long from = PFN_UP(start), to = PFN_DOWN(end);

		if (bootmem_on)		/* the bitmaps end where the direct map does */
			from = max(from, max_low_pfn);
		if (from >= to)
			continue;
		fn(from, to, nid, arg);
		pages += to - from;
	}
	return pages;
}
