// SPDX-License-Identifier: MIT
/*
 * pages_bench.c - what a page costs: instructions, nanoseconds, fragmentation.
 *
 *	pages_bench time              nanoseconds per operation, medians of runs
 *	pages_bench scale [cpus]      the hot pair and bulk rounds on 1, 2 ... CPUs at once
 *	pages_bench boot              milliseconds from power-on to the first page
 *	pages_bench frag              what is left in order-9 blocks, seven seeds
 *	pages_bench count NAME        run operation NAME inside measured(), for callgrind
 *	pages_bench list              names and repetitions of the counted operations
 *
 * Each line is "key value unit"; scripts/bench puts them into docs/performance.md.
 * Operations and loop bounds are those Linux 6.1 was measured with: a hot pair is
 * one allocation and its free; bulk is 10,000 pages allocated, then freed in the
 * order they came. Nothing is zeroed. The machine is booted with its page array
 * faulted in and every page initialised, as a running machine's is.
 *
 * SOURCES: bench/bench.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/gfp.h>
#include <kmm/mm.h>

#include "bench/bench.h"
#include "platform/host/host.h"

#define BULK_PAGES	10000
#define RUNS		7

static struct page **pages;
static unsigned long nr_pages;

static void room_for(unsigned long n)
{
	nr_pages = 0;
	pages = bench_table(n, sizeof(*pages));
}

/* --- operations --- */

static void hot_pair(unsigned int order, unsigned long n)
{
	while (n--) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			abort();
		__free_pages(page, order);
	}
}

static void op_hot0(unsigned long n) { hot_pair(0, n); }
static void op_hot3(unsigned long n) { hot_pair(3, n); }
static void op_hot9(unsigned long n) { hot_pair(9, n); }

static void op_alloc(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		pages[i] = alloc_pages(GFP_KERNEL, 0);
	nr_pages = n;
}

static void op_free(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		__free_page(pages[i]);
	nr_pages = 0;
}

static void op_bulk64(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i += 64)
		if (alloc_pages_bulk(GFP_KERNEL, 64, pages + i) != 64)
			abort();
	nr_pages = n;
}

static void free_all(unsigned long n)
{
	op_free(n);
	memset(pages, 0, n * sizeof(*pages));
}

/* --- counting instructions: callgrind collects inside measured() only --- */

static const struct counted counted[] = {
	{ "hot0", op_hot0, op_hot0, NULL, 1000, 0 },
	{ "hot3", op_hot3, op_hot3, NULL, 1000, 0 },
	{ "hot9", op_hot9, op_hot9, NULL, 1000, 0 },
	{ "alloc10000", NULL, op_alloc, op_free, BULK_PAGES, 0 },
	{ "free10000", op_alloc, op_free, NULL, BULK_PAGES, 0 },
	{ "bulk64", NULL, op_bulk64, free_all, 64 * 200, 0 },
	{ NULL, NULL, NULL, NULL, 0, 0 },
};

static int count(const char *name)
{
	const struct counted *c = find_counted(counted, name);

	if (!c)
		return 1;
	bench_boot(512ull << 20, 1, 1, false, NULL);
	room_for(64 * 200);
	op_alloc(BULK_PAGES); /* once round: lists and pageblocks as in a running machine */
	free_all(BULK_PAGES);
	run_counted(c);
	page_alloc_check();
	return 0;
}

/* --- time --- */

static void time_hot(const char *key, void (*op)(unsigned long))
{
	double v[RUNS];
	int i;

	op(100000);
	for (i = 0; i < RUNS; i++)
		v[i] = per_op(op, 1000000);
	printf("%s %.2f ns\n", key, median(v, RUNS));
}

static unsigned long fill(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		pages[i] = alloc_pages(GFP_KERNEL, 0);
		if (!pages[i])
			break;
	}
	return nr_pages = i;
}

