// SPDX-License-Identifier: MIT
/*
 * fault_test.c - allocations that fail on purpose, as fail_page_alloc= says: how often, from
 * when on, how many times, which ones are spared; and what every function of the page
 * API does when all fail: NULL or 0, and nothing is lost.
 */
#include "machine.h"

/* --- the parameter --- */

static void parses(const char *text, bool good, u64 interval, u64 probability, u64 space, s64 times)
{
	struct fault_attr attr = { .interval = 77, .times = 77 };
	int err = setup_fault_attr(&attr, text);

	if (!ok(!err == good, "\"%s\" is %s", text, good ? "taken" : "refused") || !good)
		return;
	ok(attr.interval == interval && attr.probability == probability && attr.space == space &&
	   attr.times == times, "  as it is meant");
}

static void test_parse(void)
{
	parses("1,100,0,-1", true, 1, 100, 0, -1);
	parses("7,50,4096,3", true, 7, 50, 4096, 3);
	parses("1,0,0,0", true, 1, 0, 0, 0);
	parses("", false, 0, 0, 0, 0);
	parses("1,2,3", false, 0, 0, 0, 0);
	parses("1,2,3,4,5", false, 0, 0, 0, 0);
	parses("1,101,0,1", false, 0, 0, 0, 0);
	parses("0,100,0,1", false, 0, 0, 0, 0);
	parses("a,100,0,1", false, 0, 0, 0, 0);
	parses("1,100,0,-", false, 0, 0, 0, 0);
	parses("-1,100,0,1", false, 0, 0, 0, 0);
	parses("1, 100,0,1", false, 0, 0, 0, 0);
}

/* How many of n attempts fail; which was the first, in *first. */
static unsigned int fails_of(unsigned int n, gfp_t gfp, unsigned int order, unsigned int *first)
{
	unsigned int i, failed = 0;

	for (i = 0; i < n; i++) {
		struct page *page = alloc_pages(gfp | __GFP_NOWARN, order);

		if (!page && !failed++ && first)
			*first = i;
		if (page)
			__free_pages(page, order);
	}
	return failed;
}

/* From the command line; order 1 and no sleeping, as Linux spares the rest by default. */
static void test_boot_parameter(void)
{
	unsigned int first = ~0u;
	u64 before;

	if (!MACHINE_ON(.mem = 64 * MIB, .cmdline = "fail_page_alloc=10,100,0,5"))
		return;
	before = fail_page_alloc.attr.count;	/* the boot's own attempts */
	is_int(fails_of(1000, GFP_NOWAIT, 1, &first), 5,
	       "interval 10, 100 %%, 5 times: 5 failures");
	is_int((before + first + 1) % 10, 0, "  the first is the tenth, the boot's counted");
	is_int(fails_of(100, GFP_NOWAIT, 1, NULL), 0, "  then none");
	is_int(fail_page_alloc.attr.times, 0, "  none is left");
	page_alloc_check();
}

static void test_malformed(void)
{
	if (!MACHINE_ON(.mem = 64 * MIB, .cmdline = "fail_page_alloc=1,2"))
		return;
	ok(log_says("Malformed early option 'fail_page_alloc'"),
	   "a bad value is reported, the machine boots");
	is_int(fails_of(100, GFP_NOWAIT, 1, NULL), 0, "and nothing fails");
}

static void inject(u64 interval, u64 probability, u64 space, s64 times)
{
	fail_page_alloc.attr = (struct fault_attr){
		.interval = interval, .probability = probability, .space = space, .times = times };
	fail_page_alloc_changed();
}

/* Everything may fail. */
static void spare_nobody(void)
{
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
}

static void test_statistics(void)
{
	static const u64 probability[] = { 1, 10, 50, 90, 100 };
	const unsigned int n = 20000;
	unsigned int i, failed, first = ~0u;

	if (!MACHINE_ON(.mem = 64 * MIB, .seed = 3))
		return;
	spare_nobody();
	for (i = 0; i < ARRAY_SIZE(probability); i++) {
		unsigned int want = n / 100 * (unsigned int)probability[i];

		inject(1, probability[i], 0, -1);
		failed = fails_of(n, GFP_KERNEL, 0, NULL);
		ok(failed + n / 100 > want && failed < want + n / 100, "%llu %%: %u of %u fail",
		   (unsigned long long)probability[i], failed, n);
	}
	inject(3, 100, 0, -1);
	is_int(fails_of(3000, GFP_KERNEL, 0, NULL), 1000, "interval 3: every third");
	inject(1, 100, 100 * PAGE_SIZE, -1);
	fails_of(300, GFP_KERNEL, 0, &first);
	ok(first >= 99 && first <= 100,
	   "space 100 pages: the first that many pages are spared (%u)", first);
	inject(1, 100, 0, 0);
	is_int(fails_of(100, GFP_KERNEL, 0, NULL), 0, "times 0: none");
	inject(1, 0, 0, -1);
	is_int(fails_of(100, GFP_KERNEL, 0, NULL), 0, "0 %%: none");
	page_alloc_check();
}

