// SPDX-License-Identifier: MIT
/*
 * highmem_kmap_test - kmap(): addresses of high pages for long. Counts, reuse, what happens when
 * all places are used, how many flushes that costs; a random walk against a model; and that an
 * address that was given back is not usable any more.
 */
#include "highmem.h"

#define PATTERN 0x5a

static void test_one_page(void)
{
	struct page *page;
	unsigned char *p;

	if (!HIGH_MACHINE_ON())
		return;
	page = high_page();
	ok(!page_address(page), "a high page has no address");
	p = kmap(page);
	ok(in_pkmap(p), "kmap gives one of pkmap's");
	ok(page_address(page) == p, "page_address() knows it");
	ok(kmap(page) == p, "mapped twice, one address");
	memset(p, PATTERN, PAGE_SIZE);
	ok(all_bytes(in_ram(page), PATTERN, PAGE_SIZE), "what is written there is in the page");
	in_ram(page)[17] = 1;
	is_int(peek(p + 17), 1, "and the reverse");
	ok(kmap_to_page(p) == page && kmap_to_page(p + 4095) == page, "kmap_to_page()");
	kunmap(page);
	is_int(peek(p), PATTERN, "still mapped for the other user");
	kunmap(page);
	ok(page_address(page) == p, "not forgotten while nobody needs the place");
	ok(kmap(page) == p, "so mapped again for nothing");
	kunmap(page);
	kmap_flush_unused();
	ok(!page_address(page), "kmap_flush_unused() forgets it");
	__free_page(page);
}

static void test_low_page(void)
{
	struct page *page;

	if (!HIGH_MACHINE_ON())
		return;
	page = alloc_pages(GFP_KERNEL, 0);
	ok(!PageHighMem(page) && kmap(page) == page_address(page), "a low page: its own address");
	kunmap(page);
	ok(kmap_to_page(page_address(page)) == page, "kmap_to_page() of it");
	ok(kmap_local_page(page) == page_address(page), "locally as well");
	kunmap_local(page_address(page));
	__free_page(page);
}

/* ---- all places in use ---- */

static struct page *pages[2048];

static void map_all(void)
{
	unsigned int i;

	for (i = 0; i < LAST_PKMAP; i++) {
		pages[i] = high_page();
		poke(kmap(pages[i]), (int)i & 0xff);
	}
}

static bool all_there(void)
{
	unsigned int i;

	for (i = 0; i < LAST_PKMAP; i++)
		if (peek(page_address(pages[i])) != (int)(i & 0xff) ||
		    in_ram(pages[i])[0] != (i & 0xff))
			return false;
	return true;
}

static void wait_for_ever(void *page)
{
	(void)!kmap(page);
}

static void test_full(void)
{
	struct page *more;
	u64 flushes;

	if (!HIGH_MACHINE_ON())
		return;
	flushes = host_tlb_stats(0).flush_all + host_tlb_stats(0).flush_one;
	map_all();
	ok(all_there(), "as many pages as there are places, each with its own");
	is_int(host_tlb_stats(0).flush_all + host_tlb_stats(0).flush_one - flushes, 0,
	       "without a flush");
	more = high_page();
	kunmap(pages[7]);
	ok(in_pkmap(kmap(more)), "one given back makes room for another");
	ok(!page_address(pages[7]), "which has lost its address");
	is_int(host_tlb_stats(0).flush_all + host_tlb_stats(0).flush_one - flushes, 1,
	       "by one flush");
	kunmap(more);
	ok(kmap(pages[7]) != NULL && !page_address(more), "and back");
	for (unsigned int i = 0; i < LAST_PKMAP; i++)
		kunmap(pages[i]);
	flushes = host_tlb_stats(0).flush_all + host_tlb_stats(0).flush_one;
	ok(in_pkmap(kmap(more)), "all given back, another mapped");
	is_int(host_tlb_stats(0).flush_all + host_tlb_stats(0).flush_one - flushes, 1,
	       "one flush for all of them");
	ok(!page_address(pages[0]) && !page_address(pages[LAST_PKMAP - 1]), "all forgotten");
}

/* One CPU, every place in use: nobody can end this wait, and the machine says so. */
static void test_full_for_ever(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	map_all();
	ok(stops(wait_for_ever, high_page()), "a wait that nobody can end stops the machine");
}

/* ---- rules ---- */

static void unmap_free(void *page) { kunmap(page); }
static void read_it(void *p) { peek(p); }