static void time_gigabyte(void)
{
	double alloc[RUNS], in_order[RUNS], random[RUNS];
	unsigned long n = (1ul << 30) >> PAGE_SHIFT;
	int i;

	room_for(n);
	for (i = 0; i < RUNS; i++) {
		alloc[i] = per_op(op_alloc, n);
		in_order[i] = per_op(op_free, n);
		op_alloc(n);
		seed_random(12345 + (u64)i);
		shuffle(pages, n);
		random[i] = per_op(op_free, n);
		drain_all_pages(NULL);
	}
	printf("gib.alloc %.2f ns\ngib.free_in_order %.2f ns\ngib.free_random %.2f ns\n",
	       median(alloc, RUNS), median(in_order, RUNS), median(random, RUNS));
	free(pages);
}

static void op_fail(unsigned long n)
{
	while (n--)
		if (alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0))
			abort();
}

static void time_failure(const char *key, u64 bytes)
{
	double v[RUNS];
	int i;

	bench_boot(bytes, 1, 2, false, NULL);
	while (alloc_pages(GFP_KERNEL | __GFP_NOWARN, 9))
		continue;
	while (alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0))
		continue;
	for (i = 0; i < RUNS; i++)
		v[i] = per_op(op_fail, 20000);
	printf("%s %.1f ns\n", key, median(v, RUNS));
	bench_off();
}

static int time_all(void)
{
	bench_boot(2ull << 30, 1, 1, false, NULL);
	time_hot("hot0", op_hot0);
	time_hot("hot3", op_hot3);
	time_hot("hot9", op_hot9);
	time_gigabyte();
	page_alloc_check();
	bench_off();
	time_failure("fail.1g", 1ull << 30);
	time_failure("fail.64g", 64ull << 30);
	return 0;
}

/* --- boot --- */

static void time_boot(const char *key, u64 bytes, unsigned int nodes, unsigned int cpus)
{
	double v[RUNS];
	int i;

	for (i = 0; i < RUNS; i++) {
		struct host_machine *machine = host_machine_simple(bytes, nodes, cpus);
		struct host_config c = { .quiet = true };
		double start;

		host_machine_config(machine, &c);
		start = now_ns();
		if (host_boot(&c) || !alloc_page(GFP_KERNEL))
			exit(1);
		v[i] = (now_ns() - start) / 1e6;
		host_power_off();
		host_machine_free(machine);
	}
	printf("%s %.2f ms\n", key, median(v, RUNS));
}

static int boot_all(void)
{
	time_boot("boot.64m", 64ull << 20, 1, 1);
	time_boot("boot.1t", 1ull << 40, 8, 16);
	return 0;
}

/* --- scaling --- */

#define SCALE_PAGES	2048
#define SCALE_ROUNDS	400

static void scale_hot(void *arg)
{
	(void)arg;
	hot_pair(0, 2000000);
}

static void scale_bulk(void *arg)
{
	struct page *mine[SCALE_PAGES];
	int round, i;

	(void)arg;
	for (round = 0; round < SCALE_ROUNDS; round++) {
		for (i = 0; i < SCALE_PAGES; i++)
			mine[i] = alloc_pages(GFP_KERNEL, 0);
		for (i = 0; i < SCALE_PAGES; i++)
			__free_page(mine[i]);
	}
}

static void scale_one(unsigned int cpus)
{
	double hot[RUNS], bulk[RUNS], start;
	int i;

	bench_boot(2ull << 30, 1, cpus, true, NULL);
	for (i = 0; i < RUNS; i++) {
		start = now_ns();
		host_run_on_all(scale_hot, NULL);
		hot[i] = (now_ns() - start) / 2e6;
		start = now_ns();
		host_run_on_all(scale_bulk, NULL);
		bulk[i] = (now_ns() - start) / (SCALE_ROUNDS * SCALE_PAGES);
	}
	printf("scale.hot0.%u %.2f ns\nscale.bulk.%u %.2f ns\n", cpus, median(hot, RUNS), cpus,
	       median(bulk, RUNS));
	page_alloc_check();
	bench_off();
}

static int scale(unsigned int most)
{
	unsigned int cpus;

	for (cpus = 1; cpus <= most; cpus *= 2)
		scale_one(cpus);
	return 0;
}

