/* SPDX-License-Identifier: MIT */
/*
 * percpu_map_fast.h - the common case of percpu_map.c's allocation and freeing, to be compiled into
 * the caller: at most a word's granules, found at the first aligned free granule of the first page
 * that may do, inside one word; freed where no bound has to be raised. What is not so is refused,
 * and the functions with _slow are to be called.
 */
#ifndef MM_KERNEL_PERCPU_MAP_FAST_H
#define MM_KERNEL_PERCPU_MAP_FAST_H

#include "mm/kernel/percpu.h"

/* Nothing is looked for that is larger: bounds above it need not be right. */
#define PCPU_LARGEST	((u32)(PCPU_MIN_UNIT_SIZE >> PCPU_GRANULE_SHIFT))

/* Bits at multiples of 1, 2, 4 ... */
static inline unsigned long pcpu_aligned_bits(unsigned int align)
{
	static const u64 bits[] = {
		~(u64)0, 0x5555555555555555, 0x1111111111111111, 0x0101010101010101,
		0x0001000100010001, 0x0000000100000001, 1,
	};

	return (unsigned long)bits[__builtin_ctz(min(align, 64u))];
}

/* Bits [0, nr), nr from 1 to BITS_PER_LONG. */
static inline unsigned long pcpu_low_bits(unsigned int nr)
{
	return ~0ul >> (BITS_PER_LONG - nr);
}

/*
 * In a packed map the first free granule is mostly the place. A page's last granules are left to
 * the slow path, which then lowers the bound. Returns the page, -1: refused.
 */
static __always_inline int pcpu_map_alloc_fast(struct pcpu_map *map, unsigned int nr,
					       unsigned int align, u64 allowed, unsigned int *at)
{
	u64 pages = map->fit[31 - (unsigned int)__builtin_clz(nr)] & allowed;
	unsigned long *word, want, free;
	struct pcpu_page *page;
	unsigned int p, w, bit;

	if (unlikely(!pages))
		return -1;
	p = kmm_ctz64(pages);
	page = &map->page[p];
	w = p * PCPU_PAGE_WORDS + page->first;
	if (unlikely(page->used + nr >= PCPU_PAGE_BITS))
		return -1;
	word = &map->taken[w];
	free = ~*word & pcpu_aligned_bits(align);
	if (unlikely(!free))
		return -1;
	bit = __ffs(free);
	want = pcpu_low_bits(nr) << bit;
	if (unlikely(*word & want || bit + nr > BITS_PER_LONG))
		return -1;
	*word |= want;
	map->last[w] |= 1ul << (bit + nr - 1);
	if (!~*word)
		page->first++;
	map->free -= nr;
	page->used = (u16)(page->used + nr);
	*at = w * BITS_PER_LONG + bit;
	return (int)p;
}

/* Returns how many granules were freed; 0: refused. */
static __always_inline unsigned int pcpu_map_free_fast(struct pcpu_map *map, unsigned int bit)
{
	unsigned int w = bit / BITS_PER_LONG, in = bit % BITS_PER_LONG, nr;
	struct pcpu_page *page = &map->page[bit / PCPU_PAGE_BITS];
	unsigned long taken = map->taken[w], last = map->last[w], ends = last >> in, before;

	/* Not in one word; or it is no allocation's beginning. */
	before = in ? (taken & ~last) >> (in - 1) :
		 w ? (map->taken[w - 1] & ~map->last[w - 1]) >> (BITS_PER_LONG - 1) : 0;
	if (unlikely(!ends || !(taken >> in & 1) || before & 1))
		return 0;
	nr = __ffs(ends) + 1;
	if (page->bound + page->used - nr < PCPU_PAGE_BITS ||
	    map->bound < min(map->free + nr, PCPU_LARGEST))
		return 0;
	map->taken[w] = taken & ~(pcpu_low_bits(nr) << in);
	map->last[w] = last & ~(1ul << (in + nr - 1));
	map->free += nr;
	map->miss.nr = page->miss.nr = PCPU_NO_MISS;
	page->used = (u16)(page->used - nr);
	w %= PCPU_PAGE_WORDS;
	if (w < page->first)
		page->first = (u16)w;
	return nr;
}

#endif
