// SPDX-License-Identifier: MIT
/*
 * api_test.c - every function of <kmm/gfp.h> and <kmm/mm.h> does what its header says:
 * zones, nodes, zeroes, compound pages, references, exact sizes, bulk, addresses; and
 * what is done wrong is reported, costs the page, and nothing else.
 */
#include "machine.h"

#define SLOTS 512
static struct page *slots[SLOTS];

/* --- zones --- */

struct zone_case { gfp_t gfp; enum zone_type zone; };

/* Three times each order: from the zone, from the CPU's lists, and with every other bit set. */
static void zones_are(const char *what, const struct zone_case *c, unsigned int nr)
{
	static const unsigned int orders[] = { 0, 1, 3, 4, 9, 10 };
	unsigned int i, k, round, wrong = 0, none = 0;

	for (i = 0; i < nr; i++)
		for (k = 0; k < ARRAY_SIZE(orders); k++)
			for (round = 0; round < 3; round++) {
				gfp_t gfp = c[i].gfp | GFP_KERNEL | (round == 2 ? GFP_ATOMIC : 0);
				struct page *page = alloc_pages(gfp, orders[k]);

				if (!page) {
					none += c[i].zone != ZONE_DMA || orders[k] < 10;
					continue;
				}
				if (page_zonenum(page) != c[i].zone) {
					wrong++;
					diag("%s: mask %#x order %u: zone %s", what, gfp, orders[k],
					     page_zone(page)->name);
				}
				wrong += gfp_zone(gfp) < page_zonenum(page);
				__free_pages(page, orders[k]);
			}
	is_int(wrong, 0, "%s: every mask, every order from its zone", what);
	is_int(none, 0, "%s: none fails", what);
	page_alloc_check();
}

static void test_zones_pc(void)
{
	static const struct zone_case c[] = {
		{ 0, ZONE_NORMAL }, { __GFP_DMA, ZONE_DMA }, { __GFP_DMA32, ZONE_DMA32 },
		{ __GFP_HIGHMEM, ZONE_NORMAL }, { __GFP_MOVABLE, ZONE_NORMAL },
		{ __GFP_DMA | __GFP_MOVABLE, ZONE_DMA }, { __GFP_RECLAIMABLE, ZONE_NORMAL },
		{ __GFP_DMA32 | __GFP_MOVABLE, ZONE_DMA32 },
		{ __GFP_DMA32 | __GFP_RECLAIMABLE, ZONE_DMA32 },
		{ __GFP_HIGHMEM | __GFP_MOVABLE, ZONE_NORMAL },
	};

	if (sizeof(void *) == 4 || !MACHINE_ON(.mem = 5 * GIB))
		return;
	zones_are("a PC", c, ARRAY_SIZE(c));
}

static void test_zones_movable(void)
{
	static const struct zone_case c[] = {
		{ 0, ZONE_NORMAL }, { __GFP_MOVABLE, ZONE_NORMAL }, { __GFP_HIGHMEM, ZONE_NORMAL },
		{ __GFP_HIGHMEM | __GFP_MOVABLE, ZONE_MOVABLE }, { __GFP_DMA, ZONE_DMA },
	};

	if (sizeof(void *) == 4 || !MACHINE_ON(.mem = 5 * GIB, .cmdline = "movablecore=512M"))
		return;
	zones_are("movablecore=", c, ARRAY_SIZE(c));
}

static void test_zones_no_dma(void)
{
	static const struct zone_case c[] = {
		{ 0, ZONE_DMA32 }, { __GFP_DMA, ZONE_DMA32 }, { __GFP_DMA32, ZONE_DMA32 },
	};

	if (sizeof(void *) == 4 || !MACHINE_ON(.mem = 256 * MIB, .cmdline = "nozonedma"))
		return;
	zones_are("nozonedma", c, ARRAY_SIZE(c));
}

