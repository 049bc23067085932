// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/*
 * odd_test.c - odd machines go round; two deterministic boots write the same log; which events
 * a steal and a refill emit; deferred memory adds up while CPUs bring it to life; shuffled
 * pageblocks.
 */
#include <stdlib.h>
#include <time.h>

#include "machine.h"

#define RAM(from, bytes)	{ (from), (bytes), E820_TYPE_RAM }
#define LOW			RAM(0, 0x9fc00)

/* Of a processor, not of the wall: others may be busy on this host. */
static u64 computed_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

static unsigned long sum_of(bool deferred)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += deferred ? READ_ONCE(zone->deferred_pages) : zone->managed_pages;
	return pages;
}

/* As set_pageblocks_movable(), for machines with holes: what has no page structure is left out. */
static void valid_pageblocks_movable(void)
{
	struct zone *zone;
	unsigned long i, pfn;

	for_each_populated_zone(zone)
		for (i = 1; i <= zone->nr_blocks; i++) {
			pfn = max((i + zone->first_block) << pageblock_order, zone->zone_start_pfn);
			if (pfn_valid(pfn) && zone->blocks[i].migratetype < MIGRATE_CMA)
				set_pageblock_migratetype(pfn_to_page(pfn), MIGRATE_MOVABLE);
		}
}

/* --- power: odd machines --- */

static void round_trip(const char *what, const struct machine *m)
{
	struct pile pile = { 0 };
	unsigned long all;
	u64 map;

	if (!machine_on(m))
		return;
	page_alloc_check();
	all = nr_free_pages();
	map = free_map_hash(false);
	pile_fill_all(&pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE);
	page_alloc_check();
	is_int(pile.pages, all, "%s: all given out (%u nodes)", what, num_online_nodes());
	is_int(nr_free_pages(), 0, "  to the last page");
	pile_free(&pile);
	nothing_lost(all, "  all taken back");
	valid_pageblocks_movable();
	ok(free_map_hash(false) == map, "  the free map is as after boot");
	is_int(sum_of(false), totalram_pages, "  zones add up to the total");
	host_power_off();
}

static void test_high_only(void)
{
	static const struct e820_entry e820[] = { LOW, RAM(4 * GIB, 256 * MIB) };

	if (sizeof(void *) == 8)
		round_trip("640 KiB, then RAM from 4 GiB", &(struct machine){
			.e820 = e820, .nr_e820 = 2 });
}

static void test_alternating(void)
{
	static const char *const options[] = { NULL, "memory_model=flat",
		"memory_model=discontig", "bootmem=1", "movablecore=100M", "numa=fake=8" };
	static const struct e820_entry e820[] = { LOW, RAM(MIB, 1024 * MIB - MIB) };
	struct srat_mem srat[16];
	unsigned int i;

	for (i = 0; i < 16; i++)
		srat[i] = (struct srat_mem){ .start = i * 64 * MIB, .size = 64 * MIB,
					     .node = (s32)(i & 1), .pxm = (s32)(i & 1) };
	for (i = 0; i < ARRAY_SIZE(options); i++)
		round_trip(options[i] ? options[i] : "nodes alternate every 64 MiB",
			   &(struct machine){ .e820 = e820, .nr_e820 = 2, .srat = srat,
				.nr_srat = 16, .cpus = 2, .cmdline = options[i],
				.direct_map_max = sizeof(void *) == 4 ? 800 * MIB : 0 });
}

static void test_hole(void)
{
	static const char *const options[] = { NULL, "memory_model=flat mem=2G",
					       "memory_model=discontig" };
	static const struct e820_entry e820[] = {
		LOW, RAM(MIB, 2 * GIB), RAM(110 * GIB, 2 * GIB), RAM(120 * GIB, 64 * MIB) };
	static const struct srat_mem srat[] = {
		{ .start = 0, .size = 112 * GIB }, { .start = 120 * GIB, .size = GIB, .node = 1 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options) && sizeof(void *) == 8; i++) {
		round_trip(options[i] ? options[i] : "a hole of 100 GiB in a node",
			   &(struct machine){ .e820 = e820, .nr_e820 = 4, .srat = srat,
				.nr_srat = 2, .cpus = 2, .cmdline = options[i] });
	}
}

