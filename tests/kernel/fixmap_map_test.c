// SPDX-License-Identifier: MIT
/* fixmap_map_test - set_fixmap(): addresses, contents, what is forgotten by whom, and rules. */
#include <kmm/fixmap.h>

#include "highmem.h"

static void test_addresses(void)
{
	unsigned int i, bad = 0;

	if (!HIGH_MACHINE_ON())
		return;
	for (i = FIX_DBGP_BASE; i < kernel_layout.fix.total; i++)
		bad += virt_to_fix(fix_to_virt(i)) != i || fix_to_virt(i) % PAGE_SIZE ||
		       virt_to_fix(fix_to_virt(i) + 4095) != i;
	ok(!bad, "fix_to_virt() and virt_to_fix() of all entries");
	ok(fix_to_virt(0) == FIXADDR_TOP, "entry 0 begins at FIXADDR_TOP");
	is_int((FIXADDR_TOP - FIXADDR_START) / PAGE_SIZE, kernel_layout.fix.permanent,
	       "FIXADDR_START is as many pages below");
	is_int(FIX_KMAP_BEGIN, kernel_layout.fix.kmap_begin, "enum and layout agree");
}

static void test_set(void)
{
	struct page *a, *b;
	unsigned char *p = NULL;

	if (!HIGH_MACHINE_ON())
		return;
	a = high_page();
	b = high_page();
	p = (unsigned char *)fix_to_virt(FIX_IO_APIC_BASE_0);
	set_fixmap(FIX_IO_APIC_BASE_0, page_to_phys(a));
	poke(p + 3, 9);
	is_int(in_ram(a)[3], 9, "set_fixmap maps");
	set_fixmap_nocache(FIX_IO_APIC_BASE_0, page_to_phys(b));
	poke(p + 3, 8);
	is_int(in_ram(b)[3], 8, "another page in its place");
	is_int(in_ram(a)[3], 9, "the first is not touched");
	in_ram(b)[700] = 5;
	is_int(peek((void *)set_fixmap_offset(FIX_IO_APIC_BASE_0, page_to_phys(b) + 700)), 5,
	       "set_fixmap_offset");
	clear_fixmap(FIX_IO_APIC_BASE_0);
	clear_fixmap(FIX_IO_APIC_BASE_0);
	clear_fixmap(FIX_IO_APIC_BASE_0);
	ok(true, "cleared twice");
}

static void read_it(void *p) { peek(p); }

static void test_cleared(void)
{
	if (!HIGH_MACHINE_ON())
		return;
	set_fixmap(FIX_IO_APIC_BASE_0, page_to_phys(high_page()));
	peek((void *)fix_to_virt(FIX_IO_APIC_BASE_0));
	clear_fixmap(FIX_IO_APIC_BASE_0);
	ok(stops(read_it, (void *)fix_to_virt(FIX_IO_APIC_BASE_0)),
	   "a cleared entry is no address");
}

/* An entry that changes is forgotten by all CPUs; the first mapping costs no flush. */
static void test_other_cpus(void)
{
	struct page *a, *b;
	unsigned char *p;
	u64 flushes;

	if (!HIGH_MACHINE_ON(.cpus = 2))
		return;
	a = high_page();
	b = high_page();
	in_ram(a)[0] = 1;
	in_ram(b)[0] = 2;
	p = (unsigned char *)fix_to_virt(FIX_EARLYCON_MEM_BASE);
	flushes = host_tlb_stats(0).flush_one + host_tlb_stats(0).interrupts;
	set_fixmap(FIX_EARLYCON_MEM_BASE, page_to_phys(a));
	is_int(host_tlb_stats(0).flush_one + host_tlb_stats(0).interrupts - flushes, 0,
	       "a first mapping: nothing to forget");
	host_set_cpu(1);
	is_int(peek(p), 1, "CPU 1 sees a page");
	host_set_cpu(0);
	set_fixmap(FIX_EARLYCON_MEM_BASE, page_to_phys(b));
	is_int(peek(p), 2, "CPU 0 sees the next one");
	host_set_cpu(1);
	is_int(peek(p), 2, "so does CPU 1");
	host_set_cpu(0);
}

static void set_kmap_slot(void *unused) { (void)unused; set_fixmap(FIX_KMAP_BEGIN, 0x100000); }
static void set_beyond(void *unused)
{
	(void)unused;
	set_fixmap(kernel_layout.fix.permanent, 0x100000);
}
static void set_odd(void *unused) { (void)unused; set_fixmap(FIX_IO_APIC_BASE_0, 0x100001); }
static void ask_beyond(void *unused)
{
	(void)unused;
	(void)!fix_to_virt(kernel_layout.fix.total);
}
static void ask_above(void *unused)
{
	(void)unused;
	(void)!virt_to_fix(FIXADDR_TOP - kernel_layout.fix.total * PAGE_SIZE);
}

static void test_rules(void)
{
	static void (*const wrong[])(void *) = {
		set_kmap_slot, set_beyond, set_odd, ask_beyond, ask_above,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (!HIGH_MACHINE_ON())
			return;
		ok(stops(wrong[i], NULL), "rule %u", i);
		host_power_off();
	}
}

static void cases(void)
{
	run_case(test_addresses);
	run_case(test_set);
	run_case(test_cleared);
	run_case(test_other_cpus);
	run_case(test_rules);
}

int main(void)
{
	both_formats(cases);
	return done_testing();
}