static void test_zones_ia32(void)
{
	static const struct zone_case c[] = {
		{ 0, ZONE_NORMAL }, { __GFP_DMA, ZONE_DMA }, { __GFP_DMA32, ZONE_NORMAL },
		{ __GFP_HIGHMEM, ZONE_HIGHMEM }, { __GFP_MOVABLE, ZONE_NORMAL },
		{ __GFP_HIGHMEM | __GFP_MOVABLE, ZONE_HIGHMEM },
	};
	unsigned long addr;
	struct page *page;

	if (!MACHINE_ON(.mem = 2 * GIB, .ia32 = true))
		return;
	zones_are("IA-32", c, ARRAY_SIZE(c));
	page = alloc_page(GFP_HIGHUSER);
	ok(page && !page_address(page), "high memory has no address");
	clear_highpage(page);
	__free_page(page);
	addr = __get_free_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	ok(addr && page_zonenum(virt_to_page((void *)addr)) == ZONE_NORMAL,
	   "__get_free_page() never gives high memory");
	free_page(addr);
	page = NULL;
	addr = (unsigned long)(uintptr_t)alloc_pages_exact(3 * PAGE_SIZE, GFP_HIGHUSER);
	ok(addr, "nor does alloc_pages_exact()");
	free_pages_exact((void *)(uintptr_t)addr, 3 * PAGE_SIZE);
	page_alloc_check();
}

static void ask_for(void *arg)
{
	struct page *page = alloc_page(*(gfp_t *)arg);

	if (page)
		__free_page(page);
}

static void test_masks_without_meaning(void)
{
	gfp_t bad[] = {
		__GFP_DMA | __GFP_HIGHMEM, __GFP_DMA | __GFP_DMA32, __GFP_DMA32 | __GFP_HIGHMEM,
		__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM, __GFP_MOVABLE | __GFP_RECLAIMABLE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		gfp_t gfp = bad[i] | GFP_KERNEL;

		if (!MACHINE_ON(.mem = 64 * MIB))
			return;
		ok(stops(ask_for, &gfp), "mask %#x means nothing and stops the machine", gfp);
		host_power_off();
	}
}

/* --- nodes --- */

/* From each node another order: nothing here is symmetric or sorted. */
static const u8 uneven[16] = {
	10, 40, 20, 30,
	21, 10, 41, 31,
	30, 20, 10, 40,
	22, 33, 44, 10,
};
static const s32 one_cpu_each[4] = { 0, 1, 2, 3 };

static bool four_nodes(void)
{
	return MACHINE_ON(.mem = 256 * MIB, .nodes = 4, .cpus = 4, .slit = uneven, .nr_slit = 4,
			  .cpu_node = one_cpu_each);
}

/* The order in which nodes give their first page while a machine is filled from node nid. */
static void order_of_nodes(int nid, gfp_t gfp, int seen[4], struct pile *pile)
{
	unsigned int n = 0, i;
	struct page *page;

	for (i = 0; i < 4; i++)
		seen[i] = -1;
	while ((page = alloc_pages_node(nid, gfp | __GFP_NOWARN, 0))) {
		int node = page_to_nid(page);

		for (i = 0; i < n && seen[i] != node; i++)
			continue;
		if (i == n && n < 4)
			seen[n++] = node;
		pile_add(pile, page, 0);
	}
}

static void test_fallback_order(void)
{
	struct pile pile = { 0 };
	int nid, seen[4], want[4], k, j;
	unsigned long before;

	if (!four_nodes())
		return;
	before = all_free();
	for (nid = 0; nid < 4; nid++) {
		for (k = 0; k < 4; k++)
			want[k] = k;
		for (k = 0; k < 4; k++)		/* sorted by distance */
			for (j = k + 1; j < 4; j++)
				if (uneven[nid * 4 + want[j]] < uneven[nid * 4 + want[k]]) {
					int t = want[j];

					want[j] = want[k];
					want[k] = t;
				}
		order_of_nodes(nid, GFP_KERNEL, seen, &pile);
		ok(!memcmp(seen, want, sizeof(want)), "from node %d: %d %d %d %d (got %d %d %d %d)",
		   nid,
		   want[0], want[1], want[2], want[3], seen[0], seen[1], seen[2], seen[3]);
		pile_free(&pile);
		nothing_lost(before, "all nodes emptied and refilled");
	}
}

/* Of nodes equally near, one without CPUs goes first: nobody there needs its memory. */
static void test_headless_node(void)
{
	static const s32 cpus[2] = { 0, 1 };

	if (!MACHINE_ON(.mem = 96 * MIB, .nodes = 3, .cpus = 2, .cpu_node = cpus))
		return;
	ok(log_says("Fallback order for Node 0: 0 2 1"),
	   "node 0 falls back on the headless node 2");
	ok(log_says("Fallback order for Node 1: 1 2 0"), "node 1 too");
}

