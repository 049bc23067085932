// SPDX-License-Identifier: MIT
// FLAVOURS: m32 pc-amd64 pc-ia32
/*
 * divide_test - 64-bit division as the compiler has it done: by what the quotient and the
 * remainder must fulfil. Booted on IA-32 that is platform/pc/libc/divide.c.
 */
#include <kmm/types.h>
#include <lib/prng.h>

#include "tests/tap.h"

/* So that nothing is computed beforehand. */
static volatile uint64_t n, d;

static bool unsigned_right(void)
{
	uint64_t q = n / d, rem = n % d;

	return rem < d && q * d + rem == n && (!q || n - rem >= q) && q <= n;
}

static bool signed_right(void)
{
	int64_t a = (int64_t)n, b = (int64_t)d, q, rem;

	if (n == (uint64_t)1 << 63 && d == ~(uint64_t)0)
		return true;	/* 2^63 is no int64_t */
	q = a / b;
	rem = a % b;
	return (uint64_t)q * d + (uint64_t)rem == n && (rem == 0 || (rem < 0) == (a < 0)) &&
	       (q == 0 || (q < 0) == ((a < 0) != (b < 0))) &&
	       (rem < 0 ? 0 - (uint64_t)rem : (uint64_t)rem) < (b < 0 ? 0 - d : d);
}

static void test_corners(void)
{
	static const uint64_t at[] = { 0, 1ull << 31, 1ull << 32, 1ull << 33, 1ull << 62,
				       1ull << 63, 10, 1000000007, 0x100000007ull };
	int bad_unsigned = 0, bad_signed = 0;

	for (unsigned int i = 0; i < 5 * ARRAY_SIZE(at); i++)
		for (unsigned int k = 0; k < 5 * ARRAY_SIZE(at); k++) {
			n = at[i / 5] + i % 5 - 2;
			d = at[k / 5] + k % 5 - 2;
			if (!d)
				continue;
			bad_unsigned += !unsigned_right();
			bad_signed += !signed_right();
		}
	ok(!bad_unsigned, "corners, without signs");
	ok(!bad_signed, "corners, with signs");
	n = 1000;
	d = 7;
	ok(n / d == 142 && n % d == 6, "1000 / 7 is 142, and 6 are left");
	n = 0x123456789abcdef0;
	d = 0x100000001;
	ok(n / d == 0x12345678 && n % d == 0x88888878, "a divisor of two words");
}

static void test_random(void)
{
	struct prng p;
	int bad = 0;

	prng_seed(&p, 1);
	for (int i = 0; i < 100000; i++) {
		n = prng_next(&p) >> prng_below(&p, 64);
		d = prng_next(&p) >> prng_below(&p, 64);
		if (d)
			bad += !unsigned_right() || !signed_right();
	}
	ok(!bad, "100000 pairs of all lengths");
}

static void test_trailing_zeroes(void)
{
	int bad = 0;

	for (int i = 0; i < 64; i++) {
		n = ~(uint64_t)0 << i;
		bad += __builtin_ctzll(n) != i;
	}
	ok(!bad, "trailing zeroes");
}

int main(void)
{
	test_corners();
	test_random();
	test_trailing_zeroes();
	return done_testing();
}
