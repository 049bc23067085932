// SPDX-License-Identifier: MIT
/*
 * debug_test.c - page_poison finds who writes to a free page and says where; init_on_alloc and
 * init_on_free leave nothing to read; shuffle=1 gives frames in an order that is not
 * ascending, repeats with its seed, and changes no count. RAM is dirty before the machine boots,
 * as it is on a real one.
 */
#include <stdio.h>

#include "machine.h"

#define DIRT	0x5c

/*
 * As soon as there is RAM (the first line of the boot's log), fill all of it that nobody uses
 * yet.
 */
static bool dirty_done;

static void make_dirty(void *arg, int level, const char *line, size_t len)
{
	phys_addr_t at;

	(void)arg, (void)level, (void)line, (void)len;
	for (at = MIB; !dirty_done && at < 32 * MIB; at += PAGE_SIZE) {
		void *ram = host_ram_pointer(at);

		if (ram)
			memset(ram, DIRT, PAGE_SIZE);
	}
	dirty_done = true;
}

static bool dirty_machine(const char *cmdline)
{
	dirty_done = false;
	return MACHINE_ON(.mem = 32 * MIB, .cmdline = cmdline, .on_line = make_dirty, .cpus = 2);
}

/* Pages of all orders, up to n blocks: how many pages are not as they should be. */
static unsigned long not_filled(gfp_t gfp, unsigned char byte, unsigned int n)
{
	struct pile pile = { 0 };
	unsigned long bad = 0, i;
	unsigned int order;

	while (n--) {
		struct page *page;

		order = n % MAX_ORDER;
		page = alloc_pages(gfp | __GFP_NOWARN, order);
		for (i = 0; page && i < 1ul << order; i++)
			bad += !page_is_filled(page + i, byte);
		if (page)
			pile_add(&pile, page, order);
	}
	pile_free(&pile);
	return bad;
}

static void write_all(struct page *page, unsigned int order, int byte)
{
	memset(page_address(page), byte, PAGE_SIZE << order);
}

/* Fresh, and after use, of every order, through lists and zones: what do the pages hold? */
static void contents(const char *cmdline, bool every_page)
{
	unsigned int order;
	unsigned long bad = 0, i;

	if (!dirty_machine(cmdline))
		return;
	is_int(not_filled(GFP_KERNEL | __GFP_ZERO, 0, 40), 0,
	       "%s: __GFP_ZERO gives zeroes after boot", cmdline);
	if (every_page)
		is_int(not_filled(GFP_KERNEL, 0, 40), 0, "%s: and so does everything else",
		       cmdline);
	for (order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		write_all(page, order, 0xee);
		__free_pages(page, order);
		if (order & 1)
			drain_all_pages(NULL);
		page = alloc_pages(GFP_KERNEL | (every_page ? 0 : __GFP_ZERO), order);
		for (i = 0; i < 1ul << order; i++)
			bad += !page_is_filled(page + i, 0);
		__free_pages(page, order);
	}
	is_int(bad, 0, "%s: others' bytes are gone, list or no list", cmdline);
	ok(!log_says("pagealloc:"), "%s: nothing is reported", cmdline);
	page_alloc_check();
	host_power_off();
}

static void test_contents(void)
{
	contents("console=ttyS0", false);
	contents("init_on_alloc=1", true);
	contents("init_on_free=1", true);
	contents("init_on_alloc=1 init_on_free=1", true);
	contents("page_poison=1", false);
	/* poison turns the other two off, as in Linux */
	contents("page_poison=1 init_on_alloc=1", false);
	contents("page_poison=1 init_on_free=1", false);
}

static void test_init_on_free(void)
{
	struct page *page;

	if (!dirty_machine("init_on_free=1"))
		return;
	page = alloc_page(GFP_KERNEL);
	write_all(page, 0, 0x99);
	__free_page(page);
	ok(page_is_filled(page, 0), "init_on_free: a page is zeroes as soon as it is free");
}

static void test_bulk(void)
{
	struct page *slots[32] = { NULL };
	unsigned int i, bad = 0;

	if (!dirty_machine("init_on_alloc=1"))
		return;
	is_int(alloc_pages_bulk(GFP_KERNEL, 32, slots), 32, "init_on_alloc: bulk");
	for (i = 0; i < 32; i++)
		bad += !page_is_filled(slots[i], 0);
	is_int(bad, 0, "  is zeroed too");
	release_pages(slots, 32);
}

/* --- poison --- */

static void test_poison_quiet(void)
{
	struct pile pile = { 0 };
	unsigned long all;

	if (!dirty_machine("page_poison=1"))
		return;
	all = nr_free_pages();
	pile_fill_all(&pile, GFP_EVERYTHING);
	ok(!log_says("pagealloc:"),
	   "page_poison: all of memory is handed out once without a complaint");
	pile_free(&pile);
	pile_fill(&pile, GFP_EVERYTHING, 0, 0);
	ok(!log_says("pagealloc:"), "and again");
	pile_free(&pile);
	nothing_lost(all, "poison");
}

