/* SPDX-License-Identifier: MIT */
/*
 * lib/div64.h - 64-bit division where the compiler's library may be absent.
 */
#ifndef LIB_DIV64_H
#define LIB_DIV64_H

#include <stdint.h>

/* div64_u64_rem - @n / @d, remainder in *@rem; @d must not be 0. */
uint64_t div64_u64_rem(uint64_t n, uint64_t d, uint64_t *rem);

static inline uint64_t div64_u64(uint64_t n, uint64_t d)
{
#if UINTPTR_MAX > 0xffffffffUL
	return n / d;
#else
	uint64_t rem;

	return div64_u64_rem(n, d, &rem);
#endif
}

/* div_u64 - by a 32-bit divisor. */
static inline uint64_t div_u64(uint64_t n, uint32_t d)
{
	return div64_u64(n, d);
}

static inline uint64_t div_u64_rem(uint64_t n, uint32_t d, uint32_t *rem)
{
	uint64_t r, q = div64_u64_rem(n, d, &r);

	*rem = (uint32_t)r;
	return q;
}

/* mul_div_u64 - @a * @b / @d without losing the high half; the result must fit 64 bits. */
uint64_t mul_div_u64(uint64_t a, uint64_t b, uint64_t d);

#endif