static void test_unmap_too_often(void)
{
	struct page *page;

	if (!HIGH_MACHINE_ON())
		return;
	page = high_page();
	(void)!kmap(page);
	kunmap(page);
	ok(stops(unmap_free, page), "kunmap() once too often");
	ok(log_says("is not mapped"), "says so");
}

static void test_stale(void)
{
	struct page *page;
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	page = high_page();
	p = kmap(page);
	poke(p, 1);
	kunmap(page);
	kmap_flush_unused();
	ok(stops(read_it, p), "an address that was given back and flushed is no address");
	ok(log_says("is kmap place 0, not mapped (last: pfn 0x"), "and the report names it");
}

static void test_describe(void)
{
	struct page *page;
	char text[100], want[100];
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	page = high_page();
	p = kmap(page);
	snprintf(want, sizeof(want), "of pfn 0x%lx, 1 users", page_to_pfn(page));
	ok(highmem_describe((uintptr_t)p, text, sizeof(text)) && strstr(text, want), "%s", text);
	kunmap(page);
	kmap_flush_unused();
	ok(highmem_describe((uintptr_t)p, text, sizeof(text)) && strstr(text, "not mapped"), "%s",
	   text);
	p = kmap_local_page(page);
	snprintf(want, sizeof(want), "kmap_local slot 0 of CPU 0, pfn 0x%lx", page_to_pfn(page));
	ok(highmem_describe((uintptr_t)p, text, sizeof(text)), "a local one");
	is_str(text, want, "%s", want);
	kunmap_local(p);
	ok(highmem_describe((uintptr_t)p, text, sizeof(text)), "a local one");
	is_str(text, "kmap_local slot 0 of CPU 0, not mapped", "unmapped");
	ok(!highmem_describe((uintptr_t)page_address(virt_to_page(__va(0))), text, sizeof(text)),
	   "low memory is not ours");
	ok(!highmem_describe(VMALLOC_START, text, sizeof(text)), "nor is vmalloc");
}

/* ---- a random walk ---- */

#define WALK_PAGES	1500	/* more than places */

static void test_walk(void)
{
	static unsigned int users[WALK_PAGES];
	unsigned int step, mapped = 0, i, wrong = 0;
	struct prng rnd;

	if (!HIGH_MACHINE_ON())
		return;
	prng_seed(&rnd, 7);
	memset(users, 0, sizeof(users));
	for (i = 0; i < WALK_PAGES; i++) {
		pages[i] = high_page();
		in_ram(pages[i])[9] = (unsigned char)(i * 7);
	}
	for (step = 0; step < BOOTED(200000u, 10000u) && !wrong; step++) {
		i = prng_below(&rnd, WALK_PAGES);
		if (users[i] && prng_below(&rnd, 2)) {
			mapped -= !--users[i];
			kunmap(pages[i]);
		} else if (users[i] || mapped < LAST_PKMAP) {
			mapped += !users[i]++;
			wrong += !in_pkmap(kmap(pages[i]));
		}
		if (users[i])
			wrong += peek((char *)page_address(pages[i]) + 9) != (int)(i * 7 & 0xff) ||
				 kmap_to_page(page_address(pages[i])) != pages[i];
		if (step % 4096 == 0)
			kmap_flush_unused();
	}
	ok(!wrong, "200000 random kmaps and kunmaps: each page at its address");
	for (i = 0; i < WALK_PAGES; i++)
		for (; users[i]; users[i]--)
			kunmap(pages[i]);
	kmap_flush_unused();
	for (i = 0; i < WALK_PAGES; i++) {
		wrong += page_address(pages[i]) != NULL;
		__free_page(pages[i]);
	}
	ok(!wrong, "at the end nobody has an address");
	nothing_lost(free_at_boot, "after the walk");
}

static void test_without_high_memory(void)
{
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_pages(GFP_HIGHUSER, 0);
	ok(page && kmap(page) == page_address(page), "all memory low: kmap() has nothing to do");
	kunmap(page);
	kmap_flush_unused();
	__free_page(page);
}

static void cases(void)
{
	run_case(test_one_page);
	run_case(test_low_page);
	run_case(test_full);
	run_case(test_full_for_ever);
	run_case(test_unmap_too_often);
	run_case(test_stale);
	run_case(test_describe);
	run_case(test_walk);
	run_case(test_without_high_memory);
}

int main(void)
{
	both_formats(cases);
	return done_testing();
}
