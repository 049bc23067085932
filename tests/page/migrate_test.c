// SPDX-License-Identifier: MIT
/*
 * migrate_test.c - pageblocks and their types: pages of a kind stay together; who falls back
 * on whom; what is stolen, what is claimed; the reserve for atomic requests, CMA,
 * isolation. After each step every free block is on the lists of its pageblock's type
 * (page_alloc_check()), and the counters by type agree with the pageblocks.
 */
#include "machine.h"

#define MOVABLE	(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN)
#define RECLAIM	(GFP_KERNEL | __GFP_RECLAIMABLE | __GFP_NOWARN)
#define UNMOV	(GFP_KERNEL | __GFP_NOWARN)

static struct zone *main_zone(void)
{
	return zone_of(0, zone_possible(ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL);
}

static unsigned long free_of_type(const struct zone *zone, int mt)
{
	unsigned long pages = 0;
	unsigned int order;

	for (order = 0; order < MAX_ORDER; order++)
		pages += zone->free_area[order].nr_free[mt] << order;
	return pages;
}

static unsigned long blocks_of_type(const struct zone *zone, int mt)
{
	unsigned long i, n = 0;

	for (i = 1; i <= zone->nr_blocks; i++)
		n += block_exists(zone, i) && zone->blocks[i].migratetype == mt;
	return n;
}

/* --- grouping --- */

static void test_grouping(void)
{
	static const gfp_t kinds[] = { UNMOV, MOVABLE, RECLAIM };
	struct pile pile = { 0 };
	unsigned long wrong = 0, i;
	struct page *page;
	struct prng r;

	if (!MACHINE_ON(.mem = 128 * MIB))
		return;
	prng_seed(&r, 7);
	for (i = 0; i < 12000; i++) {
		gfp_t gfp = kinds[prng_below(&r, 3)];
		unsigned int order = prng_below(&r, 8) ? 0 : prng_below(&r, 4);

		page = alloc_pages(gfp, order);
		wrong += get_pageblock_migratetype(page) != gfp_migratetype(gfp);
		wrong += page_mobility(page) != gfp_migratetype(gfp);
		pile_add(&pile, page, order);
	}
	is_int(wrong, 0,
	       "with memory in plenty each of 12000 pages lies in a pageblock of its kind");
	ok(blocks_of_type(main_zone(), MIGRATE_UNMOVABLE) <= 14 &&
	   blocks_of_type(main_zone(), MIGRATE_RECLAIMABLE) <= 14,
	   "and no more pageblocks were taken than needed (%lu, %lu)",
	   blocks_of_type(main_zone(), MIGRATE_UNMOVABLE),
	   blocks_of_type(main_zone(), MIGRATE_RECLAIMABLE));
	page_alloc_check();
	pile_free(&pile);
	drain_all_pages(NULL);
	page_alloc_check();
}

static void test_grouping_off(void)
{
	struct pile pile = { 0 };
	unsigned long all;

	if (!MACHINE_ON(.mem = 64 * MIB, .cmdline = "page_group_by_mobility=0"))
		return;
	all = nr_free_pages();
	is_int(free_of_type(main_zone(), MIGRATE_UNMOVABLE), main_zone()->free_pages,
	       "all of one type at first");
	pile_fill(&pile, MOVABLE, 0, 5000);
	pile_fill(&pile, RECLAIM, 1, 500);
	pile_fill(&pile, UNMOV, 0, 1000);
	page_alloc_check();
	pile_free(&pile);
	nothing_lost(all, "mobility grouping off");
}

/* --- fallback order --- */

static const int fallback_order[3][2] = {
	{ MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	{ MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	{ MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

/*
 * A zone whose pageblocks are of the two other types only, each with a pattern of single free
 * pages.
 */
static void two_types(struct pile *pile, int first, int second)
{
	struct pile keep = { 0 };
	struct zone *zone = main_zone();
	unsigned long i;
	struct page *page;

	pile_fill(pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE, 0, 0);
	for (i = 1; i <= zone->nr_blocks; i++) {
		unsigned long pfn = (i + zone->first_block) << pageblock_order;

		set_pageblock_migratetype(pfn_to_page(pfn), i & 1 ? first : second);
	}	while ((page = pile_pop(pile)))
		if (page_zone(page) == zone && !(page_to_pfn(page) & 1) &&
		    page_to_pfn(page) % 512 < 64)
			__free_page(page);
		else
			pile_add(&keep, page, 0);
	drain_all_pages(NULL);
	*pile = keep;
}

static void test_fallback_order(void)
{
	static const gfp_t mobility[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };
	int mt;

	for (mt = 0; mt < 3; mt++) {
		struct pile pile = { 0 };
		struct page *page;
		int a = fallback_order[mt][0], b = fallback_order[mt][1];

		if (!MACHINE_ON(.mem = 64 * MIB))
			return;
		two_types(&pile, a, b);
		page_alloc_check();
		ok(free_of_type(main_zone(), a) > 100 && free_of_type(main_zone(), b) > 100,
		   "single pages of %s and %s", migratetype_names[a], migratetype_names[b]);
		page = alloc_pages(GFP_EVERYTHING | mobility[mt], 0);
		is_int(page ? (int)(((page_to_pfn(page) >> 9) - main_zone()->first_block) & 1) : -1,
		       1,
		       "  a %s request takes from %s", migratetype_names[mt], migratetype_names[a]);
		page_alloc_check();
		while (page) {
			pile_add(&pile, page, 0);
			page = alloc_pages(GFP_EVERYTHING | mobility[mt], 0);
		}
		is_int(free_of_type(main_zone(), a) + free_of_type(main_zone(), b), 0,
		       "  then from the other");
		page_alloc_check();
		pile_free(&pile);
		drain_all_pages(NULL);
		page_alloc_check();
		host_power_off();
	}
}

/* --- stolen or claimed --- */

/*
 * Everything taken as movable, then in one pageblock `nr` pages from offset 0 freed. Returns its
 * first frame.
 */
static unsigned long open_block(struct pile *pile, unsigned long nr)
{
	unsigned long pfn = 10 * MAX_ORDER_NR_PAGES;
	struct pile keep = { 0 };
	struct page *page;

	pile_fill(pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE, 0, 0);
	while ((page = pile_pop(pile)))
		if (page_to_pfn(page) - pfn < nr)
			__free_page(page);
		else
			pile_add(&keep, page, 0);
	drain_all_pages(NULL);
	*pile = keep;
	return pfn;
}

static void claims(const char *what, gfp_t gfp, unsigned long nr_free, bool claimed)
{
	struct pile pile = { 0 };
	struct page *page;
	unsigned long pfn;
	u64 steals, claim;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	pfn = open_block(&pile, nr_free);
	steals = vm_events[EXTFRAG_STEAL];
	claim = vm_events[EXTFRAG_CLAIM];
	page = alloc_pages(GFP_EVERYTHING | gfp, 0);
	ok(page && page_to_pfn(page) - pfn < nr_free,
	   "%s, %lu pages free among movable ones: found", what, nr_free);
	is_int(get_pageblock_migratetype(pfn_to_page(pfn)),
	       claimed ? gfp_migratetype(gfp) : MIGRATE_MOVABLE,
	       "  the pageblock is %s", claimed ? "claimed" : "not claimed");
	ok(vm_events[EXTFRAG_STEAL] > steals, "  counted as a fallback");
	is_int(vm_events[EXTFRAG_CLAIM] > claim, claimed, "  and as a claim, if it was");
	page_alloc_check();
	if (page)
		__free_page(page);
	pile_free(&pile);
	drain_all_pages(NULL);
	page_alloc_check();
	host_power_off();
}

static void test_claims(void)
{
	claims("unmovable", 0, 1, false);
	claims("unmovable", 0, 255, false);
	claims("unmovable", 0, 256, true);
	claims("unmovable", 0, 511, true);
	claims("unmovable", 0, 512, true);
	claims("reclaimable", __GFP_RECLAIMABLE, 300, true);
	claims("reclaimable", __GFP_RECLAIMABLE, 100, false);
}

/* A movable request breaks the smallest block of others, a polluting one the largest. */
static void test_smallest_or_largest(void)
{
	struct pile pile = { 0 }, keep = { 0 };
	unsigned long pfn;
	struct page *page, *p;
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	pfn = open_block(&pile, 0);
	for (i = 0; i < 2; i++)			/* both pageblocks unmovable, nearly full */
		set_pageblock_migratetype(pfn_to_page(pfn + i * 512), MIGRATE_UNMOVABLE);
	while ((p = pile_pop(&pile)))		/* free: one page at 3, four at 512 */
		if (page_to_pfn(p) == pfn + 3 || page_to_pfn(p) - (pfn + 512) < 4)
			__free_page(p);
		else
			pile_add(&keep, p, 0);
	drain_all_pages(NULL);
	page = alloc_pages(GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE, 0);
	is_int(page ? page_to_pfn(page) : 0, pfn + 3,
	       "a movable request takes the smallest block of another type");
	drain_all_pages(NULL);
	page_alloc_check();
	if (page)
		__free_page(page);
	drain_all_pages(NULL);
	page = alloc_pages(GFP_EVERYTHING | __GFP_RECLAIMABLE, 0);
	is_int(page ? page_to_pfn(page) : 0, pfn + 512, "a reclaimable one the largest");
	page_alloc_check();
	if (page)
		__free_page(page);
	pile_free(&keep);
	drain_all_pages(NULL);
	page_alloc_check();
}

/* --- NOFRAGMENT --- */

static void test_nofragment(void)
{
	struct pile pile = { 0 }, keep = { 0 };
	struct zone *normal, *dma32;
	struct page *page;

	if (sizeof(void *) == 4 || !MACHINE_ON(.mem = 4 * GIB, .cmdline = "mem=4352M"))
		return;		/* 3 GiB of DMA32, 256 MiB of Normal */
	normal = zone_of(0, ZONE_NORMAL);
	dma32 = zone_of(0, ZONE_DMA32);
	if (!ok(normal->managed_pages && dma32->managed_pages, "Normal (%lu) above DMA32",
		normal->managed_pages))
		return;
	/* Normal half full, every free block a single page of a movable pageblock. */
	while (normal->free_pages > low_wmark_pages(normal) + 2000)
		if (!pile_fill(&pile, MOVABLE, 0, 1))
			break;
	while ((page = pile_pop(&pile)))
		if (page_to_pfn(page) & 1)
			__free_page(page);
		else
			pile_add(&keep, page, 0);
	drain_all_pages(NULL);
	pile_fill(&keep, MOVABLE, 9, 64);
	pile_fill(&keep, MOVABLE, 3, 400);
	page = alloc_pages(UNMOV, 0);
	is_int(page ? (int)page_zonenum(page) : -1,
	       blocks_of_type(normal, MIGRATE_UNMOVABLE) ? ZONE_NORMAL : ZONE_DMA32,
	       "unmovable: a pageblock of its own, if need be in the lower zone");
	is_int(page ? get_pageblock_migratetype(page) : -1, MIGRATE_UNMOVABLE,
	       "  not among movable pages");
	page_alloc_check();
}

/* --- the reserve --- */

/* Atomic requests on a machine at its min mark. */
static void test_highatomic(void)
{
	struct pile pile = { 0 }, atomic = { 0 };
	struct zone *zone;
	unsigned long limit, blocks, all, left;

	if (!MACHINE_ON(.mem = 512 * MIB))
		return;
	all = nr_free_pages();
	zone = main_zone();
	limit = zone->managed_pages / 100 + pageblock_nr_pages;
	pile_fill(&pile, UNMOV, 0, 0);
	is_int(zone->nr_reserved_highatomic, 0, "no reserve as long as nobody needs it");
	pile_fill(&atomic, GFP_ATOMIC, 3, 300);
	blocks = blocks_of_type(zone, MIGRATE_HIGHATOMIC);
	ok(blocks > 0, "atomic high-order requests below the mark reserve pageblocks (%lu)",
	   blocks);
	is_int(zone->nr_reserved_highatomic, blocks * pageblock_nr_pages, "  counted");
	ok(zone->nr_reserved_highatomic < limit + pageblock_nr_pages,
	   "  at most 1 %% and a pageblock");
	page_alloc_check();
	pile_free(&atomic);
	drain_all_pages(NULL);
	page_alloc_check();
	left = zone->free_highatomic;
	ok(left > 0, "their pages go back to the reserve (%lu)", left);
	pile_fill(&pile, GFP_ATOMIC, 0, 0);
	ok(zone->free_highatomic == left || blocks_of_type(zone, MIGRATE_HIGHATOMIC) < blocks,
	   "single atomic pages do not come from it");
	pile_fill(&atomic, GFP_ATOMIC, 2, 1);
	page_alloc_check();
	pile_free(&atomic);
	pile_free(&pile);
	nothing_lost(all, "the reserve");
}

static void test_unreserve(void)
{
	struct pile pile = { 0 }, atomic = { 0 };
	struct zone *zone;
	unsigned long before, got;

	if (!MACHINE_ON(.mem = 512 * MIB))
		return;
	zone = main_zone();
	is_int(sysctl_vm_write("min_free_kbytes", "65536"), 0, "a high min mark");
	pile_fill(&pile, UNMOV, 0, 0);
	got = pile_fill(&atomic, GFP_ATOMIC, 3, 900);
	pile_free(&atomic);
	drain_all_pages(NULL);
	before = zone->nr_reserved_highatomic;
	diag("%lu atomic blocks, %lu free", got, zone->free_pages);
	ok(before > pageblock_nr_pages, "a reserve of %lu pages", before);
	pile_fill(&pile, GFP_KERNEL, 0, 0);
	pile_fill(&pile, GFP_KERNEL, 0, 0);
	pile_fill(&pile, GFP_KERNEL, 0, 0);
	ok(zone->nr_reserved_highatomic < before, "who would fail gets pageblocks of it back (%lu)",
	   zone->nr_reserved_highatomic);
	is_int(zone->nr_reserved_highatomic,
	       blocks_of_type(zone, MIGRATE_HIGHATOMIC) * pageblock_nr_pages,
	       "counted rightly");
	page_alloc_check();
	pile_free(&pile);
	drain_all_pages(NULL);
	page_alloc_check();
}

/* --- CMA --- */

#define CMA_PFN	(8 * MAX_ORDER_NR_PAGES)	/* 32 MiB */
#define CMA_BLOCKS 4

/* Take pageblocks for good, as a boot-time reservation would have them, and give them to CMA. */
static void make_cma(void)
{
	unsigned long i, k;

	for (i = 0; i < CMA_BLOCKS; i++) {
		struct page *page = alloc_pages_at(CMA_PFN + i * 512, 9, GFP_KERNEL);
		struct zone *zone = page_zone(page);

		for (k = 0; k < 512; k++) {
			page[k].flags = (page[k].flags & PAGE_ZONE_MASK) | PG_reserved;
			page[k]._refcount = 1;
		}
		zone->managed_pages -= 512;
		totalram_pages -= 512;
		init_cma_reserved_pageblock(page);
	}
}

static bool in_cma(const struct page *page)
{
	return page_to_pfn(page) - CMA_PFN < CMA_BLOCKS * 512;
}

static unsigned long cma_pages_of(struct pile *pile)
{
	unsigned long n = 0;
	struct page *page = pile->first;

	for (; page; page = (struct page *)(uintptr_t)page->private)
		n += in_cma(page);
	return n;
}

static void test_cma(void)
{
	struct pile pile = { 0 };
	struct zone *zone;
	unsigned long all;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	all = nr_free_pages();
	make_cma();
	zone = page_zone(pfn_to_page(CMA_PFN));
	nothing_lost(all, "pageblocks given to CMA are free");
	is_int(zone->free_cma_pages, CMA_BLOCKS * 512, "as CMA pages");
	is_int(zone->cma_pages, CMA_BLOCKS * 512, "of the zone");
	pile_fill(&pile, GFP_EVERYTHING, 0, 0);
	is_int(cma_pages_of(&pile), 0, "no unmovable page is among them");
	pile_fill(&pile, GFP_EVERYTHING | __GFP_RECLAIMABLE, 0, 0);
	is_int(cma_pages_of(&pile), 0, "no reclaimable one");
	is_int(zone->free_cma_pages, CMA_BLOCKS * 512, "all are left when the rest is full");
	pile_fill(&pile, GFP_EVERYTHING | __GFP_MOVABLE, 0, 0);
	is_int(cma_pages_of(&pile), CMA_BLOCKS * 512, "movable pages have them all");
	page_alloc_check();
	pile_free(&pile);
	nothing_lost(all, "they come back");
	is_int(zone->free_cma_pages, CMA_BLOCKS * 512, "to CMA");
	is_int(blocks_of_type(zone, MIGRATE_CMA), CMA_BLOCKS, "no fallback took a CMA pageblock");
}

/* Free CMA pages are none for a caller that may not use them. */
static void test_cma_marks(void)
{
	struct zone *zone;
	unsigned long free;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	make_cma();
	zone = page_zone(pfn_to_page(CMA_PFN));
	free = zone->free_pages;
	ok(zone_watermark_ok(zone, 0, free - 1, zone->idx, ALLOC_CMA),
	   "with ALLOC_CMA all free pages count");
	ok(!zone_watermark_ok(zone, 0, free - CMA_BLOCKS * 512, zone->idx, 0),
	   "without, CMA's do not");
	ok(zone_watermark_ok(zone, 0, free - CMA_BLOCKS * 512 - 1, zone->idx, 0),
	   "  but the others do");
}

/* --- isolation --- */

#define ISO_PFN		(6 * MAX_ORDER_NR_PAGES)

static unsigned long pages_in_range(struct pile *pile, unsigned long start, unsigned long end)
{
	struct page *page = pile->first;
	unsigned long n = 0;

	for (; page; page = (struct page *)(uintptr_t)page->private)
		n += page_to_pfn(page) >= start && page_to_pfn(page) < end;
	return n;
}

static void test_isolate(void)
{
	struct pile pile = { 0 }, inside = { 0 };
	unsigned long all, end = ISO_PFN + 4 * 512;
	struct zone *zone;
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	all = nr_free_pages();
	pile_fill(&pile, GFP_EVERYTHING | __GFP_MOVABLE, 0, 0);
	zone = page_zone(pfn_to_page(ISO_PFN));
	is_int(start_isolate_page_range(ISO_PFN, end), 0, "four pageblocks in use are isolated");
	is_int(zone->nr_isolate_pageblock, 4, "counted");
	is_int(start_isolate_page_range(ISO_PFN - 512, ISO_PFN + 512), -EBUSY, "not twice");
	is_int(zone->nr_isolate_pageblock, 4, "and what was begun is undone");
	is_int(get_pageblock_migratetype(pfn_to_page(ISO_PFN - 512)), MIGRATE_MOVABLE,
	       "  as it was");
	pile_free(&pile);
	drain_all_pages(NULL);
	page_alloc_check();
	is_int(nr_free_pages(), all - 4 * 512, "pages freed there are not free for use");
	is_int(free_of_type(zone, MIGRATE_ISOLATE), 4 * 512, "but they are all there");
	pile_fill(&pile, GFP_EVERYTHING | __GFP_MOVABLE, 0, 0);
	is_int(pages_in_range(&pile, ISO_PFN, end), 0, "nobody gets one");
	page = alloc_pages_at(ISO_PFN, 9, GFP_KERNEL);
	ok(page, "but who names the frame");
	__free_pages(page, 9);
	page_alloc_check();
	undo_isolate_page_range(ISO_PFN, end, MIGRATE_MOVABLE);
	is_int(zone->nr_isolate_pageblock, 0, "undone");
	pile_fill(&inside, GFP_EVERYTHING | __GFP_MOVABLE, 0, 0);
	is_int(pages_in_range(&inside, ISO_PFN, end), 4 * 512, "they are to be had again");
	pile_free(&inside);
	pile_free(&pile);
	nothing_lost(all, "isolation");
}

/* Pages in the lists of other CPUs leave them for the isolated pageblock. */
static void test_isolate_pcp(void)
{
	struct page *page;
	unsigned long pfn, all, i, usable = 0;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	all = nr_free_pages();
	host_set_cpu(1);
	page = alloc_page(MOVABLE);
	__free_page(page);
	pfn = page_to_pfn(page) & ~511ul;
	for (i = 0; i < 512; i++)
		usable += !PageReserved(pfn_to_page(pfn + i));
	host_set_cpu(0);
	is_int(start_isolate_page_range(pfn, pfn + 512), 0,
	       "a pageblock with pages in another CPU's list");
	is_int(free_of_type(page_zone(page), MIGRATE_ISOLATE), usable, "all its pages are in it");
	page_alloc_check();
	undo_isolate_page_range(pfn, pfn + 512, MIGRATE_UNMOVABLE);
	is_int(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE, "given back as another type");
	nothing_lost(all, "isolation of listed pages");
}

/*
 * Isolating a pageblock of the reserve and giving it back: the reserve must not count it any
 * more.
 */
static void test_isolate_reserve(void)
{
	struct pile pile = { 0 }, atomic = { 0 };
	struct zone *zone;
	unsigned long pfn = 0, i;

	if (!MACHINE_ON(.mem = 512 * MIB))
		return;
	zone = main_zone();
	pile_fill(&pile, UNMOV, 0, 0);
	pile_fill(&atomic, GFP_ATOMIC, 3, 300);
	for (i = 1; i <= zone->nr_blocks; i++)
		if (zone->blocks[i].migratetype == MIGRATE_HIGHATOMIC)
			pfn = (i + zone->first_block) << pageblock_order;
	if (!ok(pfn, "there is a reserve"))
		return;
	is_int(start_isolate_page_range(pfn, pfn + 512), 0, "one of its pageblocks is isolated");
	undo_isolate_page_range(pfn, pfn + 512, MIGRATE_MOVABLE);
	is_int(zone->nr_reserved_highatomic, blocks_of_type(zone, MIGRATE_HIGHATOMIC) * 512,
	       "the reserve counts the pageblocks it has");
	pile_free(&atomic);
	pile_free(&pile);
	drain_all_pages(NULL);
	page_alloc_check();
}

/* An order-10 block in use whose two pageblocks get different types. */
static void test_order10_mixed(void)
{
	static const int types[] = { MIGRATE_ISOLATE, MIGRATE_CMA, MIGRATE_HIGHATOMIC,
				    MIGRATE_RECLAIMABLE };
	unsigned int i, half;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		for (half = 0; half < 2; half++) {
			struct page *page;
			unsigned long all, pfn;

			if (!MACHINE_ON(.mem = 64 * MIB))
				return;
			all = nr_free_pages();
			page = alloc_pages(MOVABLE, 10);
			pfn = page_to_pfn(page) + half * 512;
			set_pageblock_migratetype(pfn_to_page(pfn), types[i]);
			__free_pages(page, 10);
			drain_all_pages(NULL);
			is_int(nr_free_pages(), all - (types[i] == MIGRATE_ISOLATE ? 512 : 0),
			       "an order-10 block with pageblock %u %s is freed right", half,
			       migratetype_names[types[i]]);
			page_alloc_check();
			set_pageblock_migratetype(pfn_to_page(pfn), MIGRATE_MOVABLE);
			page_alloc_check();
			ok(pfn_block(page_zone(page), pfn)->flags & PB_IN_MAX_ORDER,
			   "  and whole again");
			host_power_off();
		}
}

/* Every pair of types: free blocks of every order move along and back. */
static void test_set_types(void)
{
	unsigned long all, pfn = ISO_PFN;
	struct page *page;
	int from, to;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	/* leaves one free block of each order 0 to 8 */
	page = alloc_pages_at(pfn + 3, 0, GFP_KERNEL);
	drain_all_pages(NULL);
	all = nr_free_pages();
	for (from = 0; from < MIGRATE_TYPES; from++)
		for (to = 0; to < MIGRATE_TYPES; to++) {
			set_pageblock_migratetype(page, from);
			page_alloc_check();
			set_pageblock_migratetype(page, to);
			page_alloc_check();
			if (nr_free_pages() != all - (to == MIGRATE_ISOLATE ? 511 : 0))
				fail("free pages after %s to %s", migratetype_names[from],
				     migratetype_names[to]);
		}
	pass("36 changes of type, counted");
	set_pageblock_migratetype(page, MIGRATE_MOVABLE);
	__free_page(page);
	nothing_lost(all + 1, "after all of them");
}

int main(void)
{
	run_case(test_grouping);
	run_case(test_grouping_off);
	run_case(test_fallback_order);
	run_case(test_claims);
	run_case(test_smallest_or_largest);
	run_case(test_nofragment);
	run_case(test_highatomic);
	run_case(test_unreserve);
	run_case(test_cma);
	run_case(test_cma_marks);
	run_case(test_isolate);
	run_case(test_isolate_pcp);
	run_case(test_isolate_reserve);
	run_case(test_order10_mixed);
	run_case(test_set_types);
	return done_testing();
}