static void test_own_node_first(void)
{
	unsigned int cpu, order;
	int wrong = 0;

	if (!four_nodes())
		return;
	for (cpu = 0; cpu < 4; cpu++) {
		host_set_cpu(cpu);
		for (order = 0; order < MAX_ORDER; order++) {
			struct page *a = alloc_pages(GFP_KERNEL, order);
			struct page *b = alloc_pages_node(NUMA_NO_NODE, GFP_KERNEL, order);
			struct page *c = alloc_pages_node(3 - (int)cpu, GFP_KERNEL, order);

			wrong += !a || page_to_nid(a) != (int)cpu;
			wrong += !b || page_to_nid(b) != (int)cpu;
			wrong += !c || page_to_nid(c) != 3 - (int)cpu;
			__free_pages(a, order);
			__free_pages(b, order);
			__free_pages(c, order);
		}
	}
	is_int(wrong, 0,
	       "alloc_pages() prefers the CPU's node, alloc_pages_node() the one it is told");
	host_set_cpu(0);
	ok(!alloc_pages_node(5, GFP_KERNEL | __GFP_NOWARN, 0),
	   "a node that is not there has no pages");
	slots[0] = NULL;
	is_int(alloc_pages_bulk_node(GFP_KERNEL | __GFP_NOWARN, 5, 1, slots), 0, "nor in bulk");
	page_alloc_check();
}

static void test_thisnode(void)
{
	struct pile pile = { 0 };
	struct page *page;
	unsigned long others = 0;

	if (!four_nodes())
		return;
	while ((page = alloc_pages_node(2, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 0))) {
		others += page_to_nid(page) != 2;
		pile_add(&pile, page, 0);
	}
	is_int(others, 0, "__GFP_THISNODE: only from there");
	ok(pile.blocks > 8000, "nearly all of the node's 16384 pages (%lu)", pile.blocks);
	pile_free(&pile);
	page_alloc_check();
}

/*
 * Node 1 has no memory below 16 MiB: there is nothing to give, even if a CPU's list holds such
 * pages.
 */
static void test_thisnode_no_such_zone(void)
{
	struct page *held, *page;

	if (!four_nodes())
		return;
	slots[0] = slots[1] = NULL;
	host_set_cpu(1);
	held = alloc_page(GFP_KERNEL | GFP_DMA);
	is_int(held ? page_to_nid(held) : -1, 0,
	       "DMA memory for a CPU of node 1 comes from node 0");
	__free_page(held);	/* now in this CPU's list */
	page = alloc_page(GFP_KERNEL | GFP_DMA | __GFP_THISNODE | __GFP_NOWARN);
	ok(!page, "with __GFP_THISNODE there is none (got one of node %d)",
	   page ? page_to_nid(page) : -1);
	page = alloc_pages_node(1, GFP_KERNEL | GFP_DMA | __GFP_THISNODE | __GFP_NOWARN, 0);
	ok(!page, "nor by alloc_pages_node()");
	is_int(alloc_pages_bulk(GFP_KERNEL | GFP_DMA | __GFP_THISNODE | __GFP_NOWARN, 2, slots), 0,
	       "nor by alloc_pages_bulk()");
}

static void test_nodemask(void)
{
	nodemask_t mask = NODE_MASK_NONE;
	struct pile pile = { 0 };
	struct page *page;
	unsigned long outside = 0, first = 0;

	if (!four_nodes())
		return;
	ok(!__alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0, 0, &mask), "no node allowed: no page");
	node_set(1, &mask);
	node_set(3, &mask);
	while ((page = __alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0, 0, &mask))) {
		outside += !node_isset(page_to_nid(page), mask);
		first += page_to_nid(page) == 3 && pile.blocks < 5000;
		pile_add(&pile, page, 0);
	}
	is_int(outside, 0, "only from nodes of the mask");
	is_int(first, 5000, "the nearer of the two first");
	ok(pile.blocks > 25000, "nearly all of both (%lu pages)", pile.blocks);
	page = alloc_page(GFP_KERNEL);
	is_int(page ? page_to_nid(page) : -1, 0, "who is not restricted still gets the own node");
	__free_page(page);
	page = __alloc_pages(GFP_KERNEL, 3, 2, NULL);
	is_int(page ? page_to_nid(page) : -1, 2, "no mask: as alloc_pages_node()");
	__free_pages(page, 3);
	pile_free(&pile);
	page_alloc_check();
}

