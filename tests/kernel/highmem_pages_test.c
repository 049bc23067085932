// SPDX-License-Identifier: MIT
/*
 * highmem_pages_test - the helpers that copy and fill pages wherever they lie, in all four
 * combinations of low and high; and what the page allocator does to high pages by itself.
 */
#include "highmem.h"

static unsigned char buf[PAGE_SIZE];

static struct page *some_page(bool high)
{
	struct page *page = high ? high_page() : alloc_pages(GFP_KERNEL, 0);

	KMM_BUG_ON(!page || PageHighMem(page) != high);
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		in_ram(page)[i] = (unsigned char)(i * 3 + high);
	return page;
}

static void test_buffers(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	for (int high = 0; high < 2; high++) {
		struct page *page = some_page(high);
		unsigned char *ram = in_ram(page);

		memset(buf, 0xee, sizeof(buf));
		memcpy_from_page(buf, page, 100, 200);
		ok(!memcmp(buf, ram + 100, 200) && buf[200] == 0xee, "memcpy_from_page, high %d",
		   high);
		memset(buf, 0xdd, sizeof(buf));
		memcpy_to_page(page, 4000, buf, 96);
		ok(all_bytes(ram + 4000, 0xdd, 96) && ram[3999] == (unsigned char)(3999 * 3 + high),
		   "memcpy_to_page, to the end");
		memzero_page(page, 10, 20);
		ok(all_bytes(ram + 10, 0, 20) && ram[9] == (unsigned char)(27 + high) && ram[30],
		   "memzero_page");
		zero_user(page, 0, PAGE_SIZE);
		ok(all_bytes(ram, 0, PAGE_SIZE), "zero_user of all");
		memset_page(page, 1, 8, PAGE_SIZE - 1);
		ok(!ram[0] && all_bytes(ram + 1, 8, PAGE_SIZE - 1), "memset_page");
		clear_highpage(page);
		ok(all_bytes(ram, 0, PAGE_SIZE), "clear_highpage");
	}
	is_int(kmap_local_depth(), 0, "nothing stays mapped");
}

static void test_two_pages(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	for (int kind = 0; kind < 4; kind++) {
		struct page *from = some_page(kind & 1), *to = some_page(kind & 2);

		memset(in_ram(to), 0, PAGE_SIZE);
		memcpy_page(to, 7, from, 4000, 96);
		ok(!memcmp(in_ram(to) + 7, in_ram(from) + 4000, 96) && !in_ram(to)[103],
		   "memcpy_page, kind %d", kind);
		copy_highpage(to, from);
		ok(!memcmp(in_ram(to), in_ram(from), PAGE_SIZE), "copy_highpage");
		memcpy(buf, in_ram(from), PAGE_SIZE);
		memmove_page(from, 1, from, 0, 4000);
		ok(!memcmp(in_ram(from) + 1, buf, 4000), "memmove_page up within one page");
		memmove_page(from, 0, from, 1, 4000);
		ok(!memcmp(in_ram(from), buf, 4000), "and down");
	}
	is_int(kmap_local_depth(), 0, "nothing stays mapped");
}

static void test_segments(void)
{
	struct page *page;
	unsigned char *ram;

	if (!HIGH_MACHINE_ON())
		return;
	page = alloc_pages(GFP_HIGHUSER | __GFP_COMP, 2);
	ok(page && PageHighMem(page), "four pages together, high");
	ram = in_ram(page);
	memset(ram, 1, 4 * PAGE_SIZE);
	zero_user_segments(page, 10, 20, 4000, 3 * PAGE_SIZE + 1);
	ok(all_bytes(ram, 1, 10) && all_bytes(ram + 10, 0, 10) && all_bytes(ram + 20, 1, 3980) &&
	   all_bytes(ram + 4000, 0, 3 * PAGE_SIZE + 1 - 4000) && ram[3 * PAGE_SIZE + 1] == 1,
	   "zero_user_segments over the pages' borders");
	__free_pages(page, 2);
}

static void beyond(void *page) { memzero_page(page, 4000, 97); }
static void wraps(void *page) { memzero_page(page, 1, SIZE_MAX); }

static void test_beyond(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	ok(stops(beyond, high_page()), "a range that leaves the page stops the machine");
	host_power_off();
	if (!HIGH_MACHINE_ON())
		return;
	ok(stops(wraps, high_page()), "one that wraps around as well");
}

/* ---- the allocator's own ---- */

/* 24 MiB low, 8 high: each of their pages is written at boot. */
#define SMALL_MACHINE_ON(options) \
	MACHINE_ON(.mem = 32 * MIB, .direct_map_max = 24 * MIB, .arch = high_arch, \
		   .cmdline = options)

static void test_zeroed(void)
{
	struct page *page;

	if (!HIGH_MACHINE_ON())
		return;
	page = some_page(true);
	__free_page(page);
	page = alloc_pages(GFP_HIGHUSER | __GFP_ZERO, 3);
	ok(PageHighMem(page) && all_bytes(in_ram(page), 0, 8 * PAGE_SIZE), "__GFP_ZERO");
	__free_pages(page, 3);
}

static void test_init_on_free(void)
{
	struct page *page;

	if (!SMALL_MACHINE_ON("init_on_free=1"))
		return;
	page = some_page(true);
	__free_page(page);
	ok(all_bytes(in_ram(page), 0, PAGE_SIZE), "init_on_free");
}

static void test_poison(void)
{
	struct page *page;

	if (!SMALL_MACHINE_ON("page_poison=1"))
		return;
	page = some_page(true);
	__free_page(page);
	ok(all_bytes(in_ram(page), 0xaa, PAGE_SIZE), "page_poison");
	in_ram(page)[8] = 1;
	drain_all_pages(NULL);
	for (int i = 0; i < 200000 && !log_says("pagealloc"); i++)
		if (!alloc_pages(GFP_HIGHUSER, 0))
			break;
	ok(log_says("pagealloc"), "and damage to a high page is found");
}

static void cases(void)
{
	run_case(test_buffers);
	run_case(test_two_pages);
	run_case(test_segments);
	run_case(test_beyond);
	run_case(test_zeroed);
	run_case(test_init_on_free);
	run_case(test_poison);
}

int main(void)
{
	both_formats(cases);
	return done_testing();
}
