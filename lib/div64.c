// SPDX-License-Identifier: MIT
/*
 * lib/div64.c - division by shifting and subtracting, one quotient bit a step.
 *
 * With 64-bit words the processor divides; with 32-bit words a divisor and a
 * dividend that both fit are left to it, and the rest takes at most 64 steps.
 */
#include <lib/bitops.h>
#include <lib/div64.h>

uint64_t div64_u64_rem(uint64_t n, uint64_t d, uint64_t *rem)
{
	uint64_t q = 0;
	int shift;

	if (sizeof(long) == 8 || !((n | d) >> 32)) {
		*rem = (unsigned long)n % (unsigned long)d;
		return (unsigned long)n / (unsigned long)d;
	}
	shift = (int)fls64(n) - (int)fls64(d);
	for (; shift >= 0; shift--) {
		if (n >= d << shift) {
			n -= d << shift;
			q |= (uint64_t)1 << shift;
		}
	}
	*rem = n;
	return q;
}

uint64_t mul_div_u64(uint64_t a, uint64_t b, uint64_t d)
{
	uint64_t ah = a >> 32, al = (uint32_t)a, bh = b >> 32, bl = (uint32_t)b;
	uint64_t mid = ah * bl + (al * bl >> 32), mid2 = al * bh + (uint32_t)mid;
	uint64_t hi = ah * bh + (mid >> 32) + (mid2 >> 32);
	uint64_t lo = mid2 << 32 | (uint32_t)(al * bl), q = 0, rem = hi;

	for (int i = 63; i >= 0; i--) {
		bool carry = rem >> 63;

		rem = rem << 1 | (lo >> i & 1);
		if (carry || rem >= d) {
			rem -= d;
			q |= (uint64_t)1 << i;
		}
	}
	return q;
}
