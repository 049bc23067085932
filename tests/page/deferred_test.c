// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * deferred_test.c - machines so large that most of their page array is brought to life on
 * demand: the first page comes soon, more come as they are asked for, on several CPUs at a time,
 * and in the end each page the boot promised has been there. Times are printed, not judged.
 */
#include <time.h>

#include "machine.h"

#ifdef __SANITIZE_THREAD__
#define HUGE_MACHINE	(512 * GIB)
#else
#define HUGE_MACHINE	(8192 * GIB)
#endif

static u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

static unsigned long deferred_total(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += READ_ONCE(zone->deferred_pages);
	return pages;
}

static unsigned long managed_total(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone->managed_pages;
	return pages;
}

static void first_page(u64 mem, unsigned int nodes, unsigned int cpus)
{
	u64 start = now_us(), booted;
	struct page *page;

	if (!MACHINE_ON(.mem = mem, .nodes = nodes, .cpus = cpus))
		return;
	booted = now_us();
	page = alloc_page(GFP_KERNEL);
	ok(page != NULL, "%llu GiB on %u nodes: a page", (unsigned long long)(mem / GIB), nodes);
	diag("boot %llu us, first page %llu us later", (unsigned long long)(booted - start),
	     (unsigned long long)(now_us() - booted));
	ok(deferred_total() > totalram_pages / 2, "  most of memory is put off");
	is_int(managed_total(), totalram_pages, "  but counted in the total");
	is_int(all_free() + 1, free_at_boot, "  free and put off together are all there is");
	__free_page(page);
	page_alloc_check();
	host_power_off();
}

static void test_first_page(void)
{
	if (sizeof(void *) == 4)
		return;
	first_page(64 * GIB, 2, 4);
	first_page(1024 * GIB < HUGE_MACHINE ? 1024 * GIB : HUGE_MACHINE, 8, 16);
	first_page(HUGE_MACHINE, 64, 64);
}

/* --- on demand --- */

#define OFF	"deferred_init=off"
#define ON	"deferred_init=16M"	/* put off on any machine with more */

static void test_on_demand(void)
{
	struct pile pile = { 0 };
	unsigned long last, now, grown = 0;
	int nid;

	if (!MACHINE_ON(.mem = 3 * GIB, .nodes = 2, .cpus = 2, .cmdline = ON))
		return;
	last = deferred_total();
	ok(last > totalram_pages / 2, "3 GiB, most of it put off (%lu pages)", last);
	while (pile_fill(&pile, GFP_HIGHUSER, 10, 8)) {
		now = deferred_total();
		grown += now < last;
		last = now;
		if (all_free() + pile.pages != free_at_boot) {
			fail("free, put off and used pages do not add up");
			break;
		}
	}
	ok(grown >= 5, "it comes to life in steps (%lu seen)", grown);
	is_int(deferred_total(), 0, "when memory is full all of it has");
	for_each_online_node(nid)
		ok(!zone_of(nid, ZONE_NORMAL)->deferred_pages, "  on node %d", nid);
	page_alloc_check();
	pile_free(&pile);
	nothing_lost(free_at_boot, "on demand");
}

/* What is put off and what is not must end as the same machine. */
static void test_same_map(void)
{
	struct pile pile = { 0 };
	u64 map[2];
	int i;

	for (i = 0; i < 2; i++) {
		if (!MACHINE_ON(.mem = 1536 * MIB, .nodes = 2, .cmdline = i ? ON : OFF))
			return;
		is_int(deferred_total() != 0, i, "%s", i ? ON : OFF);
		pile_fill_all(&pile, GFP_EVERYTHING | __GFP_MOVABLE | __GFP_HIGHMEM);
		is_int(deferred_total(), 0, "  all used, nothing put off");
		pile_free(&pile);
		nothing_lost(free_at_boot, "  all freed");
		set_pageblocks_movable();
		map[i] = free_map_hash(true);
		host_power_off();
	}
	ok(map[0] == map[1], "both machines end with the same free map");
}

/* A frame far behind the cursor, by name. */
static void test_by_name(void)
{
	unsigned long pfn;
	struct page *page;

	if (!MACHINE_ON(.mem = 2 * GIB, .cmdline = ON))
		return;
	pfn = (1536 * MIB) >> PAGE_SHIFT;
	page = alloc_pages_at(pfn, 9, GFP_KERNEL);
	is_int(page ? page_to_pfn(page) : 0, pfn, "alloc_pages_at() brings its frames to life");
	if (page)
		__free_pages(page, 9);
	page_alloc_check();
	is_int(all_free(), free_at_boot, "totals agree");
}

/* --- several CPUs --- */

static unsigned long blocks_of_cpu[NR_CPUS];
static struct pile pile_of_cpu[NR_CPUS];

static void eat(void *arg)
{
	unsigned int cpu = kmm_cpu();

	(void)arg;
	blocks_of_cpu[cpu] = pile_fill(&pile_of_cpu[cpu], GFP_HIGHUSER | __GFP_MEMALLOC, 9, 0);
}

static void give_back(void *arg)
{
	(void)arg;
	pile_free(&pile_of_cpu[kmm_cpu()]);
}

static void test_threads(void)
{
	unsigned long blocks = 0, whole;
	unsigned int cpu, busy = 0;

	if (!MACHINE_ON(.mem = 2 * GIB, .nodes = 2, .cpus = 4, .threads = true, .cmdline = ON))
		return;
	memset(pile_of_cpu, 0, sizeof(pile_of_cpu));
	whole = totalram_pages >> 9;
	host_run_on_all(eat, NULL);
	for (cpu = 0; cpu < 4; cpu++) {
		blocks += blocks_of_cpu[cpu];
		busy += blocks_of_cpu[cpu] > 0;
	}
	ok(blocks + 40 > whole && blocks <= whole, "four CPUs took %lu of %lu huge pages", blocks,
	   whole);
	diag("%u of them got some", busy);
	is_int(deferred_total(), 0, "nothing is put off any more");
	is_int(all_free() + blocks * 512, free_at_boot, "nothing lost, nothing twice");
	page_alloc_check();
	host_run_on_all(give_back, NULL);
	nothing_lost(free_at_boot, "several CPUs");
}

int main(void)
{
	run_case(test_first_page);
	run_case(test_on_demand);
	run_case(test_same_map);
	run_case(test_by_name);
	run_case(test_threads);
	return done_testing();
}
