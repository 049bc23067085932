// SPDX-License-Identifier: MIT
/*
 * pages.c - pages: one allocated and freed again and again, of each order; 10,000 allocated, then
 * freed in order and in reverse, all in one interval and each in its own; 64 by one call.
 */
#include <stdio.h>

#include <kmm/gfp.h>

#include "bench/pc/measure.h"
#include "lib/string.h"

#define BULK_ARRAY	64

static unsigned int repetitions(unsigned int order)
{
	return order >= 9 ? 50 : order >= 4 ? 300 : 2000;
}

static void pages_of(const char *kind, unsigned int order, gfp_t gfp)
{
	unsigned int n = repetitions(order), failed = 0;
	struct page *page = alloc_pages(gfp, order);
	char name[48];

	if (page)
		__free_pages(page, order);
	PAIR(n, page = alloc_pages(gfp, order),
	     if (likely(page)) __free_pages(page, order); else failed++);
	snprintf(name, sizeof(name), "pages%s.o%u", kind, order);
	report_pair(name, "alloc", "free", n);
	if (failed)
		note(name);
}

/* Which of n is the i-th to be freed. */
static __always_inline unsigned int in_turn(bool reverse, unsigned int i, unsigned int n)
{
	return reverse ? n - 1 - i : i;
}

static __always_inline unsigned int whole_run(u32 stamp[3], const bool reverse)
{
	unsigned int i, n;

	interrupts_off();
	stamp[0] = ticks();
	for (n = 0; n < MANY; n++) {
		taken[n] = alloc_pages(GFP_KERNEL, 0);
		if (unlikely(!taken[n]))
			break;
	}
	stamp[1] = ticks();
	for (i = 0; i < n; i++)
		__free_pages(taken[in_turn(reverse, i, n)], 0);
	stamp[2] = ticks();
	interrupts_on();
	return n;
}

static __always_inline void each_of_run(unsigned int n, const bool reverse)
{
	unsigned int i;

	interrupts_off();
	for (i = 0; i < n; i++)
		TIMED(first[i], taken[i] = alloc_pages(GFP_KERNEL, 0));
	for (i = 0; i < n; i++)
		TIMED(second[i], __free_pages(taken[in_turn(reverse, i, n)], 0));
	interrupts_on();
}

static __always_inline void bulk(const char *name, const bool reverse)
{
	char text[48];
	unsigned int n;
	u32 stamp[3];

	n = whole_run(stamp, reverse);
	report_totals(name, stamp, n);
	each_of_run(n, reverse);
	snprintf(text, sizeof(text), "bulk.%s.each", name);
	report_pair(text, "alloc", "free", n);
}

static void bulk_array(void)
{
	struct page **pages = (struct page **)taken;
	unsigned int i, j, n = 200;

	for (i = 0; i < n; i++) {
		memset(pages, 0, BULK_ARRAY * sizeof(*pages));
		interrupts_off();
		TIMED(first[i], alloc_pages_bulk(GFP_KERNEL, BULK_ARRAY, pages));
		TIMED(second[i], for (j = 0; j < BULK_ARRAY; j++) __free_pages(pages[j], 0));
		interrupts_on();
	}
	report_pair("pages_bulk_array64", "alloc", "free", n);
}

void bench_pages(void)
{
	static const unsigned int orders[] = { 0, 1, 2, 3, 4, 9, 10 };

	pages_of("_zero", 0, GFP_KERNEL | __GFP_ZERO);
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++)
		pages_of("", orders[i], GFP_KERNEL);
	/* What has been freed just now may fill the CPU's list. */
	pages_of("_after_o9", 0, GFP_KERNEL);
	bulk("pages.inorder", false);
	bulk("pages.reverse", true);
	pages_of("_after_bulk", 0, GFP_KERNEL);
	bulk_array();
}
