// SPDX-License-Identifier: MIT
/*
 * highmem_local_test - kmap_local_page(): all orders in which a few mappings can be made and
 * undone, the depth there is, slots of different CPUs, and each rule broken once.
 */
#include "highmem.h"

#define DEPTH 4			/* of the exhaustive part */

static struct page *page_at[KM_MAX_IDX + 1];

static void take_pages(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		page_at[i] = high_page();
		memset(in_ram(page_at[i]), (int)i + 1, PAGE_SIZE);
	}
}

static void test_one(void)
{
	unsigned char *p, *q;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(2);
	p = kmap_local_page(page_at[0]);
	ok(all_bytes(p, 1, PAGE_SIZE), "a high page's contents");
	poke(p + 5, 77);
	is_int(in_ram(page_at[0])[5], 77, "written");
	ok(kmap_to_page(p + 99) == page_at[0], "kmap_to_page()");
	ok(!page_address(page_at[0]), "page_address() does not know local addresses");
	q = kmap_atomic(page_at[1]);
	ok(q != p && peek(q) == 2 && peek(p) == 1, "a second one beside it");
	is_int(kmap_local_depth(), 2, "two of them");
	kunmap_atomic(q + 123);
	kunmap_local(p + 4095);
	is_int(kmap_local_depth(), 0, "undone by any address in the page");
	ok(kmap_local_page(page_at[1]) == p && peek(p) == 2, "the address is another page's now");
	kunmap_local(p);
	p = kmap_local_pfn(page_to_pfn(page_at[1]));
	q = kmap_local_pfn(5);
	ok(peek(p) == 2 && kmap_to_page(q) == pfn_to_page(5), "kmap_local_pfn(), low ones too");
	kunmap_local(q);
	kunmap_local(p);
}

/* ---- all orders ---- */

static struct { void *addr; unsigned int page; } stack[DEPTH];
static unsigned int depth, walks, wrong;

static void check_stack(void)
{
	for (unsigned int i = 0; i < depth; i++)
		wrong += peek(stack[i].addr) != (int)stack[i].page + 1 ||
			 kmap_to_page(stack[i].addr) != page_at[stack[i].page];
	wrong += kmap_local_depth() != depth;
}

/* Each sequence of `steps` maps (of any of DEPTH pages) and unmaps that keeps the rules. */
static void walk(unsigned int steps)
{
	if (!steps) {
		walks++;
		return;
	}
	for (unsigned int page = 0; depth < DEPTH && page < DEPTH; page++) {
		stack[depth].page = page;
		stack[depth++].addr = kmap_local_page(page_at[page]);
		check_stack();
		walk(steps - 1);
		kunmap_local(stack[--depth].addr);
		check_stack();
	}
	if (depth) {
		kunmap_local(stack[--depth].addr);
		check_stack();
		walk(steps - 1);
		stack[depth].addr = kmap_local_page(page_at[stack[depth].page]);
		depth++;
	}
}

static void test_orders(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	take_pages(DEPTH);
	depth = walks = wrong = 0;
	walk(7);
	ok(!wrong && walks > 5000, "%u orders of 7 steps: each mapping shows its page", walks);
	is_int(kmap_local_depth(), 0, "all undone");
}

static void test_deep(void)
{
	void *p[KM_MAX_IDX];
	unsigned int i, bad = 0;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(KM_MAX_IDX);
	for (i = 0; i < KM_MAX_IDX; i++)
		p[i] = kmap_local_page(page_at[i]);
	for (i = 0; i < KM_MAX_IDX; i++)
		bad += peek(p[i]) != (int)i + 1;
	ok(!bad, "16 at a time");
	while (i--)
		kunmap_local(p[i]);
	is_int(kmap_local_depth(), 0, "and back");
}

/* ---- CPUs ---- */

static void *addr_of_cpu[4];

static void test_cpus(void)
{
	unsigned int cpu, bad = 0;

	if (!HIGH_MACHINE_ON(.cpus = 4))
		return;
	take_pages(4);
	for (cpu = 0; cpu < 4; cpu++) {
		host_set_cpu(cpu);
		addr_of_cpu[cpu] = kmap_local_page(page_at[cpu]);
		for (unsigned int i = 0; i < cpu; i++)
			bad += addr_of_cpu[i] == addr_of_cpu[cpu];
	}
	for (cpu = 0; cpu < 4; cpu++) {
		host_set_cpu(cpu);
		bad += peek(addr_of_cpu[cpu]) != (int)cpu + 1 || kmap_local_depth() != 1;
		kunmap_local(addr_of_cpu[cpu]);
	}
	host_set_cpu(0);
	ok(!bad, "each CPU has its own addresses");
}

