// SPDX-License-Identifier: MIT
/*
 * divide.c - what the compiler calls where a word has 32 bits: division of 64-bit numbers,
 * counting their trailing zeroes. Its own library would do, but takes its arguments
 * on the stack; these take them as everything here does (pc.mk), and as the compiler passes them.
 */
#ifndef __x86_64__
#include <stdint.h>

#include <lib/div64.h>

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rem);
uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rem);
int64_t __divdi3(int64_t n, int64_t d);
int64_t __moddi3(int64_t n, int64_t d);
int __ctzdi2(uint64_t n);

/* A divisor of one word: the processor divides twice, high half first, as one does by hand. */
uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rem)
{
	uint32_t by = (uint32_t)d, high = (uint32_t)(n >> 32), low = (uint32_t)n, left;

	if (d >> 32)
		return div64_u64_rem(n, d, rem);
	left = high % by;
	__asm__("divl %2" : "+a"(low), "+d"(left) : "rm"(by) : "cc");
	*rem = left;
	return (uint64_t)(high / by) << 32 | low;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
	uint64_t rem;

	return __udivmoddi4(n, d, &rem);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
	uint64_t rem;

	(void)__udivmoddi4(n, d, &rem);
	return rem;
}

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

/* The quotient is rounded towards 0; the remainder has the dividend's sign. */
int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rem)
{
	uint64_t left, q = __udivmoddi4(magnitude(n), magnitude(d), &left);

	*rem = (int64_t)(n < 0 ? 0 - left : left);
	return (int64_t)((n < 0) != (d < 0) ? 0 - q : q);
}

int64_t __divdi3(int64_t n, int64_t d)
{
	int64_t rem;

	return __divmoddi4(n, d, &rem);
}

int64_t __moddi3(int64_t n, int64_t d)
{
	int64_t rem;

	(void)__divmoddi4(n, d, &rem);
	return rem;
}

int __ctzdi2(uint64_t n)
{
	return (uint32_t)n ? __builtin_ctz((uint32_t)n) : 32 + __builtin_ctz((uint32_t)(n >> 32));
}
#endif