/* --- zeroes --- */

static void test_zero(void)
{
	unsigned int order, i, dirty = 0, round;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	for (order = 0; order < MAX_ORDER; order++)
		for (round = 0; round < 2; round++) {
			struct page *page = alloc_pages(GFP_KERNEL, order);

			memset(page_address(page), 0x5a, PAGE_SIZE << order);
			__free_pages(page, order);
			page = alloc_pages(GFP_KERNEL | __GFP_ZERO | (round ? __GFP_COMP : 0),
					   order);
			for (i = 0; i < 1u << order; i++)
				dirty += !page_is_filled(page + i, 0);
			__free_pages(page, order);
		}
	is_int(dirty, 0, "__GFP_ZERO: zeroes, in every order, after others' bytes");
}

static void test_addresses(void)
{
	unsigned long addr;
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	addr = __get_free_page(GFP_KERNEL);
	memset((void *)addr, 0xff, PAGE_SIZE);
	free_page(addr);
	addr = get_zeroed_page(GFP_KERNEL);
	page = virt_to_page((void *)addr);
	ok(page_is_filled(page, 0), "get_zeroed_page()");
	ok(page_address(page) == (void *)addr && page_to_phys(page) == __pa(addr), "and back");
	ok(phys_to_page(page_to_phys(page)) == page && pfn_to_page(page_to_pfn(page)) == page,
	   "and on");
	is_int(page_count(page), 1, "one reference");
	free_page(addr);
	addr = __get_dma_pages(GFP_KERNEL, 2);
	ok(addr && __pa(addr) + 4 * PAGE_SIZE <= 16 * MIB, "__get_dma_pages() below 16 MiB");
	free_pages(addr, 2);
	free_pages(0, 3);
	free_page(0);
	pass("address 0 is ignored");
	page_alloc_check();
}

/* --- compound pages and references --- */

static void test_compound(void)
{
	unsigned int order, i, wrong = 0;
	unsigned long before;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	before = all_free();
	for (order = 1; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
		struct page *last = page + (1u << order) - 1;

		wrong += !PageHead(page) || PageTail(page) || !PageCompound(page);
		wrong += compound_order(page) != order || compound_nr(page) != 1ul << order;
		for (i = 1; i < 1u << order; i++)
			wrong += !PageTail(page + i) || PageHead(page + i) ||
				compound_head(page + i) != page;
		get_page(last);
		wrong += page_count(page) != 2 || page_count(last) != 2;
		__free_pages(page, order);
		wrong += page_count(last) != 1 || !PageTail(last);
		put_page(page + 1);
	}
	is_int(wrong, 0, "head, tails, order and references of compound pages of orders 1 to 10");
	nothing_lost(before, "the last reference, dropped through a tail, frees all of it");
	is_int(PageCompound(alloc_page(GFP_KERNEL | __GFP_COMP)), 0, "order 0 is never compound");
}

static void test_references(void)
{
	unsigned long before;
	struct page *page;
	unsigned int order;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	drain_all_pages(NULL);
	before = nr_free_pages();
	page = alloc_page(GFP_KERNEL);
	get_page(page);
	get_page(page);
	put_page(page);
	__free_page(page);
	is_int(page_count(page), 1, "three references, two dropped");
	is_int(all_free(), before - 1, "still in use");
	put_page(page);
	nothing_lost(before, "with the last it is free");
	for (order = 1; order < MAX_ORDER; order++) {
		page = alloc_pages(GFP_KERNEL, order);
		get_page(page);
		__free_pages(page, order);
		is_int(all_free(), before - 1,
		       "order %u with a reference left: only its first page stays",
		       order);
		put_page(page);
		is_int(all_free(), before, "  until that is put");
	}
	nothing_lost(before, "shared blocks");
	ok(!log_says("Bad page"), "nothing of this is an error");
}

static void get_free_page(void *arg)
{
	get_page(arg);
}

static void test_get_of_free(void)
{
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	ok(stops(get_free_page, page), "get_page() of a free page stops the machine");
}

