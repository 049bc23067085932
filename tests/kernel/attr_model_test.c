// SPDX-License-Identifier: MIT
/*
 * attr_model_test.c - random set_memory_*() calls against an array with the rights of each page.
 *
 * After each call: every page has the bits that the model says and the address it had; the direct
 * map is counted right, and no large page is in pieces without a reason; what can be touched is
 * what the tables say. Some pages are read and written, by changing CPUs, so that a TLB entry
 * that is not flushed is used. At the end all is undone, and the tables are what they were at
 * boot.
 */
#include "attr.h"

#define PAGES	(8 * BLOCK)
#define NX	_PAGE_NX
#define P	_PAGE_PRESENT
#define RW	_PAGE_RW
#define CACHE	(_PAGE_PWT | _PAGE_PCD)
#define SEEN	(P | RW | CACHE | NX)	/* the bits that are modelled */

static u64 model[PAGES];
static struct arena arena;
static struct prng rng;

static unsigned int below(unsigned int n)
{
	return prng_below(&rng, n);
}

static const struct call {
	const char *name;
	int (*fn)(unsigned long addr, int numpages);
	u64 set, clear;
} calls[] = {
	{ "ro", set_memory_ro, 0, RW }, { "rw", set_memory_rw, RW, 0 },
	{ "x", set_memory_x, 0, NX }, { "nx", set_memory_nx, NX, 0 },
	{ "np", set_memory_np, 0, P }, { "p", set_memory_p, P, 0 },
	{ "uc", set_memory_uc, _PAGE_PCD, CACHE }, { "wc", set_memory_wc, _PAGE_PWT, CACHE },
	{ "wb", set_memory_wb, 0, CACHE },
};

static bool call_one(const struct call *c, unsigned int first, unsigned int nr)
{
	unsigned int i;

	if (c->fn(arena.start + first * PAGE_SIZE, (int)nr))
		return ok(false, "set_memory_%s", c->name);
	for (i = first; i < first + nr; i++)
		model[i] = (model[i] & ~c->clear) | (c->set & __supported_pte_mask);
	return true;
}

/* Ranges of every shape: single pages, up to a large page, whole large pages, anything. */
static void random_range(unsigned int *first, unsigned int *nr)
{
	unsigned int large = 1u << (kernel_pgtable.fmt->shift[PG_LEVEL_2M] - PAGE_SHIFT);

	*first = below(PAGES);
	switch (below(5)) {
	case 0:
		*nr = 1 + below(4);
		break;
	case 1:
		*nr = 1 + below(large);
		break;
	case 2:
		*first -= *first % large;
		*nr = large * (1 + below(3));
		break;
	case 3:
		*first -= *first % large;
		*nr = 1 + below(2 * large);
		break;
	default:
		*nr = 1 + below(PAGES);
	}
	*nr = min(*nr, PAGES - *first);
}

static bool as_modelled(const char *what)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		uintptr_t addr = arena.start + i * PAGE_SIZE;

		if ((bits_at(addr, NULL) & SEEN) == model[i] && phys_at(addr) == __pa(addr))
			continue;
		return ok(false, "%s: page %u has %llx, the model %llx", what, i,
			  (unsigned long long)bits_at(addr, NULL), (unsigned long long)model[i]);
	}
	return true;
}

/* Use pages as they may be used, on some CPU. */
static void use_some(void)
{
	unsigned int n;

	host_set_cpu(below(nr_cpu_ids));
	for (n = 0; n < 20; n++) {
		unsigned int i = below(PAGES);
		volatile u32 *p = (volatile u32 *)(arena.start + i * PAGE_SIZE);
		u64 va = kernel_address((uintptr_t)p);
		phys_addr_t phys;

		if (!(model[i] & P)) {
			if (host_access(va, 0, &phys))
				fail("page %u is not present and can be read", i);
			continue;
		}
		(void)*p;
		if (model[i] & RW)
			*p = i;
		if (host_access(va, X86_PF_WRITE, &phys) != !!(model[i] & RW))
			fail("page %u: write access", i);
		if (host_access(va, X86_PF_INSTR, &phys) != !(model[i] & NX))
			fail("page %u: execution", i);
	}
}

static void undo_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, "p") || !strcmp(calls[i].name, "rw") ||
		    !strcmp(calls[i].name, "nx") || !strcmp(calls[i].name, "wb"))
			(void)call_one(&calls[i], 0, PAGES);
}

static enum host_arch arch;
static u32 without;
static phys_addr_t place;
static u64 memory;

static void test_random_calls(void)
{
	const char *name = pgtable_formats[kernel_paging].name;
	unsigned int i, first, nr, wrong = 0;
	struct direct_check before, after;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = memory, .cpus = 3, .without = without) ||
	    !arena_take(&arena, place, PAGES))
		return;
	name = pgtable_formats[kernel_paging].name;
	ok(direct_map_ok(false), "%s: the direct map as booted", name);
	before = look_at_direct_map();
	prng_seed(&rng, 42 + (u64)arch);
	for (i = 0; i < PAGES; i++)
		model[i] = bits_at(arena.start, NULL) & SEEN;
	for (i = 0; i < BOOTED(150, 20) && !wrong; i++) {
		const struct call *c = &calls[below(ARRAY_SIZE(calls))];
		const char *differs;

		random_range(&first, &nr);
		wrong += !call_one(c, first, nr) || !as_modelled(c->name) || !direct_map_ok(false);
		use_some();
		differs = i % 8 ? NULL : host_mmu_check();
		if (differs)
			fail("after set_memory_%s: %s", c->name, differs);
		if (wrong)
			diag("call %u: set_memory_%s of %u pages at %u", i, c->name, nr, first);
	}
	is_int(wrong, 0, "%s: %u calls do what the model says", name, i);
	host_set_cpu(0);
	undo_all();
	after = look_at_direct_map();
	ok(before.hash == after.hash, "%s: undone, the tables are as at boot", name);
	page_alloc_check();
	arena_give_back(&arena);
}