/* What a pair costs a TLB: one page forgotten, by this CPU alone, and no interrupt. */
static void test_flushes(void)
{
	struct host_tlb_stats before, after, other;

	if (!HIGH_MACHINE_ON(.cpus = 2))
		return;
	take_pages(1);
	before = host_tlb_stats(0);
	other = host_tlb_stats(1);
	for (int i = 0; i < 100; i++) {
		void *p = kmap_local_page(page_at[0]);

		poke(p, i);
		kunmap_local(p);
	}
	after = host_tlb_stats(0);
#ifndef KMM_TLB_FLUSH_LOCAL_INLINE	/* an instruction is not counted */
	is_int(after.flush_one - before.flush_one, 100, "100 pairs, 100 pages forgotten");
#endif
	is_int(after.flush_all - before.flush_all, 0, "no full flush");
	is_int(host_tlb_stats(1).flush_one - other.flush_one, 0, "nothing on the other CPU");
	is_int(host_tlb_stats(1).interrupts - other.interrupts, 0, "which was not interrupted");
}

/* ---- broken rules ---- */

static void one_more(void *unused) { (void)unused, (void)!kmap_local_page(page_at[0]); }
static void unmap_it(void *p) { kunmap_local(p); }
static void read_it(void *p) { peek(p); }

static void test_too_deep(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	take_pages(1);
	for (int i = 0; i < KM_MAX_IDX; i++)
		one_more(NULL);
	ok(stops(one_more, NULL), "a 17th");
	ok(log_says("one more is too deep"), "is too deep");
}

static void test_wrong_order(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(2);
	p = kmap_local_page(page_at[0]);
	(void)!kmap_local_page(page_at[1]);
	ok(stops(unmap_it, p), "not the last one made");
	ok(log_says("wrong order"), "is the wrong order");
}

static void test_twice(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(1);
	p = kmap_local_page(page_at[0]);
	kunmap_local(p);
	ok(stops(unmap_it, p), "unmapped twice");
	ok(log_says("not mapped"), "says so");
}

static void test_other_cpu(void)
{
	void *p;

	if (!HIGH_MACHINE_ON(.cpus = 2))
		return;
	take_pages(1);
	p = kmap_local_page(page_at[0]);
	host_set_cpu(1);
	(void)!kmap_local_page(page_at[0]);
	ok(stops(unmap_it, p), "undone on another CPU");
	ok(log_says("mapped by CPU 0, unmapped by CPU 1"), "says which");
}

static void test_kmap_address(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(1);
	p = kmap(page_at[0]);
	ok(stops(unmap_it, p), "kunmap_local() of an address of kmap()");
	ok(log_says("not an address of kmap_local_page()"), "says so");
}

static void test_stale(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(1);
	p = kmap_local_page(page_at[0]);
	peek(p);
	kunmap_local(p);
	ok(stops(read_it, p), "a read through an address that was given back");
	ok(log_says("is kmap_local slot 0 of CPU 0, not mapped"), "and the report names it");
}

static void write_it(void *p) { poke(p, 3); }

static void test_read_only(void)
{
	void *p;

	if (!HIGH_MACHINE_ON())
		return;
	take_pages(1);
	p = kmap_local_page_prot(page_at[0], PAGE_KERNEL_RO);
	is_int(peek(p), 1, "a page mapped to be read");
	ok(stops(write_it, p), "cannot be written there");
	is_int(in_ram(page_at[0])[0], 1, "and was not");
}

static void map_beyond(void *unused)
{
	(void)unused;
	(void)!kmap_local_pfn((unsigned long)(direct_map_end >> PAGE_SHIFT));
}

static void test_no_high_memory(void)
{
	void *p;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	p = kmap_local_pfn(100);
	if (sizeof(void *) == 8) {
		ok(p == __va(100 * PAGE_SIZE), "no entries: a low frame's own address");
		kunmap_local(p);
		ok(stops(map_beyond, NULL), "a frame that has none");
	} else {
		ok(kmap_to_page(p) == pfn_to_page(100), "IA-32 has entries always");
		kunmap_local(p);
		skip(1, "and so any frame can be mapped");
	}
}

static void cases(void)
{
	run_case(test_one);
	run_case(test_orders);
	run_case(test_deep);
	run_case(test_cpus);
	run_case(test_flushes);
	run_case(test_too_deep);
	run_case(test_wrong_order);
	run_case(test_twice);
	run_case(test_other_cpu);
	run_case(test_kmap_address);
	run_case(test_stale);
	run_case(test_read_only);
	run_case(test_no_high_memory);
}

int main(void)
{
	both_formats(cases);
	return done_testing();
}
