// SPDX-License-Identifier: MIT
// FLAVOURS: release debug tsan
// TIMEOUT: 4000
/*
 * stress_test.c - all CPUs at once, as threads: they allocate, free, hand pages to each
 * other through lock-free slots, drain each other's lists, change types of pageblocks
 * and tunables, and let allocations fail. Each page in use carries its owner's mark, so that one
 * page with two owners is seen. When all have stopped, the validators have nothing
 * to say, and the free map is the one after boot.
 *
 * KMM_SOAK=n: n seconds each (1: a minute) instead of one or two.
 */
#include <stdlib.h>

#include "machine.h"

#define MOST_CPUS	8
#define SLOTS		256
#define STASH		400

static struct page *slots[SLOTS];	/* pages on their way from CPU to CPU */
static u64 stop_at;
static unsigned long damaged, operations;
static bool tune, inject;

static struct worker {
	struct page *stash[STASH];
	unsigned int nr;
	struct prng rnd;
} ____cacheline_aligned worker[MOST_CPUS];

/* --- pages and their marks --- */

static u64 mark_of(const struct page *page)
{
	return page_to_pfn(page) * 0x9e3779b97f4a7c15ull | 1;
}

static void mark(struct page *page)
{
	u64 *first = page_address(page);
	u64 *last = first + (PAGE_SIZE << page_alloc_order(page)) / 8 - 1;

	*first = *last = mark_of(page);
}

static void unmark(struct page *page)
{
	u64 *first = page_address(page);
	u64 *last = first + (PAGE_SIZE << page_alloc_order(page)) / 8 - 1;

	if (*first != mark_of(page) || *last != mark_of(page))
		__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
	*first = *last = 0;
}

static void give(struct page *page)
{
	if (!page)
		return;
	unmark(page);
	__free_pages(page, page_alloc_order(page));
}

/* --- what a CPU does --- */

static void keep(struct worker *w, struct page *page)
{
	unsigned int at;

	if (!page)
		return;
	mark(page);
	if (w->nr < STASH) {
		w->stash[w->nr++] = page;
		return;
	}
	at = prng_below(&w->rnd, STASH);
	give(w->stash[at]);
	w->stash[at] = page;
}

static void do_alloc(struct worker *w)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_USER | __GFP_MOVABLE, GFP_ATOMIC,
				       GFP_KERNEL | __GFP_RECLAIMABLE, GFP_NOWAIT };
	unsigned int roll = prng_below(&w->rnd, 32);
	unsigned int order = roll < 24 ? 0 : prng_below(&w->rnd, roll < 30 ? 4 : MAX_ORDER);
	gfp_t gfp = kinds[prng_below(&w->rnd, ARRAY_SIZE(kinds))] | __GFP_NOWARN;

	if (!prng_below(&w->rnd, 8))
		keep(w, alloc_pages_node((int)prng_below(&w->rnd, num_online_nodes()), gfp, order));
	else
		keep(w, alloc_pages(gfp, order));
}

static void do_free(struct worker *w)
{
	if (w->nr)
		give(w->stash[--w->nr]);
}

/* Put a page into a slot; free whatever another CPU had left there. */
static void do_pass(struct worker *w)
{
	struct page **slot = &slots[prng_below(&w->rnd, SLOTS)], *mine = NULL;

	if (w->nr)
		mine = w->stash[--w->nr];
	give(__atomic_exchange_n(slot, mine, __ATOMIC_ACQ_REL));
}

static void do_bulk(struct worker *w)
{
	struct page *pages[48] = { NULL };
	unsigned long want = 1 + prng_below(&w->rnd, 48), i;
	unsigned long n = alloc_pages_bulk(GFP_KERNEL | __GFP_NOWARN, want, pages);

	for (i = 0; i < n; i++)
		mark(pages[i]);
	for (i = 0; i < n; i++)
		unmark(pages[i]);
	release_pages(pages, n);
}

/* Of the pageblock a page of one's own lies in: to read another's flags would be a race. */
static void do_types(struct worker *w)
{
	struct page *page = w->nr ? w->stash[w->nr - 1] : NULL;

	if (page && get_pageblock_migratetype(page) < MIGRATE_PCPTYPES)
		set_pageblock_migratetype(page, (int)prng_below(&w->rnd, MIGRATE_PCPTYPES));
}

static void do_sysctl(struct worker *w)
{
	static const char *const values[][2] = {
		{ "min_free_kbytes", "500" }, { "min_free_kbytes", "4000" },
		{ "watermark_scale_factor", "10" },
		{ "watermark_scale_factor", "100" }, { "percpu_pagelist_high_fraction", "0" },
		{ "percpu_pagelist_high_fraction", "100" },
		{ "lowmem_reserve_ratio", "256 256 32" },
		{ "lowmem_reserve_ratio", "64 64 32" }, { "watermark_boost_factor", "0" },
	};
	unsigned int i = prng_below(&w->rnd, ARRAY_SIZE(values));

	if (sysctl_vm_write(values[i][0], values[i][1]))
		__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
}

