// SPDX-License-Identifier: MIT
/*
 * model_test.c - random sequences of everything the page API offers, against a model that
 * is an array: who owns each frame. After every step no frame has two owners, blocks are
 * aligned, whole, of an allowed zone and node, free pages and owned pages add up, and the
 * validators have nothing to say. At the end everything is freed, and the free map
 * must be the one the machine had after its boot.
 *
 * The machines are small and odd: zone borders inside pageblocks, holes, cut-off memory.
 * A failure prints its seed and step; KMM_SEED=n in the environment runs that one alone.
 */
#include <stdlib.h>

#include "machine.h"

#define FRAMES		(32768u)	/* 128 MiB */
#define MOST_HELD	4096
#define NOBODY		0u

static unsigned short owner[FRAMES];	/* handle + 1 */
static bool usable[FRAMES];

static struct held {
	unsigned long pfn;
	unsigned int order, refs;
	bool compound;
} held[MOST_HELD];
static unsigned int nr_held;
static unsigned long owned, total;
static struct prng rnd;
static const char *wrong;		/* what the model objects to */
static unsigned long isolated[4];	/* first frames of isolated pageblocks; 0: none */

static void object(bool cond, const char *what)
{
	if (!cond && !wrong)
		wrong = what;
}

/* --- the model --- */

static void model_reset(void)
{
	unsigned long pfn;

	memset(owner, 0, sizeof(owner));
	memset(isolated, 0, sizeof(isolated));
	nr_held = 0;
	owned = total = 0;
	wrong = NULL;
	for (pfn = 0; pfn < FRAMES; pfn++) {
		usable[pfn] = pfn_valid(pfn) && zone_spans_pfn(page_zone(pfn_to_page(pfn)), pfn) &&
			      !PageReserved(pfn_to_page(pfn));
	}
	for (pfn = 0; pfn < FRAMES; pfn++) {
		struct page *page = pfn_to_page(pfn);
		unsigned long end = pfn + 1;

		/* What the slab layer has is nobody's. */
		if (usable[pfn] && page->_refcount)
			for (end = pfn + (1ul << page_alloc_order(page)); pfn < end; pfn++)
				usable[pfn] = false;
		pfn = end - 1;
		total += usable[pfn];
	}
}

static void model_take(unsigned long pfn, unsigned int order, bool compound)
{
	unsigned long i;

	object(IS_ALIGNED(pfn, 1ul << order), "a block is not aligned");
	object(pfn + (1ul << order) <= FRAMES, "a block ends outside of memory");
	for (i = 0; i < 1ul << order && !wrong; i++) {
		object(usable[pfn + i], "a frame that never was free is given out");
		object(owner[pfn + i] == NOBODY, "a frame is given out twice");
		owner[pfn + i] = (unsigned short)(nr_held + 1);
	}
	owned += 1ul << order;
	held[nr_held++] = (struct held){ pfn, order, 1, compound && order };
}

/* Frames of a handle are free again, but for the first `but`. */
static void model_give(unsigned int h, unsigned long but)
{
	unsigned long i;

	for (i = but; i < 1ul << held[h].order; i++) {
		object(owner[held[h].pfn + i] == h + 1, "the model itself is wrong");
		owner[held[h].pfn + i] = NOBODY;
	}
	owned -= (1ul << held[h].order) - but;
}

/* The last handle takes the place of h. */
static void model_drop(unsigned int h)
{
	unsigned long i;

	if (h != --nr_held) {
		held[h] = held[nr_held];
		for (i = 0; i < 1ul << held[h].order; i++)
			owner[held[h].pfn + i] = (unsigned short)(h + 1);
	}
}

/* --- steps --- */

static gfp_t random_gfp(void)
{
	static const gfp_t base[] = { GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_USER, GFP_HIGHUSER,
				      GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_MEMALLOC, 0 };
	static const gfp_t extra[] = { 0, 0, 0, 0, __GFP_COMP, __GFP_COMP, __GFP_RECLAIMABLE,
				      GFP_DMA,
				       GFP_DMA32, __GFP_THISNODE, __GFP_NORETRY };
	gfp_t gfp = base[prng_below(&rnd, ARRAY_SIZE(base))];
	gfp_t add = extra[prng_below(&rnd, ARRAY_SIZE(extra))];

	if (add & (GFP_DMA | GFP_DMA32))
		gfp &= ~__GFP_HIGHMEM;
	if (add & __GFP_RECLAIMABLE)
		gfp &= ~__GFP_MOVABLE;
	return gfp | add | __GFP_NOWARN;
}