/* Of holes nothing is paid but tables: neither page structures nor pageblocks. */
static void test_large_hole(void)
{
	static const char *const options[] = { NULL, "shuffle=1", "memory_model=flat mem=2G",
					       "numa=fake=3", "movablecore=300M" };
	static const struct e820_entry e820[] = {
		LOW, RAM(MIB, GIB - MIB), RAM(8192 * GIB, PAGE_SIZE) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options) && sizeof(void *) == 8; i++) {
		const struct machine m = { .e820 = e820, .nr_e820 = 3, .cmdline = options[i] };

		round_trip(options[i] ? options[i] : "1 GiB, and a page at 8 TiB", &m);
		if (!machine_on(&m))
			continue;
		ok(totalram_pages > (980 * MIB) >> PAGE_SHIFT, "  %lu pages managed",
		   totalram_pages);
		host_power_off();
	}
}

/* The page behind the hole comes to life when all others are gone. */
static void test_large_hole_deferred(void)
{
	static const struct e820_entry e820[] = {
		LOW, RAM(MIB, GIB - MIB), RAM(8192 * GIB, 2 * GIB) };
	struct pile pile = { 0 };
	unsigned long all;

	if (sizeof(void *) == 4 || !MACHINE_ON(.e820 = e820, .nr_e820 = 3, .cpus = 2,
					       .cmdline = "deferred_init=16M"))
		return;
	all = nr_free_pages();
	ok(sum_of(true), "put off beyond a hole");
	pile_fill_all(&pile, GFP_EVERYTHING | __GFP_MOVABLE);
	is_int(sum_of(true), 0, "  all comes to life");
	is_int(pile.pages, all, "  and is given out");
	page_alloc_check();
	pile_free(&pile);
	page_alloc_check();
	host_power_off();
}

static void test_many_nodes(void)
{
	round_trip("64 nodes of 16 MiB", &(struct machine){ .mem = 1024 * MIB, .nodes = 64,
		.cpus = 64, .direct_map_max = sizeof(void *) == 4 ? 800 * MIB : 0 });
}

/* Borders at odd frames: RAM and nodes that begin and end inside pageblocks. */
static void test_odd_borders(void)
{
	static const struct e820_entry e820[] = {
		LOW, RAM(MIB, 99 * MIB + 5 * PAGE_SIZE), RAM(101 * MIB + PAGE_SIZE, 58 * MIB) };
	static const struct srat_mem srat[] = {
		{ .start = 0, .size = 51 * MIB + 3 * PAGE_SIZE },
		{ .start = 51 * MIB + 3 * PAGE_SIZE, .size = 150 * MIB, .node = 1 } };
	static const char *const options[] = { NULL, "movablecore=33332K",
		"kernelcore=77780K memory_model=discontig", "mem=148156K bootmem=1" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		round_trip(options[i] ? options[i] : "borders inside pageblocks",
			   &(struct machine){ .e820 = e820, .nr_e820 = 3, .srat = srat,
				.nr_srat = 2, .cpus = 2, .cmdline = options[i] });
		round_trip("  and high memory from an odd frame", &(struct machine){
			.e820 = e820, .nr_e820 = 3, .cmdline = options[i],
			.direct_map_max = 77 * MIB + 9 * PAGE_SIZE });
	}
}

static void test_same_log(void)
{
	char *first = NULL;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct page *page;

		if (!MACHINE_ON(.mem = 128 * MIB, .nodes = 2, .cpus = 2, .seed = 7,
				.cmdline = "shuffle=1 page_poison=1"))
			break;
		while ((page = alloc_pages(GFP_KERNEL, 3)))
			continue;	/* ends with a failure report, stack and all */
		show_free_areas();
		if (!first)
			first = strdup(host_dmesg());
		else
			is_str(host_dmesg(), first, "boot %u writes the same log", i);
		host_power_off();
	}
	ok(first && strlen(first) > 2000, "which is long");
	free(first);
}

/* --- trace: a steal without claim, fields of a drain, bulk refill of each type --- */

static struct kmm_trace_event seen[8192];
static unsigned int nr_seen;

static void sink(const struct kmm_trace_event *e, void *arg)
{
	(void)arg;
	if (nr_seen < ARRAY_SIZE(seen))
		seen[nr_seen++] = *e;
}