/* --- fragmentation --- */

/* Order-9 blocks that could be had now. */
static unsigned long huge_blocks(void)
{
	unsigned long n = 0;
	struct zone *zone;
	int mt;

	drain_all_pages(NULL);
	for_each_populated_zone(zone)
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			n += zone->free_area[9].nr_free[mt] + 2 * zone->free_area[10].nr_free[mt];
	return n;
}

static unsigned long machine_pages(void) { return totalram_pages; }

/* Hold half, packed; 200 times free a random tenth of it and allocate as much again. */
static void churn(u64 bytes, u64 seed, unsigned long *left, unsigned long *possible)
{
	unsigned long half, tenth, i;
	int round;

	bench_boot(bytes, 1, 1, false, "deferred_init=off");
	room_for(machine_pages());
	half = fill(machine_pages() / 2);
	tenth = half / 10;
	seed_random(seed * 0x9e3779b97f4a7c15ull + 1);
	*possible = huge_blocks();
	for (round = 0; round < 200; round++) {
		for (i = 0; i < tenth; i++) {
			unsigned long k = i + rnd() % (half - i);
			struct page *p = pages[k];

			pages[k] = pages[i];
			pages[i] = p;
			__free_page(p);
		}
		for (i = 0; i < tenth; i++)
			pages[i] = alloc_pages(GFP_KERNEL, 0);
	}
	*left = huge_blocks();
	page_alloc_check();
	bench_off();
	free(pages);
}

/* Fill nine tenths, one page in 64 unmovable and kept, the rest movable and freed. */
static void longlived(u64 bytes, u64 seed, unsigned long *left, unsigned long *possible)
{
	unsigned long n, i, kept = 0;

	bench_boot(bytes, 1, 1, false, "deferred_init=off");
	*possible = huge_blocks();
	n = machine_pages() / 10 * 9;
	room_for(n);
	seed_random(seed * 0x9e3779b97f4a7c15ull + 1);
	for (i = 0; i < n; i++) {
		bool keep = rnd() % 64 == 0;

		pages[i] = alloc_pages(keep ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, 0);
		if (keep) {
			pages[i] = NULL;	/* never freed */
			kept++;
		}
	}
	for (i = 0; i < n; i++)
		if (pages[i])
			__free_page(pages[i]);
	*left = huge_blocks();
	*possible -= (kept + 511) / 512;
	page_alloc_check();
	bench_off();
	free(pages);
}

static void frag_case(const char *name, u64 bytes,
		      void (*run)(u64, u64, unsigned long *, unsigned long *))
{
	double v[RUNS];
	unsigned long left, possible = 0;
	u64 seed;

	for (seed = 1; seed <= RUNS; seed++) {
		run(bytes, seed, &left, &possible);
		v[seed - 1] = (double)left;
		printf("frag.%s.%llug.seed%llu %lu of %lu\n", name,
		       (unsigned long long)(bytes >> 30), (unsigned long long)seed, left, possible);
		fflush(stdout);
	}
	printf("frag.%s.%llug.median %.0f of %lu\n", name, (unsigned long long)(bytes >> 30),
	       median(v, RUNS), possible);
}

static int frag(void)
{
	frag_case("churn", 1ull << 30, churn);
	frag_case("longlived", 1ull << 30, longlived);
	frag_case("churn", 16ull << 30, churn);
	frag_case("longlived", 16ull << 30, longlived);
	return 0;
}

static int list(void)
{
	list_counted(counted);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "time"))
		return time_all();
	if (!strcmp(what, "scale"))
		return scale(argc > 2 ? (unsigned int)atoi(argv[2]) : 2);
	if (!strcmp(what, "boot"))
		return boot_all();
	if (!strcmp(what, "frag"))
		return frag();
	if (!strcmp(what, "list"))
		return list();
	if (!strcmp(what, "count") && argc > 2)
		return count(argv[2]);
	fprintf(stderr, "usage: pages_bench time|boot|scale [cpus]|frag|list|count NAME\n");
	return 2;
}
