/* SPDX-License-Identifier: MIT */
/*
 * lib/bitops.h - single bits and words. Nothing here is atomic.
 */
#ifndef LIB_BITOPS_H
#define LIB_BITOPS_H

#include <stdbool.h>
#include <stdint.h>

#define BITS_PER_LONG		(8 * (unsigned int)sizeof(unsigned long))
#define BIT_WORD(nr)		((nr) / BITS_PER_LONG)
#define BIT_MASK(nr)		(1UL << ((nr) % BITS_PER_LONG))
#define BITS_TO_LONGS(nr)	(((nr) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline void __set_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline bool test_bit(unsigned long nr, const unsigned long *addr)
{
	return addr[BIT_WORD(nr)] >> (nr % BITS_PER_LONG) & 1;
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__set_bit(nr, addr);
	return old;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__clear_bit(nr, addr);
	return old;
}

/* ror_long - bits turned right, 0 < n < BITS_PER_LONG; those that fall out come in at the top. */
static inline unsigned long ror_long(unsigned long x, unsigned int n)
{
	return x >> n | x << (BITS_PER_LONG - n);
}

/* __ffs / __fls - number of the lowest / highest bit set; @word must not be 0. */
static inline unsigned int __ffs(unsigned long word)
{
	return (unsigned int)__builtin_ctzl(word);
}

static inline unsigned int __fls(unsigned long word)
{
	return BITS_PER_LONG - 1 - (unsigned int)__builtin_clzl(word);
}

/* fls64 - 1 + number of the highest bit set; 0 for 0. */
static inline unsigned int fls64(uint64_t x)
{
	return x ? 64 - (unsigned int)__builtin_clzll(x) : 0;
}

static inline unsigned int ffs64(uint64_t x)
{
	return x ? 1 + (unsigned int)__builtin_ctzll(x) : 0;
}

/* ilog2 - rounded down; @x must not be 0. */
static inline unsigned int ilog2(uint64_t x)
{
	return fls64(x) - 1;
}

/* hweight_long - how many bits are set, by sums in parallel (no call into a compiler library). */
static inline unsigned int hweight_long(unsigned long w)
{
	const unsigned long all = ~0UL;

	w -= w >> 1 & all / 3;
	w = (w & all / 15 * 3) + (w >> 2 & all / 15 * 3);
	w = (w + (w >> 4)) & all / 255 * 15;
	return (unsigned int)((w * (all / 255)) >> (BITS_PER_LONG - 8));
}

static inline bool is_power_of_2(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* roundup_pow_of_two - 1 for 0 and 1; @x at most 2^63. */
static inline uint64_t roundup_pow_of_two(uint64_t x)
{
	return x <= 1 ? 1 : (uint64_t)1 << fls64(x - 1);
}

static inline uint64_t rounddown_pow_of_two(uint64_t x)
{
	return (uint64_t)1 << ilog2(x);
}

#endif