static void test_split(void)
{
	unsigned int order, i;
	unsigned long before;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	before = all_free();
	for (order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_HIGHUSER_MOVABLE, order);
		unsigned int wrong = 0;

		split_page(page, order);
		for (i = 0; i < 1u << order; i++) {
			wrong += page_count(page + i) != 1 || page_alloc_order(page + i) != 0;
			wrong += page_mobility(page + i) != MIGRATE_MOVABLE;
		}
		for (i = 0; i < 1u << order; i++)	/* odd ones first */
			if (i & 1)
				put_page(page + i);
		for (i = 0; i < 1u << order; i += 2)
			__free_page(page + i);
		is_int(wrong, 0, "split_page(), order %u: single pages with a reference each",
		       order);
	}
	nothing_lost(before, "splits");
	ok(!log_says("Bad page"), "no complaint");
}

static void test_exact(void)
{
	size_t sizes[] = { 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE, 5 * PAGE_SIZE - 1,
			   33 * PAGE_SIZE, 600 * PAGE_SIZE, PAGE_SIZE << 10 };
	unsigned long before;
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB, .nodes = 2))
		return;
	before = all_free();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *p = alloc_pages_exact_nid(i & 1, sizes[i], GFP_KERNEL | __GFP_ZERO);

		if (!ok(p != NULL, "%zu bytes", sizes[i]))
			continue;
		is_int(all_free(), before - PFN_UP(sizes[i]), "  take whole pages, no more");
		ok(!p[0] && !p[sizes[i] - 1] && page_to_nid(virt_to_page(p)) == (int)(i & 1),
		   "  zeroed, of the node asked for");
		free_pages_exact(p, sizes[i]);
		is_int(all_free(), before, "  and all of them come back");
	}
	ok(!alloc_pages_exact((PAGE_SIZE << 10) + 1, GFP_KERNEL | __GFP_NOWARN),
	   "beyond the largest block: NULL");
	nothing_lost(before, "exact sizes");
}

/* --- bulk --- */


static void test_bulk(void)
{
	unsigned long before, n;
	unsigned int i, bad = 0;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	memset(slots, 0, sizeof(slots));
	before = all_free();
	n = alloc_pages_bulk(GFP_KERNEL, SLOTS, slots);
	is_int(n, SLOTS, "512 pages at once");
	for (i = 0; i < SLOTS; i++)
		bad += !slots[i] || page_count(slots[i]) != 1 || page_alloc_order(slots[i]) != 0;
	is_int(bad, 0, "every slot has a page of its own reference");
	is_int(all_free(), before - SLOTS, "each another");
	for (i = 0; i < SLOTS; i += 3) {
		__free_page(slots[i]);
		slots[i] = NULL;
	}
	n = alloc_pages_bulk(GFP_KERNEL, SLOTS, slots);
	is_int(n, SLOTS, "slots already filled count");
	is_int(all_free(), before - SLOTS, "and are left alone");
	is_int(alloc_pages_bulk(GFP_KERNEL, 0, slots), 0, "none asked, none given");
	is_int(alloc_pages_bulk(GFP_KERNEL, SLOTS, slots), SLOTS, "nothing to do");
	release_pages(slots, SLOTS);
	memset(slots, 0x5a, sizeof(slots));
	n = alloc_pages_new_array(GFP_KERNEL, NUMA_NO_NODE, SLOTS, slots);
	for (i = 0; i < SLOTS; i++)
		bad += page_count(slots[i]) != 1;
	ok(n == SLOTS && !bad, "in a new array it does not matter what is in the slots");
	is_int(all_free(), before - SLOTS, "each another page");
	release_pages(slots, SLOTS);
	memset(slots, 0x5a, sizeof(slots));
	n = alloc_pages_new_array(GFP_KERNEL | __GFP_ZERO, 0, SLOTS, slots);
	for (i = 0; i < SLOTS; i++)
		bad += !page_is_filled(slots[i], 0);
	ok(n == SLOTS && !bad, "nor if they are to be zeroed");
	release_pages(slots, SLOTS);
	memset(slots, 0, sizeof(slots));
	nothing_lost(before, "bulk");
}