static void do_one(struct worker *w)
{
	unsigned int roll = prng_below(&w->rnd, 4096);

	if (roll < 1800)
		do_alloc(w);
	else if (roll < 3000)
		do_free(w);
	else if (roll < 3900)
		do_pass(w);
	else if (roll < 4070)
		do_bulk(w);
	else if (roll < 4074)
		drain_all_pages(NULL);
	else if (roll < 4080)
		drain_local_pages(NULL);
	else if (roll < 4090)
		do_types(w);
	else if (tune && kmm_cpu() == 0)
		do_sysctl(w);
	host_poll();
}

static void work(void *arg)
{
	struct worker *w = &worker[kmm_cpu()];
	unsigned long n = 0;

	(void)arg;
	prng_seed(&w->rnd, kmm_cpu() + 77);
	while (kmm_clock_ns() < stop_at)
		for (unsigned int i = 0; i < 64; i++, n++)
			do_one(w);
	while (w->nr)
		do_free(w);
	__atomic_fetch_add(&operations, n, __ATOMIC_RELAXED);
}

/* --- machines --- */

static u64 seconds(void)
{
	const char *soak = getenv("KMM_SOAK");
	u64 s = soak ? strtoull(soak, NULL, 10) : 0;

	return s == 1 ? 60 : s;
}

static void stress(const char *what, const struct machine *m)
{
	unsigned long all, i;
	u64 map;

	if (!machine_on(m))
		return;
	all = nr_free_pages();
	map = free_map_hash(false);
	memset(slots, 0, sizeof(slots));
	memset(worker, 0, sizeof(worker));
	damaged = operations = 0;
	if (inject) {
		fail_page_alloc.attr = (struct fault_attr){ .probability = 10, .interval = 1,
							   .times = -1 };
		fail_page_alloc.min_order = 0;
		fail_page_alloc.ignore_gfp_reclaim = fail_page_alloc.ignore_gfp_highmem = false;
		fail_page_alloc_changed();
	}
	stop_at = kmm_clock_ns() + (seconds() ? seconds() * 1000000000ull : 1200000000ull);
	host_run_on_all(work, NULL);
	for (i = 0; i < SLOTS; i++)
		give(slots[i]);
	is_int(damaged, 0, "%s: no page had two owners, no tunable was refused", what);
	diag("%lu operations on %u CPUs", operations, m->cpus);
	nothing_lost(all, "  all CPUs parked");
	set_pageblocks_movable();
	ok(free_map_hash(false) == map, "  the free map is the one after boot");
	host_power_off();
}

static void test_two(void)
{
	stress("2 CPUs", &(struct machine){ .mem = 64 * MIB, .cpus = 2, .threads = true });
}

static void test_four_nodes(void)
{
	stress("4 CPUs, 2 nodes, short of memory",
	       &(struct machine){ .mem = 32 * MIB, .nodes = 2, .cpus = 4, .threads = true });
}

static void test_eight(void)
{
	stress("8 CPUs", &(struct machine){ .mem = 256 * MIB, .nodes = 2, .cpus = 8,
					   .threads = true });
}

static void test_tuned(void)
{
	tune = true;
	stress("tunables change meanwhile", &(struct machine){ .mem = 64 * MIB, .cpus = 4,
							      .threads = true });
	tune = false;
}

static void test_injected(void)
{
	inject = true;
	stress("one allocation in ten fails", &(struct machine){ .mem = 64 * MIB, .cpus = 4,
								.threads = true });
	inject = false;
}

/* --- a limit on failures holds for all CPUs together --- */

static unsigned long failures;

static void count_failures(void *arg)
{
	unsigned long n = 0;
	int i;

	(void)arg;
	for (i = 0; i < 2000; i++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);

		if (page)
			__free_page(page);
		else
			n++;
	}
	__atomic_fetch_add(&failures, n, __ATOMIC_RELAXED);
}

static void test_limited_failures(void)
{
	int round;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 4, .threads = true))
		return;
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_reclaim = false;
	for (round = 0; round < 50; round++) {
		fail_page_alloc.attr = (struct fault_attr){ .probability = 100, .interval = 1,
							   .times = 500 };
		fail_page_alloc_changed();
		failures = 0;
		host_run_on_all(count_failures, NULL);
		if (failures != 500)
			break;
	}
	is_int(failures, 500, "times=500: as many allocations fail, however many CPUs try");
	is_int(round, 50, "each time");
	is_int(fail_page_alloc.attr.times, 0, "none is left");
	page_alloc_check();
}

/* --- all CPUs drain all CPUs --- */

static void drain_often(void *arg)
{
	unsigned int i;

	for (i = 0; i < 300; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, i & 3);

		__free_pages(page, i & 3);
		drain_all_pages(arg);
	}
}

static void test_drains(void)
{
	unsigned long all;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 6, .threads = true))
		return;
	all = nr_free_pages();
	host_run_on_all(drain_often, NULL);
	nothing_lost(all, "six CPUs drained each other's lists");
}

int main(void)
{
	run_case(test_drains);
	run_case(test_two);
	run_case(test_four_nodes);
	run_case(test_eight);
	run_case(test_injected);
	run_case(test_limited_failures);
	run_case(test_tuned);
	return done_testing();
}