static unsigned int random_order(void)
{
	unsigned int roll = prng_below(&rnd, 16);

	return roll < 8 ? 0 : roll < 13 ? prng_below(&rnd, 4) : prng_below(&rnd, MAX_ORDER);
}

static void took(struct page *page, unsigned int order, gfp_t gfp)
{
	unsigned long i;

	if (!page)
		return;
	object(page_zonenum(page) <= gfp_zone(gfp), "the zone is not allowed");
	object(page_count(page) == 1, "a new page has another count than 1");
	object(page_alloc_order(page) == order, "a new page has another order");
	for (i = 0; i < 1ul << order; i++)
		object(page_zone(page + i) == page_zone(page), "a block in two zones");
	model_take(page_to_pfn(page), order, gfp & __GFP_COMP);
}

static void step_alloc(void)
{
	unsigned int order = random_order(), way = prng_below(&rnd, 4);
	int nid = (int)prng_below(&rnd, num_online_nodes());
	gfp_t gfp = random_gfp();
	nodemask_t mask = { .bits = 1 + prng_below(&rnd, (1u << num_online_nodes()) - 1) };
	struct page *page;

	if (way == 0)
		page = alloc_pages_node(nid, gfp, order);
	else if (way == 1)
		page = __alloc_pages(gfp, order, nid, &mask);
	else
		page = alloc_pages(gfp, order);
	took(page, order, gfp);
	if (!page)
		return;
	if (way == 1)
		object(node_isset(page_to_nid(page), mask), "the node is not in the mask");
	if (gfp & __GFP_THISNODE && way <= 1)
		object(page_to_nid(page) == nid, "__GFP_THISNODE, from another node");
	if (gfp & __GFP_THISNODE && way > 1)
		object(page_to_nid(page) == cpu_to_node(kmm_cpu()),
		       "__GFP_THISNODE, not the CPU's");
}

static void step_bulk(void)
{
	struct page *slots[64] = { NULL };
	unsigned long n = 1 + prng_below(&rnd, 64), got, i;

	got = alloc_pages_bulk(GFP_KERNEL | __GFP_NOWARN, n, slots);
	object(got <= n, "bulk gave more than asked");
	for (i = 0; i < 64; i++) {
		object((slots[i] != NULL) == (i < got), "bulk counted wrong");
		took(slots[i], 0, GFP_KERNEL);
	}
}

/* Take certain frames: works if, and only if, all of them are free. */
static void step_at(void)
{
	unsigned int order = random_order();
	unsigned long pfn = ALIGN_DOWN((unsigned long)prng_below(&rnd, FRAMES), 1ul << order), i;
	bool all = true;
	struct page *page;

	for (i = 0; i < 1ul << order; i++)
		all = all && usable[pfn + i] && owner[pfn + i] == NOBODY;
	page = alloc_pages_at(pfn, order, GFP_KERNEL);
	object(!page || all, "alloc_pages_at() gave frames in use");
	object(page || !all || order == MAX_ORDER - 1, "alloc_pages_at() refused free frames");
	if (page && !wrong)
		took(page, order, GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE);
}

static void step_free(void)
{
	unsigned int h = prng_below(&rnd, nr_held);
	struct held *x = &held[h];
	struct page *page = pfn_to_page(x->pfn);

	if (!nr_held)
		return;
	x->refs--;
	if (x->compound && prng_below(&rnd, 2))
		put_page(page + prng_below(&rnd, 1u << x->order));
	else
		__free_pages(page, x->order);
	if (x->refs && !x->compound) {	/* only the first page waits for the last reference */
		model_give(h, 1);
		x->order = 0;
	}
	if (x->refs)
		return;
	model_give(h, 0);
	model_drop(h);
}

static void step_get(void)
{
	unsigned int h = prng_below(&rnd, nr_held);

	if (!nr_held || held[h].refs > 5)
		return;
	get_page(pfn_to_page(held[h].pfn));
	held[h].refs++;
	object((unsigned int)page_count(pfn_to_page(held[h].pfn)) == held[h].refs,
	       "references miscounted");
}