/* --- small pages on request --- */

static void test_4k(void)
{
	uintptr_t size;
	enum pg_level level;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = memory, .without = without) ||
	    !arena_take(&arena, place, PAGES))
		return;
	size = (uintptr_t)level_size(kernel_pgtable.fmt, PG_LEVEL_2M);
	ok(!set_memory_4k(arena.start + size + PAGE_SIZE, 1), "set_memory_4k()");
	bits_at(arena.start + size, &level);
	is_int(level, PG_LEVEL_4K, "all of the large page is in pieces");
	bits_at(arena.start, &level);
	if (kernel_max_page_shift() > PAGE_SHIFT)
		ok(level > PG_LEVEL_4K, "its neighbour is not");
	ok(direct_map_ok(true), "counted right");
	ok(!set_memory_ro(arena.start, (int)(2 * size >> PAGE_SHIFT)), "ro over both");
	ok(!set_memory_rw(arena.start, (int)(2 * size >> PAGE_SHIFT)), "and rw");
	bits_at(arena.start + size, &level);
	is_int(level, PG_LEVEL_4K, "they stay small");
	ok(direct_map_ok(true), "counted right");
}

/* --- what a call costs --- */

static struct host_tlb_stats flushes(int (*fn)(unsigned long, int), unsigned int first,
				     unsigned int nr)
{
	host_tlb_stats_reset(0);
	if (fn(arena.start + first * PAGE_SIZE, (int)nr))
		fail("set_memory");
	return host_tlb_stats(0);
}

static u64 vmstat(enum vm_event_item item)
{
	return vm_events[item];
}

static void test_cost(void)
{
	struct host_tlb_stats s;
	unsigned long tables;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = memory, .cpus = 2) ||
	    !arena_take(&arena, place, PAGES))
		return;
	tables = nr_page_table_pages;
	s = flushes(set_memory_ro, 0, PAGES);
	is_int(s.flush_all, 1, "large pages, all alike: one flush");
	is_int(nr_page_table_pages - tables, memory > 2 * GIB && sizeof(void *) == 8 ? 1 : 0,
	       "and no table, but where 1G was split");
	s = flushes(set_memory_rw, 0, PAGES);
	is_int(nr_page_table_pages, tables, "back: no table more than before");
	s = flushes(set_memory_ro, 3, 2);
	ok(vmstat(DIRECT_MAP_LEVEL2_SPLIT) >= 1, "a split is counted");
	s = flushes(set_memory_ro, 7, 3);
	ok(s.flush_all == 0 && s.flush_one == 3, "three small pages: three flushed");
	s = flushes(set_memory_ro, 7, 3);
	ok(!s.flush_all && !s.flush_one, "nothing changes: nothing is flushed");
	s = flushes(set_memory_np, 40, 40);
	is_int(s.flush_all, 1, "more than 33: all at once");
	s = flushes(set_memory_p, 40, 40);
	ok(!s.flush_all && !s.flush_one, "what appears needs no flush");
	s = flushes(set_memory_rw, 0, 100);
	is_int(nr_page_table_pages, tables, "all tables of splits given back");
	ok(vmstat(DIRECT_MAP_LEVEL2_COLLAPSE) >= 1, "and the collapse counted");
	ok(direct_map_ok(false), "counted right");
}

/* --- 1G pages --- */

static void test_gigabyte(void)
{
	const phys_addr_t at = GIB;
	enum pg_level level;

	if (sizeof(void *) == 4)
		return;
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 4 * GIB) ||
	    !arena_take(&arena, at, GIB / PAGE_SIZE))
		return;
	bits_at(arena.start, &level);
	is_int(level, PG_LEVEL_1G, "a page of 1G");
	ok(!set_memory_ro(arena.start, GIB / PAGE_SIZE), "ro, all of it");
	bits_at(arena.start, &level);
	is_int(level, PG_LEVEL_1G, "stays whole");
	ok(!set_memory_rw(arena.start + 513 * PAGE_SIZE, 1), "rw, one page of it");
	bits_at(arena.start + 512 * PAGE_SIZE, &level);
	is_int(level, PG_LEVEL_4K, "split twice");
	bits_at(arena.start, &level);
	is_int(level, PG_LEVEL_2M, "2M beside it");
	is_int(vmstat(DIRECT_MAP_LEVEL3_SPLIT), 1, "direct_map_level3_splits");
	is_int(vmstat(DIRECT_MAP_LEVEL2_SPLIT), 1, "direct_map_level2_splits");
	ok(direct_map_ok(false), "counted right");
	ok(!set_memory_rw(arena.start, GIB / PAGE_SIZE), "rw, all of it");
	bits_at(arena.start, &level);
	is_int(level, PG_LEVEL_1G, "1G again");
	ok(direct_map_ok(false), "counted right");
	arena_give_back(&arena);
}

static void test_formats(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(archs); i++) {
		arch = archs[i];
		memory = sizeof(void *) == 8 ? 3 * GIB : 512 * MIB;
		place = sizeof(void *) == 8 ? GIB + 512 * MIB : 256 * MIB;
		without = 0;
		run_case(test_random_calls);
		run_case(test_4k);
		run_case(test_cost);
		run_case(test_gigabyte);
		without = KMM_CPU_GBPAGES | KMM_CPU_NX | KMM_CPU_PGE;
		run_case(test_random_calls);
	}
	memory = 256 * MIB;
	place = 128 * MIB;
	without = KMM_CPU_PSE;
	run_case(test_random_calls);
}

int main(void)
{
	test_formats();
	return done_testing();
}