static void test_bulk_zero(void)
{
	unsigned int i, dirty = 0;
	struct page *mine;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	memset(slots, 0, sizeof(slots));
	is_int(alloc_pages_bulk(GFP_KERNEL, SLOTS, slots), SLOTS, "dirty pages");
	for (i = 0; i < SLOTS; i++)
		memset(page_address(slots[i]), 0x77, PAGE_SIZE);
	mine = slots[5];
	slots[5] = NULL;
	release_pages(slots, 5);
	release_pages(slots + 6, SLOTS - 6);
	memset(slots, 0, sizeof(slots));
	slots[5] = mine;
	is_int(alloc_pages_bulk(GFP_KERNEL | __GFP_ZERO, SLOTS, slots), SLOTS, "zeroed pages");
	for (i = 0; i < SLOTS; i++)
		dirty += i != 5 && !page_is_filled(slots[i], 0);
	is_int(dirty, 0, "all new pages are zeroes");
	ok(slots[5] == mine && page_is_filled(mine, 0x77),
	   "the page that was there keeps its content");
	release_pages(slots, SLOTS);
	page_alloc_check();
}

static void test_bulk_short(void)
{
	struct pile pile = { 0 };
	unsigned long before, n;

	if (!MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2))
		return;
	memset(slots, 0, sizeof(slots));
	before = all_free();
	pile_fill(&pile, GFP_KERNEL, 0, 0);
	__free_page(pile_pop(&pile));
	__free_page(pile_pop(&pile));
	__free_page(pile_pop(&pile));
	n = alloc_pages_bulk(GFP_KERNEL | __GFP_NOWARN, SLOTS, slots);
	is_int(n, 3, "short supply: what there was");
	ok(slots[2] && !slots[3], "in the first slots");
	release_pages(slots, n);
	memset(slots, 0, sizeof(slots));
	pile_free(&pile);
	n = alloc_pages_bulk_node(GFP_KERNEL, 1, 100, slots);
	is_int(n, 100, "alloc_pages_bulk_node()");
	is_int(page_to_nid(slots[0]) + page_to_nid(slots[99]), 2, "of node 1");
	release_pages(slots, n);
	memset(slots, 0, sizeof(slots));
	nothing_lost(before, "bulk on a full machine");
}

/* --- these very frames --- */

static void test_at(void)
{
	unsigned long pfn = 5 * MAX_ORDER_NR_PAGES, before;
	struct page *page, *again;
	unsigned int order;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	before = all_free();
	for (order = 0; order < MAX_ORDER; order++) {
		unsigned long at = pfn + (order < 9 ? 3ul << order : 0);

		page = alloc_pages_at(at, order, GFP_KERNEL | __GFP_ZERO | __GFP_COMP);
		is_int(page ? page_to_pfn(page) : 0, at, "order %u at its place", order);
		is_int(page ? compound_order(page) : 99, order, "  a page as any other");
		ok(!alloc_pages_at(at, order, GFP_KERNEL), "  not twice");
		again = alloc_pages_at(at ^ (1ul << order), order, GFP_KERNEL);
		ok(again || order == 10, "  its buddy is still to be had");
		page_alloc_check();
		__free_pages(page, order);
		if (again)
			__free_pages(again, order);
	}
	page = alloc_page(GFP_KERNEL);
	pfn = page_to_pfn(page);
	__free_page(page);
	page = alloc_pages_at(pfn, 0, GFP_KERNEL);
	ok(page, "a page that lies in a CPU's list is fetched from there");
	__free_page(page);
	ok(!alloc_pages_at(0, 0, GFP_KERNEL), "frame 0 is nobody's");
	ok(!alloc_pages_at(0xa0, 0, GFP_KERNEL), "nor is a hole");
	ok(!alloc_pages_at(max_pfn + 64, 0, GFP_KERNEL), "nor what lies behind the end");
	nothing_lost(before, "chosen frames");
}

/* --- what is done wrong --- */

static void test_too_large(void)
{
	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	ok(!alloc_pages(GFP_KERNEL, MAX_ORDER), "order 11: NULL");
	ok(log_says("MAX_ORDER"), "and a warning");
	ok(!alloc_pages(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN, 64), "order 64: NULL");
	ok(!__get_free_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER), "0 as an address");
}

static void wrong_twice(struct page *page)
{
	__free_page(page);
	__free_page(page);
}
static void wrong_larger(struct page *page) { __free_pages(page, 1); }
static void wrong_flags(struct page *page)
{
	page->flags |= PG_slab;
	__free_page(page);
}
static void wrong_mapping(struct page *page)
{
	page->mapping = page;
	__free_page(page);
}
static void wrong_put(struct page *page)
{
	put_page(page);
	put_page(page);
}

struct wrong { const char *what, *says; void (*fn)(struct page *page); int lost; };