static void step_split(void)
{
	unsigned int h = prng_below(&rnd, nr_held), order = nr_held ? held[h].order : 0;
	unsigned long i, pfn = held[h].pfn;

	if (!nr_held || held[h].compound || held[h].refs != 1 || order > 6 ||
	    nr_held + (1u << order) >= MOST_HELD)
		return;
	split_page(pfn_to_page(pfn), order);
	model_give(h, 0);
	model_drop(h);
	for (i = 0; i < 1ul << order; i++)
		model_take(pfn + i, 0, false);
}

static bool block_in_one_zone(unsigned long pfn)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		if (pfn >= zone->zone_start_pfn && pfn + pageblock_nr_pages <= zone_end_pfn(zone) &&
		    pfn_valid(pfn) && page_zone(pfn_to_page(pfn)) == zone)
			return true;
	return false;
}

static void step_types(void)
{
	unsigned long pfn = prng_below(&rnd, FRAMES >> pageblock_order) << pageblock_order;
	unsigned int slot = prng_below(&rnd, 4);

	if (isolated[slot] && prng_below(&rnd, 2)) {
		undo_isolate_page_range(isolated[slot], isolated[slot] + 512,
					(int)prng_below(&rnd, 3));
		isolated[slot] = 0;
		return;
	}
	if (!block_in_one_zone(pfn) ||
	    get_pageblock_migratetype(pfn_to_page(pfn)) >= MIGRATE_PCPTYPES)
		return;
	if (isolated[slot] || prng_below(&rnd, 4)) {
		set_pageblock_migratetype(pfn_to_page(pfn), (int)prng_below(&rnd, 3));
		return;
	}
	object(!start_isolate_page_range(pfn, pfn + 512), "isolation refused");
	isolated[slot] = pfn;
}

static void step_sysctl(void)
{
	static const char *const values[][2] = {
		{ "min_free_kbytes", "0" }, { "min_free_kbytes", "700" },
		{ "min_free_kbytes", "3000" },
		{ "watermark_scale_factor", "10" }, { "watermark_scale_factor", "500" },
		{ "percpu_pagelist_high_fraction", "8" }, { "percpu_pagelist_high_fraction", "0" },
		{ "lowmem_reserve_ratio", "1 1 1 1" }, { "lowmem_reserve_ratio", "256 256 32 0" },
		{ "watermark_boost_factor", "0" }, { "compact_memory", "1" },
	};
	unsigned int i = prng_below(&rnd, ARRAY_SIZE(values));

	/* too many ratios for a machine with few zones */
	if (sysctl_vm_write(values[i][0], values[i][1]))
		object(values[i][0][0] == 'l', values[i][0]);
}

static void step_drain(void)
{
	if (prng_below(&rnd, 2))
		drain_all_pages(NULL);
	else
		drain_local_pages(next_zone(NULL));
}

static void step(void)
{
	unsigned int roll = prng_below(&rnd, 1000);

	if (roll < 40)
		host_set_cpu(prng_below(&rnd, nr_cpu_ids));
	else if (roll < 60)
		step_types();
	else if (roll < 66)
		step_sysctl();
	else if (roll < 80)
		step_drain();
	else if (roll < 120)
		step_get();
	else if (roll < 150)
		step_split();
	else if (roll < 200 && nr_held < MOST_HELD - 128)
		step_at();
	else if (roll < 230 && nr_held < MOST_HELD - 128)
		step_bulk();
	else if (roll < 620 && nr_held < MOST_HELD - 128)
		step_alloc();
	else
		step_free();
}

/* --- checks --- */

static unsigned long isolated_free(void)
{
	unsigned long pages = 0;
	unsigned int order;
	struct zone *zone;

	for_each_populated_zone(zone)
		for (order = 0; order < MAX_ORDER; order++)
			pages += zone->free_area[order].nr_free[MIGRATE_ISOLATE] << order;
	return pages;
}

static void give_all_back(void)
{
	unsigned int i;

	while (nr_held && !wrong) {
		struct held *x = &held[nr_held - 1];
		unsigned int order = x->order;

		while (x->refs--) {
			__free_pages(pfn_to_page(x->pfn), order);
			if (!x->compound)
				order = 0;
		}
		nr_held--;
	}
	for (i = 0; i < 4; i++)
		if (isolated[i])
			undo_isolate_page_range(isolated[i], isolated[i] + 512, MIGRATE_MOVABLE);
	drain_all_pages(NULL);
	set_pageblocks_movable();
	page_alloc_check();
}