static void test_steal(void)
{
	struct pile all = { 0 }, kept = { 0 };
	const struct kmm_trace_event *e = NULL;
	struct page *page;
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	pile_fill(&all, GFP_EVERYTHING, 0, 0);	/* all unmovable; a scattered page each block */
	while ((page = pile_pop(&all))) {
		if (page_to_pfn(page) % 512 == 7 && page_to_pfn(page) > 4096 &&
		    get_pageblock_migratetype(page) == MIGRATE_UNMOVABLE)
			__free_page(page);
		else
			pile_add(&kept, page, 0);
	}
	drain_all_pages(NULL);
	nr_seen = 0;
	set_trace_sink(sink, NULL);
	page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC | __GFP_NOWARN);
	set_trace_sink(NULL, NULL);
	for (i = 0; i < nr_seen; i++)
		if (seen[i].code == TRACE_MM_PAGE_ALLOC_EXTFRAG)
			e = &seen[i];
	ok(page && e, "a movable page out of unmovable pageblocks: mm_page_alloc_extfrag");
	ok(e && !e->change_ownership, "  stolen, not claimed");
	ok(e && e->order == 0 && e->fallback_order == 0 && e->migratetype == MIGRATE_MOVABLE &&
	   e->fallback_migratetype == MIGRATE_UNMOVABLE, "  its orders and types");
	if (page)
		__free_page(page);
	pile_free(&kept);
	page_alloc_check();
}

static void test_refill_fields(void)
{
	static const gfp_t gfp[] = { GFP_KERNEL, GFP_KERNEL | __GFP_MOVABLE,
				     GFP_KERNEL | __GFP_RECLAIMABLE };
	unsigned int mt, order, i, refill, bad = 0, drained;
	struct page *page;

	for (order = 0; order <= 3; order += 3)
		for (mt = 0; mt < 3; mt++) {
			if (!MACHINE_ON(.mem = 256 * MIB))
				return;
			drain_all_pages(NULL);
			nr_seen = refill = drained = 0;
			set_trace_sink(sink, NULL);
			page = alloc_pages(gfp[mt], order);
			__free_pages(page, order);
			drain_all_pages(NULL);
			set_trace_sink(NULL, NULL);
			for (i = 0; i < nr_seen; i++) {
				bool lock = seen[i].code == TRACE_MM_PAGE_ALLOC_ZONE_LOCKED;
				bool drain = seen[i].code == TRACE_MM_PAGE_PCPU_DRAIN;

				refill += lock;
				drained += drain;
				bad += (lock || drain) && (seen[i].order != order ||
					seen[i].migratetype != mt || !seen[i].pfn);
				bad += lock && seen[i].percpu_refill != (order == 0);
			}
			is_int(drained, refill, "order %u %s: %u refilled, as many drained", order,
			       migratetype_names[mt], refill);
			host_power_off();
		}
	is_int(bad, 0, "all with their order, type and frame");
}

static void test_fast_again(void)
{
	struct page *a, *b;
	u64 before, after;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	set_trace_sink(sink, NULL);
	ok(page_hooks != 0, "a sink hooks the pages");
	set_trace_sink(NULL, NULL);
	is_int(page_hooks, 0, "none, none");
	a = alloc_page(GFP_KERNEL);
	__free_page(a);
	before = page_zone(a)->pcp[0].lists[MIGRATE_UNMOVABLE][0].allocs;
	nr_seen = 0;
	b = alloc_page(GFP_KERNEL);
	after = page_zone(a)->pcp[0].lists[MIGRATE_UNMOVABLE][0].allocs;
	ok(a == b && after == before + 1 && !nr_seen, "the hottest page, from the CPU's list");
	__free_page(b);
}

/* --- deferred --- */

static void test_first_page(void)
{
	u64 start = computed_us(), took, used;

#ifdef __SANITIZE_THREAD__
	const bool fits = false;	/* a sanitizer leaves no address space for it */
#else
	const bool fits = sizeof(void *) == 8;
#endif

	if (!fits || !MACHINE_ON(.mem = 1024 * GIB, .nodes = 8, .cpus = 16))
		return;
	ok(alloc_page(GFP_KERNEL), "1 TiB: a page");
	took = computed_us() - start;
	used = host_ram_used();
	diag("1 TiB: %llu us to the first page, %llu MiB of the host used",
	     (unsigned long long)took, (unsigned long long)(used / MIB));
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
	ok(took < 500000, "  in less than half a second");
#endif
	ok(used < 1024 * MIB, "  for less than 1 GiB");
}

