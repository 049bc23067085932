// SPDX-License-Identifier: MIT
/*
 * lib_test.c - lists, bits, bitmaps, sorting, division, parsing, random numbers.
 */
#include <stdlib.h>
#include <string.h>

#include <lib/bitmap.h>
#include <lib/div64.h>
#include <lib/list.h>
#include <lib/parse.h>
#include <lib/prng.h>
#include <lib/sort.h>

#include "tests/tap.h"

#define BITS 300

static struct prng rng;

struct item {
	int value;
	struct list_head link;
};

static int in_order(struct list_head *head)
{
	struct item *i;
	int n = 0;

	list_for_each_entry(i, head, link)
		n = n * 10 + i->value;
	return n;
}

static void lists(void)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 }, *i, *n;
	LIST_HEAD(x);
	LIST_HEAD(y);

	ok(list_empty(&x), "empty");
	list_add(&b.link, &x);
	ok(list_is_singular(&x), "one");
	list_add(&a.link, &x);
	list_add_tail(&c.link, &x);
	is_int(in_order(&x), 123, "order");
	list_move_tail(&a.link, &x);
	is_int(in_order(&x), 231, "move to the end");
	list_move(&c.link, &y);
	is_int(in_order(&y), 3, "move to another");
	list_splice_tail_init(&x, &y);
	ok(in_order(&y) == 321 && list_empty(&x), "splice");
	list_splice_init(&y, &x);
	is_int(in_order(&x), 321, "splice to the front");
	list_for_each_entry_safe(i, n, &x, link)
		if (i->value == 2)
			list_del(&i->link);
	is_int(in_order(&x), 31, "delete while walking");
	is_int(list_first_entry(&x, struct item, link)->value, 3, "first");
	is_int(list_last_entry(&x, struct item, link)->value, 1, "last");
}

static void bits(void)
{
	int bad = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t x = prng_next(&rng) >> prng_below(&rng, 64);
		unsigned int count = 0, high = 0;

		for (unsigned int b = 0; b < 64; b++)
			if (x >> b & 1)
				count++, high = b + 1;
		bad += fls64(x) != high || (x && ilog2(x) != high - 1);
		bad += hweight_long((unsigned long)x) +
			       hweight_long((unsigned long)(x >> 32 >> (sizeof(long) * 8 - 32))) !=
		       count;
	}
	is_int(bad, 0, "fls64, ilog2, hweight_long");
	ok(roundup_pow_of_two(0) == 1 && roundup_pow_of_two(5) == 8 && roundup_pow_of_two(8) == 8 &&
	   rounddown_pow_of_two(9) == 8 && is_power_of_2(64) && !is_power_of_2(0), "powers of two");
}

/* Against an array of bool. */
static void bitmaps(void)
{
	DECLARE_BITMAP(map, BITS);
	static bool model[BITS];
	int bad = 0;

	bitmap_zero(map, BITS);
	for (int step = 0; step < 20000; step++) {
		unsigned long from = prng_below(&rng, BITS),
			      n = prng_below(&rng, BITS - (unsigned)from + 1);
		unsigned long next = from, zero = from, last = BITS, weight = 0;
		bool set = prng_below(&rng, 2);

		if (step % 4)
			n = n ? n % 5 : 0;
		for (unsigned long i = from; i < from + n; i++)
			model[i] = set;
		if (set)
			bitmap_set(map, from, n);
		else
			bitmap_clear(map, from, n);
		while (next < BITS && !model[next])
			next++;
		while (zero < BITS && model[zero])
			zero++;
		for (unsigned long i = 0; i < BITS; i++)
			weight += model[i], last = model[i] ? i : last;
		bad += find_next_bit(map, BITS, from) != next;
		bad += find_next_zero_bit(map, BITS, from) != zero;
		bad += find_last_bit(map, BITS) != last;
		bad += bitmap_weight(map, BITS) != weight;
		bad += bitmap_empty(map, BITS) != !weight ||
		       bitmap_full(map, BITS) != (weight == BITS);
	}
	is_int(bad, 0, "ranges and searches as the model");
}

static void bitmap_text(void)
{
	DECLARE_BITMAP(map, 100);
	DECLARE_BITMAP(other, 100);
	char buf[300];
	int bad = 0;

	is_int(bitmap_parselist("0-3,8", map, 100), 0, "a list");
	is_int(bitmap_print_list(buf, sizeof(buf), map, 100), 5, "its length");
	is_str(buf, "0-3,8", "and back");
	ok(!bitmap_parselist("", map, 100) && bitmap_empty(map, 100), "empty");
	ok(!bitmap_parselist(" 5 , 7-9 ", map, 100) && bitmap_weight(map, 100) == 4, "spaces");
	is_int(bitmap_parselist("100", map, 100), -34, "too large");
	ok(bitmap_parselist("3-1", map, 100) == -22 && bitmap_parselist("1,,x", map, 100) == -22 &&
	   bitmap_parselist("a", map, 100) == -22, "nonsense");
	for (int i = 0; i < 300; i++) {
		for (int w = 0; w < 100; w++)
			(prng_below(&rng, 3) ? __set_bit : __clear_bit)((unsigned long)w, map);
		bitmap_print_list(buf, sizeof(buf), map, 100);
		bad += bitmap_parselist(buf, other, 100) || !bitmap_equal(map, other, 100);
	}
	is_int(bad, 0, "print and parse");
	bitmap_fill(map, 100);
	bitmap_print_list(buf, 3, map, 100);
	is_str(buf, "0-", "cut to the buffer");
	bitmap_clear(map, 10, 5);
	bitmap_clear(map, 30, 9);
	is_int(bitmap_find_next_zero_area(map, 100, 0, 6, 0), 30, "an area");
	is_int(bitmap_find_next_zero_area(map, 100, 0, 4, 7), 32, "aligned");
	ok(bitmap_find_next_zero_area(map, 100, 0, 10, 0) >= 100, "none");
}

