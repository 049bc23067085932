/* SPDX-License-Identifier: MIT */
/*
 * lib/prng.h - a small seeded generator: equal seeds give equal sequences. Not
 * for secrets.
 *
 * The state walks through all 2^64 values by a constant odd step; the output is
 * the state with its bits well mixed. G. Steele, D. Lea, C. Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014.
 */
#ifndef LIB_PRNG_H
#define LIB_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state;
};

static inline void prng_seed(struct prng *p, uint64_t seed)
{
	p->state = seed;
}

static inline uint64_t prng_next(struct prng *p)
{
	uint64_t z = p->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* prng_below - 0 ... n - 1, nearly even (n below 2^32, bias below n / 2^32); 0 for n = 0. */
static inline uint32_t prng_below(struct prng *p, uint32_t n)
{
	return (uint32_t)((prng_next(p) >> 32) * n >> 32);
}

/* prng_below64 - any n, by rejection: exactly even. */
static inline uint64_t prng_below64(struct prng *p, uint64_t n)
{
	uint64_t mask = n <= 1 ? 0 : ~UINT64_C(0) >> __builtin_clzll(n - 1), r;

	do
		r = prng_next(p) & mask;
	while (n > 1 && r >= n);
	return r;
}

#endif