static void do_wrong(const struct wrong *w)
{
	struct pile pile = { 0 };
	unsigned long before;
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	before = all_free();
	page = alloc_page(GFP_KERNEL);
	w->fn(page);
	ok(log_says("BUG: Bad page state"), "%s: reported", w->what);
	ok(log_says(w->says), "  as \"%s\"", w->says);
	nothing_lost(before - (unsigned long)w->lost,
		     "  the page is out of use, all others are not");
	pile_fill(&pile, GFP_EVERYTHING, 0, 0);
	pile_free(&pile);
	nothing_lost(before - (unsigned long)w->lost, "  still so after all of memory went round");
	host_power_off();
}

static void test_wrong_frees(void)
{
	static const struct wrong w[] = {
		{ "freed twice", "double free", wrong_twice, 0 },
		{ "put twice", "put_page() of a free page", wrong_put, 0 },
		{ "freed with a larger order", "another order", wrong_larger, 1 },
		{ "freed with a flag set", "PAGE_FLAGS_CHECK_AT_FREE", wrong_flags, 1 },
		{ "freed while mapped", "non-NULL mapping", wrong_mapping, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(w); i++)
		do_wrong(&w[i]);
}

static void test_wrong_blocks(void)
{
	unsigned long before;
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	before = all_free();
	page = alloc_pages(GFP_KERNEL, 3);
	__free_pages(page, 2);
	ok(log_says("another order"), "an order-3 block freed as order 2: reported");
	nothing_lost(before - 8, "  all of it out of use");
	page = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);
	__free_page(page + 3);
	ok(log_says("tail of a compound page"), "a tail freed: reported as such");
	is_int(page_count(page), 1, "  its head is as it was");
	__free_pages(page, 4);
	nothing_lost(before - 8, "  and can be freed");
	page = pfn_to_page(0xa0);
	ok(PageReserved(page) && page_count(page) == 1, "the ISA hole is reserved");
	__free_page(page);
	ok(log_says("PG_reserved"), "a reserved page freed: reported");
	nothing_lost(before - 8, "  it stays reserved");
}

/* What no zone spans has a page structure too: to whoever walks all frames it must look taken. */
static void test_outside_zones(void)
{
	unsigned long pfn, bad = 0, valid = 0;

	if (!MACHINE_ON(.mem = 80 * MIB))
		return;
	for (pfn = 0; pfn < 2 * PAGES_PER_SECTION; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (!pfn_valid(pfn))
			continue;
		valid++;
		if (zone_spans_pfn(page_zone(page), pfn) || PageReserved(page))
			continue;
		diag("frame %#lx: flags %#x, %u references", pfn, page->flags, page->_refcount);
		bad++;
	}
	ok(valid >= 80 * MIB >> PAGE_SHIFT, "%lu frames have a page structure", valid);
	is_int(bad, 0, "each is in its zone or reserved");
}

static void test_failure_report(void)
{
	struct pile pile = { 0 };

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	pile_fill(&pile, GFP_KERNEL, 0, 0);
	ok(!log_says("allocation failure"), "__GFP_NOWARN: silence");
	ok(!alloc_pages(GFP_KERNEL, 3), "a full machine");
	ok(log_says("page allocation failure: order:3, mode:0xcc0(GFP_KERNEL), nodemask=(null)"),
	   "says so");
	ok(log_says("Mem-Info:") && log_says("lowmem_reserve[]:") && log_says("pages reserved"),
	   "at length");
	pile_free(&pile);
	page_alloc_check();
}

int main(void)
{
	run_case(test_zones_pc);
	run_case(test_zones_movable);
	run_case(test_zones_no_dma);
	run_case(test_zones_ia32);
	run_case(test_masks_without_meaning);
	run_case(test_fallback_order);
	run_case(test_headless_node);
	run_case(test_own_node_first);
	run_case(test_thisnode);
	run_case(test_thisnode_no_such_zone);
	run_case(test_nodemask);
	run_case(test_zero);
	run_case(test_addresses);
	run_case(test_compound);
	run_case(test_references);
	run_case(test_get_of_free);
	run_case(test_split);
	run_case(test_exact);
	run_case(test_bulk);
	run_case(test_bulk_zero);
	run_case(test_bulk_short);
	run_case(test_at);
	run_case(test_too_large);
	run_case(test_wrong_frees);
	run_case(test_wrong_blocks);
	run_case(test_outside_zones);
	run_case(test_failure_report);
	return done_testing();
}