static void test_spared(void)
{
	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	inject(1, 100, 0, -1);
	is_int(fails_of(10, GFP_NOWAIT, 1, NULL), 10, "all fail");
	is_int(fails_of(10, GFP_NOWAIT, 0, NULL), 0, "but those below min-order 1");
	is_int(fails_of(10, GFP_KERNEL, 1, NULL), 0, "those that may sleep");
	is_int(fails_of(10, GFP_NOWAIT | __GFP_HIGHMEM, 1, NULL), 0,
	       "those that may use high memory");
	is_int(fails_of(10, GFP_NOWAIT | __GFP_NOFAIL, 1, NULL), 0, "those that must not fail");
	fail_page_alloc.min_order = 4;
	is_int(fails_of(10, GFP_NOWAIT, 3, NULL), 0, "min-order 4 spares order 3");
	is_int(fails_of(10, GFP_NOWAIT, 4, NULL), 10, "  not order 4");
	fail_page_alloc.ignore_gfp_reclaim = false;
	is_int(fails_of(10, GFP_KERNEL, 4, NULL), 10, "ignore-gfp-wait off");
	fail_page_alloc.ignore_gfp_highmem = false;
	is_int(fails_of(10, GFP_HIGHUSER_MOVABLE, 4, NULL), 10, "ignore-gfp-highmem off");
	page_alloc_check();
}

static void test_every_function(void)
{
	struct page *slots[8] = { NULL }, *page;
	nodemask_t all = { .bits = 3 };
	unsigned long before;
	unsigned int order, got = 0;

	if (!MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2))
		return;
	before = all_free();
	spare_nobody();
	inject(1, 100, 0, -1);
	for (order = 0; order < MAX_ORDER; order++) {
		got += alloc_pages(GFP_KERNEL, order) != NULL;
		got += alloc_pages_node(1, GFP_ATOMIC, order) != NULL;
		got += __alloc_pages(GFP_HIGHUSER_MOVABLE, order, 0, &all) != NULL;
		got += __get_free_pages(GFP_KERNEL | __GFP_MEMALLOC, order) != 0;
		got += __get_dma_pages(GFP_KERNEL, order) != 0;
		got += alloc_pages_exact(PAGE_SIZE * order + 1, GFP_KERNEL) != NULL;
		got += alloc_pages_exact_nid(1, PAGE_SIZE << order, GFP_KERNEL) != NULL;
	}
	got += get_zeroed_page(GFP_KERNEL) != 0;
	is_int(got, 0, "every function returns NULL or 0");
	is_int(alloc_pages_bulk(GFP_KERNEL, 8, slots), 0, "alloc_pages_bulk() fills nothing");
	is_int(alloc_pages_bulk_node(GFP_KERNEL, 1, 8, slots), 0, "nor on another node");
	page = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 2);
	ok(page, "__GFP_NOFAIL is served");
	slots[0] = page;
	is_int(alloc_pages_bulk(GFP_KERNEL, 8, slots), 1, "a filled slot counts all the same");
	__free_pages(page, 2);
	nothing_lost(before, "nothing is lost");
	inject(1, 0, 0, 0);
	page = alloc_pages(GFP_KERNEL, 3);
	ok(page, "and with the injection off all is well");
	__free_pages(page, 3);
	page_alloc_check();
}

/* The same seed, the same failures. */
static void test_repeats(void)
{
	unsigned int run, first[2] = { 0 }, failed[2];

	for (run = 0; run < 2; run++) {
		if (!MACHINE_ON(.mem = 64 * MIB, .seed = 9))
			return;
		spare_nobody();
		inject(1, 2, 0, -1);
		failed[run] = fails_of(1000, GFP_KERNEL, 0, &first[run]);
		host_power_off();
	}
	ok(failed[0] == failed[1] && first[0] == first[1],
	   "a seed's failures repeat (%u, from attempt %u on)",
	   failed[0], first[0]);
}

int main(void)
{
	run_case(test_parse);
	run_case(test_boot_parameter);
	run_case(test_malformed);
	run_case(test_statistics);
	run_case(test_spared);
	run_case(test_every_function);
	run_case(test_repeats);
	return done_testing();
}