static int compare_ints(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void sorting(void)
{
	int a[200], b[200], bad = 0;

	for (int run = 0; run < 500; run++) {
		unsigned int n = prng_below(&rng, 200);

		for (unsigned int i = 0; i < n; i++)
			a[i] = b[i] = (int)prng_below(&rng, run % 2 ? 10 : 100000);
		sort(a, n, sizeof(int), compare_ints);
		qsort(b, n, sizeof(int), compare_ints);
		bad += memcmp(a, b, n * sizeof(int)) != 0;
	}
	is_int(bad, 0, "sorted");
}

static void division(void)
{
	int bad = 0;

	for (int i = 0; i < 100000; i++) {
		uint64_t n = prng_next(&rng) >> prng_below(&rng, 64), rem;
		uint64_t d = (prng_next(&rng) >> prng_below(&rng, 64)) | 1;
		uint32_t r32;

		bad += div64_u64_rem(n, d, &rem) != n / d || rem != n % d;
		bad += div_u64_rem(n, (uint32_t)d | 1, &r32) != n / ((uint32_t)d | 1);
		bad += (n >> 32) < (d >> 32) && mul_div_u64(n, 7, 7) != n;
		bad += mul_div_u64(n & 0xffffffff, d & 0xffffff, 1000003) !=
		       (n & 0xffffffff) * (d & 0xffffff) / 1000003;
	}
	is_int(bad, 0, "quotients and remainders");
	ok(mul_div_u64(UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_MAX, "128 bits inside");
}

static void numbers(void)
{
	uint64_t v = 0;
	const char *end;
	char *rest;

	ok(!parse_u64("123x", &end, 10, &v) && v == 123 && *end == 'x', "decimal");
	ok(!parse_u64("0x1fZ", &end, 0, &v) && v == 31 && *end == 'Z', "hexadecimal by prefix");
	ok(!parse_u64("017", &end, 0, &v) && v == 15, "octal");
	ok(!parse_u64("ff", &end, 16, &v) && v == 255, "hexadecimal without prefix");
	ok(!parse_u64("0xg", &end, 0, &v) && v == 0 && *end == 'x', "0x without digits is 0");
	is_int(parse_u64("", &end, 10, &v), -22, "nothing");
	is_int(parse_u64("-1", &end, 10, &v), -22, "no sign");
	ok(!parse_u64("18446744073709551615", NULL, 10, &v) && v == UINT64_MAX, "the largest");
	ok(parse_u64("18446744073709551616", &end, 10, &v) == -34 && !*end && v == UINT64_MAX,
	   "one more");
	ok(parse_u64("0x10000000000000000", &end, 0, &v) == -34, "one more in hexadecimal");
	ok(!kstrtou64("42\n", 10, &v) && v == 42 && kstrtou64("42x", 10, &v) == -22,
	   "whole strings");
	ok(memparse("1K", &rest) == 1024 && !*rest && memparse("3m,", &rest) == 3 << 20 &&
		   *rest == ',' && memparse("0x10G", NULL) == 16ULL << 30 &&
		   memparse("1E", NULL) == 1ULL << 60,
	   "suffixes");
	ok(memparse("16E", NULL) == UINT64_MAX &&
		   memparse("99999999999999999999", NULL) == UINT64_MAX,
	   "too large");
	ok(memparse("K", &rest) == 0 && *rest == 'K', "no digits");
}

static void tokens(void)
{
	const char *s = " ab, c,,d", *t;
	size_t len;

	t = next_token(&s, " ,", &len);
	ok(t && token_is(t, len, "ab") && !token_is(t, len, "a") && !token_is(t, len, "abc"),
	   "first");
	t = next_token(&s, " ,", &len);
	ok(t && token_is(t, len, "c"), "second");
	t = next_token(&s, " ,", &len);
	ok(t && token_is(t, len, "d"), "third");
	ok(!next_token(&s, " ,", &len), "end");
	ok(!match_prefix("abc", "abd") && *match_prefix("abc", "ab") == 'c', "prefixes");
}

static void random_numbers(void)
{
	unsigned int hits[10] = { 0 };
	struct prng a, b;
	bool even = true;

	prng_seed(&a, 5);
	prng_seed(&b, 5);
	for (int i = 0; i < 100000; i++)
		hits[prng_below(&a, 10)]++;
	for (int i = 0; i < 10; i++)
		even &= hits[i] > 9500 && hits[i] < 10500;
	ok(even, "even");
	prng_seed(&a, 5);
	ok(prng_next(&a) == prng_next(&b), "equal seeds, equal numbers");
	ok(prng_below(&a, 0) == 0 && prng_below64(&a, 1) == 0 && prng_below64(&a, 7) < 7, "bounds");
}

int main(void)
{
	prng_seed(&rng, 42);
	lists();
	bits();
	bitmaps();
	bitmap_text();
	sorting();
	division();
	numbers();
	tokens();
	random_numbers();
	return done_testing();
}