/* All of the machine, in the largest blocks. Movable only on 16 GiB; every option that defers. */
static void test_16g(void)
{
	static const char *const options[] = { "deferred_init=1G", "deferred_init=off",
		"deferred_init=1G memory_model=flat", "deferred_init=1G memory_model=discontig",
		"deferred_init=1G bootmem=1 movablecore=5G" };
	struct pile pile = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options) && sizeof(void *) == 8; i++) {
		if (!MACHINE_ON(.mem = 16 * GIB, .nodes = 2, .cpus = 2, .cmdline = options[i]))
			return;
		is_int(sum_of(true) != 0, !strstr(options[i], "=off"), "16 GiB %s", options[i]);
		pile_fill_all(&pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE);
		is_int(pile.pages, free_at_boot, "  all managed pages can be had");
		is_int(sum_of(true), 0, "  and nothing is put off");
		page_alloc_check();
		pile_free(&pile);
		nothing_lost(free_at_boot, "  all back");
		host_power_off();
	}
}

static void test_off_threads(void)
{
	if (!MACHINE_ON(.mem = sizeof(void *) == 8 ? 12 * GIB : 768 * MIB, .nodes = 4, .cpus = 8,
			.threads = true, .cmdline = "deferred_init=off"))
		return;
	is_int(sum_of(true), 0, "deferred_init=off, 8 threads: all initialised");
	page_alloc_check();
	is_int(nr_free_pages(), free_at_boot, "  and free");
}

/* CPU 0 counts while the others fill: never more than there is, and all of it at the end. */
#define CPUS 4
static struct pile filled[CPUS];
static unsigned long sampled[CPUS], excess[CPUS];

static void fill_and_count(void *arg)
{
	unsigned int cpu = kmm_cpu();
	unsigned long free, n = 0;

	(void)arg;
	filled[cpu] = (struct pile){ 0 };
	sampled[cpu] = excess[cpu] = 0;
	while (pile_fill(&filled[cpu], GFP_HIGHUSER | __GFP_MEMALLOC, n % 4 ? 5 : 0, 16)) {
		free = nr_free_pages();
		sampled[cpu]++;
		n++;
		/* A section in work is counted as put off until it is done: at most one a CPU. */
		excess[cpu] += free + filled[cpu].pages > free_at_boot + CPUS * PAGES_PER_SECTION;
	}
}

static void give_back(void *arg)
{
	(void)arg;
	pile_free(&filled[kmm_cpu()]);
}

static void test_totals(void)
{
	unsigned long pages = 0, samples = 0, over = 0;
	unsigned int cpu;

	if (!MACHINE_ON(.mem = sizeof(void *) == 8 ? 4 * GIB : 768 * MIB, .nodes = 2, .cpus = CPUS,
			.threads = true, .cmdline = "deferred_init=16M"))
		return;
	is_int(nr_free_pages(), free_at_boot, "threads: what is put off counts as free");
	host_run_on_all(fill_and_count, NULL);
	for (cpu = 0; cpu < CPUS; cpu++) {
		pages += filled[cpu].pages;
		samples += sampled[cpu];
		over += excess[cpu];
	}
	is_int(over, 0, "%lu samples: never more than the machine has", samples);
	is_int(sum_of(true), 0, "  all came to life");
	is_int(all_free() + pages, free_at_boot, "  none lost, none twice");
	page_alloc_check();
	host_run_on_all(give_back, NULL);
	nothing_lost(free_at_boot, "  given back");
}

/* --- shuffle --- */

/* Huge pages show where the pageblocks went, small ones only what is inside one. */
static void test_shuffle_blocks(void)
{
	unsigned long pfn[2][40], order, i;

	for (order = 0; order < 2; order++) {
		unsigned int ascents = 0;

		if (!MACHINE_ON(.mem = 256 * MIB, .seed = 3,
				.cmdline = order ? "shuffle=1" : "shuffle=0"))
			return;
		for (i = 0; i < 40; i++) {
			pfn[order][i] = page_to_pfn(alloc_pages(GFP_KERNEL | __GFP_MOVABLE, 10));
			ascents += i && pfn[order][i] > pfn[order][i - 1];
		}
		diag("shuffle=%lu: %u of 39 steps ascend", order, ascents);
		if (order)
			ok(ascents > 5 && ascents < 34, "order-10 blocks come in no order");
		host_power_off();
	}
}

int main(void)
{
	run_case(test_high_only);
	run_case(test_alternating);
	run_case(test_hole);
	run_case(test_large_hole);
	run_case(test_large_hole_deferred);
	run_case(test_many_nodes);
	run_case(test_odd_borders);
	run_case(test_same_log);
	run_case(test_steal);
	run_case(test_refill_fields);
	run_case(test_fast_again);
	run_case(test_first_page);
	run_case(test_16g);
	run_case(test_off_threads);
	run_case(test_totals);
	run_case(test_shuffle_blocks);
	return done_testing();
}
