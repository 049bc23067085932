/* SPDX-License-Identifier: MIT */
/*
 * percpu_map_fast.h - the common case of percpu_map.c's allocation and freeing, to be compiled into
 * the caller: at most a word's granules, found at the first aligned free granule of the first page
 * that may do, inside one word. What is not so is refused, and the functions with _slow are to be
 * called.
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
	w = page->first;
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
	map->begin[w] |= 1ul << bit;
	map->run_end = PCPU_NO_RUN;
	if (!~*word)
		page->first++;
	map->free -= nr;
	page->used += nr;
	*at = w * BITS_PER_LONG + bit;
	return (int)p;
}

/*
 * A word, turned right until the granule behind bit is lowest: where the allocation that begins at
 * bit may end. 0: it does not end there, or none begins.
 */
static __always_inline unsigned long pcpu_map_borders(const struct pcpu_map *map, unsigned int bit)
{
	unsigned int w = bit / BITS_PER_LONG;
	unsigned long begin = map->begin[w] >> bit % BITS_PER_LONG;
	unsigned long borders = (begin | ~map->taken[w] >> bit % BITS_PER_LONG) >> 1;

	if (unlikely(!(begin & 1)))
		return 0;
	if (likely(borders) || unlikely(++w % PCPU_PAGE_WORDS == 0) ||
	    !((map->begin[w] | ~map->taken[w]) & 1))
		return borders;
	return 1ul << (BITS_PER_LONG - 1 - bit % BITS_PER_LONG);	/* just behind it */
}

/* Returns how many granules were freed; 0: refused. pcpu_map_is_low() is to be asked next. */
static __always_inline unsigned int pcpu_map_free_fast(struct pcpu_map *map, unsigned int bit)
{
	unsigned long borders = pcpu_map_borders(map, bit);
	unsigned int w = bit / BITS_PER_LONG, nr;
	struct pcpu_page *page = &map->page[bit / PCPU_PAGE_BITS];

	if (unlikely(!borders))
		return 0;
	nr = __ffs(borders) + 1;
	map->begin[w] ^= 1ul << bit % BITS_PER_LONG;
	map->taken[w] ^= (borders ^ (borders - 1)) << bit % BITS_PER_LONG;
	if (w < page->first)
		page->first = w;
	page->used -= nr;
	page->miss = (struct pcpu_miss){ PCPU_NO_MISS, 0 };
	map->miss = (struct pcpu_miss){ PCPU_NO_MISS, 0 };
	map->free += nr;
	return nr;
}

/* Could there be a run in the page of `bit` that is longer than its bound? */
static __always_inline bool pcpu_page_is_low(const struct pcpu_map *map, unsigned int bit)
{
	const struct pcpu_page *page = &map->page[bit / PCPU_PAGE_BITS];

	return page->bound + page->used < PCPU_PAGE_BITS;
}

/* Something in that page was freed: a bound may be too low. Then pcpu_map_raise() has to follow. */
static __always_inline bool pcpu_map_is_low(struct pcpu_map *map, unsigned int bit)
{
	if (unlikely(pcpu_page_is_low(map, bit) || map->bound < map->free))
		return true;
	map->run_end = PCPU_NO_RUN;
	return false;
}

#endif
