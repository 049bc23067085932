// SPDX-License-Identifier: MIT
/*
 * fixmap_early_test - early_ioremap(): areas of any size and offset, eight at a time, given back in
 * any order, refused when they must be; leaks are counted.
 */
#include <kmm/early_ioremap.h>
#include <kmm/fixmap.h>

#include "highmem.h"

/* Somewhere in high memory, 1 MiB that nobody uses: what lies there is its own frame's number. */
static phys_addr_t region(void)
{
	struct page *page = alloc_pages(GFP_HIGHUSER, 8);

	KMM_BUG_ON(!page);
	for (unsigned int i = 0; i < 256; i++)
		memset(in_ram(page + i), (int)i, PAGE_SIZE);
	return page_to_phys(page);
}

static void test_sizes(void)
{
	static const unsigned int offsets[] = { 0, 1, 100, 4095 };
	static const unsigned int sizes[] = { 1, 4095, 4096, 4097, 20000, 63 * 4096, 64 * 4096 };
	unsigned int bad = 0;
	phys_addr_t at;

	if (!HIGH_MACHINE_ON())
		return;
	at = region();
	for (unsigned int o = 0; o < ARRAY_SIZE(offsets); o++)
		for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++) {
			bool fits = offsets[o] + sizes[s] <= 64 * PAGE_SIZE;
			unsigned char *p = early_memremap(at + offsets[o], sizes[s]);

			bad += !p != !fits;
			if (!p)
				continue;
			bad += peek(p) != 0 || (uintptr_t)p % PAGE_SIZE != offsets[o];
			bad += peek(p + sizes[s] - 1) !=
			       (int)((offsets[o] + sizes[s] - 1) / PAGE_SIZE & 0xff);
			early_memunmap(p, sizes[s]);
		}
	ok(!bad, "sizes and offsets");
	ok(log_says("more than 64 pages"), "too large ones are refused");
	ok(!early_ioremap(at, 0), "nothing at all is refused");
	ok(!early_ioremap(~(phys_addr_t)0 - 10, 100), "what wraps around is refused");
	is_int(check_early_ioremap_leak(), 0, "nothing left behind");
}

static void test_eight(void)
{
	unsigned char *p[FIX_BTMAPS_SLOTS];
	unsigned int i, bad = 0;
	phys_addr_t at;

	if (!HIGH_MACHINE_ON())
		return;
	at = region();
	for (i = 0; i < FIX_BTMAPS_SLOTS; i++) {
		p[i] = early_ioremap(at + i * 2 * PAGE_SIZE, 2 * PAGE_SIZE);
		bad += !p[i];
	}
	ok(!early_ioremap(at, 1), "a ninth is refused");
	ok(log_says("not found slot"), "says so");
	for (i = 0; i < FIX_BTMAPS_SLOTS; i++)
		bad += peek(p[i] + PAGE_SIZE) != (int)i * 2 + 1;
	is_int(bad, 0, "eight at a time");
	is_int(check_early_ioremap_leak(), 8, "eight leaks");
	ok(log_says("Debug warning: early ioremap leak of 8 areas detected."), "are told");
	early_iounmap(p[3], 2 * PAGE_SIZE);
	p[3] = early_ioremap(at + 9 * PAGE_SIZE, 1);
	is_int(peek(p[3]), 9, "one given back is free for another");
	early_iounmap(p[3], 1);
	for (i = 0; i < FIX_BTMAPS_SLOTS; i++)
		if (i * 5 % 8 != 3)
			early_iounmap(p[i * 5 % 8], 2 * PAGE_SIZE);
	is_int(check_early_ioremap_leak(), 0, "no leak any more");
}

static void test_wrong_unmap(void)
{
	unsigned char *p;
	phys_addr_t at;

	if (!HIGH_MACHINE_ON())
		return;
	at = region();
	p = early_memremap(at, 100);
	early_iounmap(p, 101);
	ok(log_says("size not consistent 00000064"), "another size is told");
	early_iounmap(p + 1, 100);
	ok(log_says("not found slot"), "another address too");
	early_iounmap(NULL, 0);
	is_int(peek(p), 0, "and the area is still there");
	is_int(check_early_ioremap_leak(), 1, "one leak");
}

static void read_it(void *p) { peek(p); }
static void write_it(void *p) { poke(p, 1); }

static void test_rights(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	p = early_memremap_ro(region(), 1);
	is_int(peek(p), 0, "read-only memory is read");
	ok(stops(write_it, p), "and cannot be written");
}

static void test_gone(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	p = early_memremap(region(), 1);
	peek(p);
	early_memunmap(p, 1);
	ok(stops(read_it, p), "what was given back is no address");
}

static void test_copy(void)
{
	static unsigned char buf[300 * 1024];
	unsigned int bad = 0;
	phys_addr_t at;

	if (!HIGH_MACHINE_ON())
		return;
	at = region();
	is_int(copy_from_early_mem(buf, at + 5, sizeof(buf)), 0,
	       "300 KiB, more than an area holds");
	for (unsigned int i = 0; i < sizeof(buf); i++)
		bad += buf[i] != (unsigned char)((i + 5) / PAGE_SIZE);
	ok(!bad, "are copied");
	for (int i = 0; i < FIX_BTMAPS_SLOTS; i++)
		(void)!early_ioremap(at, 1);
	is_int(copy_from_early_mem(buf, at, 1), -ENOMEM, "not without a free area");
}

static void test_debug(void)
{
	void *p;

	if (!HIGH_MACHINE_ON(.cmdline = "early_ioremap_debug"))
		return;
	p = early_ioremap(0x100000, 4096);
	early_iounmap(p, 4096);
	ok(log_says("early_ioremap(0x100000, 00001000) [0] => "), "early_ioremap_debug tells");
	ok(log_says("early_iounmap("), "of both");
}

static void cases(void)
{
	run_case(test_sizes);
	run_case(test_eight);
	run_case(test_wrong_unmap);
	run_case(test_rights);
	run_case(test_gone);
	run_case(test_copy);
	run_case(test_debug);
}

int main(void)
{
	both_formats(cases);
	return done_testing();
}