static bool run_sequence(u64 seed, unsigned int steps, unsigned int every)
{
	u64 map = free_map_hash(false);
	unsigned int i;

	model_reset();
	prng_seed(&rnd, seed);
	object(nr_free_pages() == total, "free pages after boot");
	for (i = 0; i < steps && !wrong; i++) {
		step();
		object(all_free() + isolated_free() + owned == total,
		       "free and owned pages do not add up");
		if (!(i % every))
			page_alloc_check();
	}
	give_all_back();
	object(nr_free_pages() == total, "pages lost at the end");
	object(free_map_hash(false) == map, "the free map is not the one after boot");
	if (wrong)
		diag("seed %llu, step %u: %s", (unsigned long long)seed, i, wrong);
	return !wrong;
}

/* --- machines --- */

#define RAM(from, to)	{ (from), (to) - (from), E820_TYPE_RAM }
static const struct e820_entry holes[] = {
	RAM(0, 0x9fc00), RAM(0x100000, 0x503000), RAM(0x600000, 0xd01000), RAM(0xd05000, 0x1000000),
	RAM(0x1407000, 0x2800000), RAM(0x2a00000, 0x4001000), RAM(0x4007000, 0x4008000),
};
static const struct srat_mem ragged[] = {
	{ 0, 0x1803000, 0, false, 0 }, { 0x1803000, 0x0c00000, 1, false, 1 },
	{ 0x2403000, 0x1bfd000, 2, false, 2 },
};
static const struct e820_entry plain64[] = { RAM(0, 0x9fc00), RAM(0x100000, 0x4000000) };

static const struct { const char *name; struct machine m; unsigned int every; } machine[] = {
	{ "16 MiB", { .mem = 16 * MIB }, 1 },
	{ "32 MiB, 2 nodes, 2 CPUs", { .mem = 32 * MIB, .nodes = 2, .cpus = 2 }, 4 },
	{ "64 MiB, 3 nodes, 4 CPUs", { .mem = 64 * MIB, .nodes = 3, .cpus = 4 }, 8 },
	{ "direct map ends 2 frames into a pageblock",
	  { .mem = 48 * MIB, .cpus = 2, .direct_map_max = 24 * MIB + 2 * PAGE_SIZE }, 4 },
	{ "holes", { .e820 = holes, .nr_e820 = ARRAY_SIZE(holes), .cpus = 2 }, 4 },
	{ "holes, mem=33M cut", { .e820 = holes, .nr_e820 = ARRAY_SIZE(holes),
				 .cmdline = "mem=33M" }, 4 },
	{ "nodes that begin inside pageblocks",
	  { .e820 = plain64, .nr_e820 = 2, .srat = ragged, .nr_srat = 3, .cpus = 3 }, 8 },
	{ "movablecore=20M, no DMA zone", { .mem = 64 * MIB,
					   .cmdline = "movablecore=20M nozonedma" }, 8 },
	{ "shuffled", { .mem = 32 * MIB, .cmdline = "shuffle=1", .seed = 5, .cpus = 2 }, 4 },
	{ "flat, one migrate type",
	  { .mem = 32 * MIB, .cmdline = "memory_model=flat page_group_by_mobility=0" }, 4 },
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS 3
#define STEPS 1200u
#else
#define SEEDS BOOTED(12, 1)
#define STEPS BOOTED(4000u, 1200u)
#endif

static unsigned int now;	/* machine of the running case; a stop may end it */
static u64 now_seed, only_seed, more;

static void one_machine(void)
{
	u64 seed, first = only_seed ? only_seed : 1;
	u64 last = only_seed ? only_seed : SEEDS * (1 + more);
	unsigned int failed = 0;

	for (seed = first; seed <= last && failed < 3; seed++) {
		now_seed = seed;
		if (!machine_on(&machine[now].m))
			return;
		failed += !run_sequence(seed * 1000 + now, STEPS, machine[now].every);
		host_power_off();
	}
	is_int(failed, 0, "%s: %llu sequences of %u steps", machine[now].name,
	       (unsigned long long)(last - first + 1), STEPS);
	now_seed = 0;
}

int main(void)
{
	const char *seed = getenv("KMM_SEED");

	only_seed = seed ? strtoull(seed, NULL, 0) : 0;
	more = getenv("KMM_SOAK") ? 20 : 0;
	for (now = 0; now < ARRAY_SIZE(machine); now++) {
		run_case_named(one_machine, machine[now].name);
		if (now_seed)
			diag("%s: KMM_SEED=%llu", machine[now].name, (unsigned long long)now_seed);
	}
	return done_testing();
}
