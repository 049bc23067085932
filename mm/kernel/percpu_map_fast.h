/* SPDX-License-Identifier: MIT */
/*
 * percpu_map_fast.h - the common case of percpu_map.c's allocation and freeing, to be compiled into
 * the caller: at most a word's granules, found at the first aligned free granule of the first page
 * that may do, inside one word. What is not so is refused, and the functions with _slow are to be
 * called. Freed granules can be entered many at a time, but before anything is looked for.
 */
#ifndef MM_KERNEL_PERCPU_MAP_FAST_H
#define MM_KERNEL_PERCPU_MAP_FAST_H

#include "mm/kernel/percpu.h"

/* Nothing is looked for that is larger: bounds above it need not be right. */
#define PCPU_LARGEST	((u32)(PCPU_MIN_UNIT_SIZE >> PCPU_GRANULE_SHIFT))

/* The largest k with 2^k <= nr. */
static inline unsigned int pcpu_class(unsigned int nr)
{
	return 31 ^ (unsigned int)__builtin_clz(nr);
}

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
 * Room for nr granules, from *at on; false: it is not so simple. In a packed map the first free
 * granule is mostly the place. A page's last granules are left to the slow path, which then lowers
 * the bound.
 */
static __always_inline bool pcpu_map_find_fast(const struct pcpu_map *map, unsigned int nr,
					       unsigned int align, u64 allowed, unsigned int *at)
{
	u64 pages = map->fit[pcpu_class(nr)] & allowed;
	const struct pcpu_page *page;
	unsigned long taken, free;
	unsigned int bit;

	if (unlikely(!pages))
		return false;
	page = &map->page[kmm_ctz64(pages)];
	if (unlikely(page->used + nr >= PCPU_PAGE_BITS))
		return false;
	taken = map->word[page->first].taken;
	free = ~taken & pcpu_aligned_bits(align);
	if (unlikely(!free))
		return false;
	bit = __ffs(free);
	*at = page->first * BITS_PER_LONG + bit;
	return likely(!(taken & pcpu_low_bits(nr) << bit) && bit + nr <= BITS_PER_LONG);
}

/* Take granules that are free, of one word. True: nothing else of the page is taken. */
static __always_inline bool pcpu_map_take_fast(struct pcpu_map *map, unsigned int bit,
					       unsigned int nr)
{
	struct pcpu_page *page = &map->page[bit / PCPU_PAGE_BITS];
	unsigned int w = bit / BITS_PER_LONG;
	struct pcpu_word *word = &map->word[w];

	VM_BUG_ON(word->taken & pcpu_low_bits(nr) << bit % BITS_PER_LONG);
	word->taken |= pcpu_low_bits(nr) << bit % BITS_PER_LONG;
	word->begin |= 1ul << bit % BITS_PER_LONG;
	if (!~word->taken && page->first == w)
		page->first++;
	map->free -= nr;
	page->used += nr;
	return page->used == nr;
}

/*
 * A word, turned right until the granule behind bit is lowest: where the allocation that begins at
 * bit may end. 0: it does not end there, or none begins.
 */
static __always_inline unsigned long pcpu_map_borders(const struct pcpu_word *word,
						      unsigned int bit)
{
	unsigned long begin = word->begin >> bit % BITS_PER_LONG;
	unsigned long borders = (begin | ~word->taken >> bit % BITS_PER_LONG) >> 1;

	if (unlikely(!(begin & 1)))
		return 0;
	if (likely(borders) || unlikely((bit / BITS_PER_LONG + 1) % PCPU_PAGE_WORDS == 0) ||
	    !((word[1].begin | ~word[1].taken) & 1))
		return borders;
	return 1ul << (BITS_PER_LONG - 1 - bit % BITS_PER_LONG);	/* just behind it */
}

/* Returns how many granules were freed; 0: refused. They are still to be entered. */
static __always_inline unsigned int pcpu_map_free_fast(struct pcpu_map *map, unsigned int bit)
{
	struct pcpu_word *word = &map->word[bit / BITS_PER_LONG];
	unsigned long borders = pcpu_map_borders(word, bit);
	unsigned int nr;

	if (unlikely(!borders))
		return 0;
	nr = __ffs(borders) + 1;
	word->begin ^= 1ul << bit % BITS_PER_LONG;
	word->taken ^= (borders ^ (borders - 1)) << bit % BITS_PER_LONG;
	map->page[bit / PCPU_PAGE_BITS].used -= nr;
	map->free += nr;
	return nr;
}

#endif