static void stray_write(size_t first, size_t last, unsigned char flip, const char *says)
{
	unsigned char *at;
	struct page *page, *again;
	char want[128];

	if (!dirty_machine("page_poison=1"))
		return;
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	ok(page_is_filled(page, 0xaa), "a free page is poisoned");
	at = host_ram_pointer(page_to_phys(page));
	at[first] ^= flip;
	if (last != first)
		at[last] ^= flip;
	while ((again = alloc_page(GFP_KERNEL | __GFP_NOWARN)) && again != page)
		continue;
	snprintf(want, sizeof(want), "pagealloc: %s, pfn 0x%lx, bytes 0x%zx-0x%zx", says,
		 page_to_pfn(page),
		 first, last);
	ok(log_says(want), "a write to it is found: \"%s\"", want);
	page_alloc_check();
	host_power_off();
}

static void test_stray_writes(void)
{
	stray_write(0, 0, 0x10, "single bit error");
	stray_write(4095, 4095, 0x01, "single bit error");
	stray_write(100, 100, 0x11, "memory corruption");
	stray_write(0, 4095, 0xff, "memory corruption");
	stray_write(17, 18, 0x01, "memory corruption");
	stray_write(2000, 2300, 0x80, "memory corruption");
}

/* In a later page of a block, and in high memory, which has no address. */
static void test_stray_far(void)
{
	struct page *page;

	if (!dirty_machine("page_poison=1"))
		return;
	page = alloc_pages(GFP_KERNEL, 4);
	__free_pages(page, 4);
	((unsigned char *)host_ram_pointer(page_to_phys(page + 11)))[5] = 0;
	while (page && !log_says("bytes 0x5-0x5"))
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 4);
	ok(log_says("bytes 0x5-0x5"), "found in the twelfth page of a block");
}

static void test_poison_highmem(void)
{
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB, .direct_map_max = 32 * MIB, .cmdline = "page_poison=1"))
		return;
	page = alloc_page(GFP_HIGHUSER);
	is_int(page_zonenum(page), ZONE_HIGHMEM, "a page of high memory");
	__free_page(page);
	page = alloc_page(GFP_HIGHUSER | __GFP_ZERO);
	ok(page && !page_address(page), "is poisoned, checked and zeroed without an address");
	ok(!log_says("pagealloc:"), "and is not damaged by that");
	__free_page(page);
	page_alloc_check();
}

/* --- shuffle --- */

#define TAKEN 4000
static u32 order_of[2][TAKEN];

static unsigned int take_order(u32 *to, const char *cmdline, u64 seed)
{
	unsigned int i, descents = 0;

	if (!MACHINE_ON(.mem = 64 * MIB, .cmdline = cmdline, .seed = seed))
		return 0;
	for (i = 0; i < TAKEN; i++)
		to[i] = (u32)page_to_pfn(alloc_page(GFP_KERNEL));
	for (i = 1; i < TAKEN; i++)
		descents += to[i] != to[i - 1] + 1;
	page_alloc_check();
	host_power_off();
	return descents;
}

static void test_shuffle(void)
{
	unsigned int plain = take_order(order_of[0], "console=ttyS0", 1), shuffled;

	shuffled = take_order(order_of[0], "shuffle=1", 1);
	ok(shuffled > plain, "shuffle=1: %u breaks in the order of %u pages, without it %u",
	   shuffled, TAKEN, plain);
	take_order(order_of[1], "shuffle=1", 1);
	ok(!memcmp(order_of[0], order_of[1], sizeof(order_of[0])), "the same seed, the same order");
	take_order(order_of[1], "shuffle=1", 2);
	ok(memcmp(order_of[0], order_of[1], sizeof(order_of[0])) != 0, "another seed, another");
	take_order(order_of[1], "page_alloc.shuffle=1", 1);
	ok(!memcmp(order_of[0], order_of[1], sizeof(order_of[0])),
	   "page_alloc.shuffle=1 is the same option");
}

static void test_shuffle_counts(void)
{
	unsigned long free[2], had[2];
	struct pile pile = { 0 };
	int i;

	for (i = 0; i < 2; i++) {
		if (!MACHINE_ON(.mem = 128 * MIB, .seed = 4,
				.cmdline = i ? "shuffle=1" : "shuffle=0"))
			return;
		page_alloc_check();
		free[i] = nr_free_pages();
		pile_fill_all(&pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE);
		had[i] = pile.pages;
		pile_free(&pile);
		nothing_lost(free[i], "all taken and given back");
		host_power_off();
	}
	is_int(free[1], free[0], "shuffling changes no count");
	is_int(had[1], had[0], "and every page can be had");
}

int main(void)
{
	run_case(test_contents);
	run_case(test_init_on_free);
	run_case(test_bulk);
	run_case(test_poison_quiet);
	run_case(test_stray_writes);
	run_case(test_stray_far);
	run_case(test_poison_highmem);
	run_case(test_shuffle);
	run_case(test_shuffle_counts);
	return done_testing();
}
