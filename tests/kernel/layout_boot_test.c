// SPDX-License-Identifier: MIT
/*
 * layout_boot_test - the layout of booted machines: where the areas are, that options move them,
 * and what the boot prints about them. (tests/arch/layout_test.c: the numbers by themselves.)
 */
#include "highmem.h"

#define IS64 (sizeof(void *) == 8)

static void *page_struct_end(void)
{
	return pfn_to_page(max_pfn);
}

static void test_areas(void)
{
	uintptr_t direct_end;

	if (!MACHINE_ON(.mem = 512 * MIB))
		return;
	direct_end = page_offset_base + 512 * MIB;
	ok((uintptr_t)high_memory == direct_end, "high_memory ends low memory");
	ok(VMALLOC_START >= direct_end && VMALLOC_START < VMALLOC_END, "vmalloc beyond");
	ok(VMALLOC_START - page_offset_base >= direct_map_end, "and beyond any direct address");
	ok(FIXADDR_TOP > FIXADDR_START && FIXADDR_START > VMALLOC_END, "fixmap beyond that");
	ok(kernel_pointer(kernel_address(VMALLOC_START)) == VMALLOC_START, "there and back");
	ok(kernel_address(page_offset_base) == kernel_layout.direct.start, "PAGE_OFFSET");
	if (IS64) {
		ok((uintptr_t)page_struct_end() <= VMEMMAP_END &&
		   (uintptr_t)pfn_to_page(0) == VMEMMAP_START, "the page array in its area");
		ok(!LAST_PKMAP, "no pkmap");
	} else {
		ok(!VMEMMAP_START, "no area for the page array");
		ok(VMALLOC_START == direct_end + 8 * MIB, "8 MiB of nothing below vmalloc");
	}
	ok(log_says("virtual kernel memory layout:"), "the layout is printed");
	ok(log_says("    vmalloc : 0x") && log_says("    lowmem  : 0x") &&
	   log_says("    fixmap  : 0x"), "area by area");
}

/* What recorded 32-bit kernels have: facts/i386-686-pae-m1024.txt, i386-686-m1024.txt. */
static void test_recorded32(void)
{
	if (!MACHINE_ON(.mem = 1024 * MIB, .arch = HOST_IA32_PAE))
		return;
	ok(log_says("879MB LOWMEM available."), "879MB LOWMEM with PAE");
	is_int(kernel_address(VMALLOC_START), 0xf77fe000, "VMALLOC_START");
	is_int(kernel_address(VMALLOC_END), 0xfeffe000, "VMALLOC_END");
	is_int(kernel_address(PKMAP_BASE), 0xff000000, "PKMAP_BASE");
	is_int(kernel_address(FIXADDR_START), 0xffdb8000, "FIXADDR_START");
	is_int(kernel_address(FIXADDR_TOP), 0xfffff000, "FIXADDR_TOP");
	ok(log_says("    pkmap   : 0xff000000 - 0xff200000   (2048 kB)"), "pkmap's line");
	ok(log_says("    vmalloc : 0xf77fe000 - 0xfeffe000   ( 120 MB)"), "vmalloc's");
	ok(log_says("    lowmem  : 0xc0000000 - 0xf6ffe000   ( 879 MB)"), "lowmem's");
	host_power_off();
	if (!MACHINE_ON(.mem = 1024 * MIB, .arch = HOST_IA32))
		return;
	ok(log_says("875MB LOWMEM available."), "875MB LOWMEM without");
	is_int(kernel_address(VMALLOC_START), 0xf73fe000, "VMALLOC_START");
	is_int(kernel_address(VMALLOC_END), 0xfebfe000, "VMALLOC_END");
	is_int(kernel_address(PKMAP_BASE), 0xfec00000, "PKMAP_BASE");
}

static void test_vmalloc_option(void)
{
	u64 start;

	if (!MACHINE_ON(.mem = 1024 * MIB, .cmdline = "vmalloc=256M", .arch = HOST_IA32_PAE))
		return;
	is_int(VMALLOC_END - VMALLOC_START, 256 * MIB, "vmalloc=256M");
	is_int(PFN_PHYS((u64)max_low_pfn), 0x36ffe000 - 136 * MIB, "taken from low memory");
	start = VMALLOC_START;
	host_power_off();
	if (!MACHINE_ON(.mem = 1024 * MIB, .cmdline = "vmalloc=64M"))
		return;
	is_int(VMALLOC_END - VMALLOC_START, 64 * MIB, "vmalloc=64M");
	ok(VMALLOC_START > start, "more low memory");
	host_power_off();
	if (!MACHINE_ON(.mem = 1024 * MIB, .cmdline = "vmalloc=2G"))
		return;
	ok(log_says("vmalloc=2048MB results in <64MB lowmem, ignoring it!"), "vmalloc=2G is not");
	is_int(VMALLOC_END - VMALLOC_START, 120 * MIB, "the default stays");
}

/* ---- 64 bits ---- */

static u64 bases[3];

static bool in_order(void)
{
	return page_offset_base < VMALLOC_START && VMALLOC_END <= VMEMMAP_START &&
	       VMEMMAP_END <= FIXADDR_START;
}

static void keep_bases(void)
{
	bases[0] = page_offset_base;
	bases[1] = VMALLOC_START;
	bases[2] = VMEMMAP_START;
}

static void test_kaslr(void)
{
	if (!MACHINE_ON(.mem = 256 * MIB, .seed = 1))
		return;
	ok(in_order(), "random bases: in order");
	keep_bases();
	host_power_off();
	if (!MACHINE_ON(.mem = 256 * MIB, .seed = 2))
		return;
	ok(in_order() && bases[0] != page_offset_base && bases[1] != VMALLOC_START &&
	   bases[2] != VMEMMAP_START, "another seed, other bases");
	host_power_off();
	if (!MACHINE_ON(.mem = 256 * MIB, .seed = 1))
		return;
	ok(bases[0] == page_offset_base && bases[1] == VMALLOC_START && bases[2] == VMEMMAP_START,
	   "the same seed, the same");
	*(volatile int *)page_address(alloc_pages(GFP_KERNEL, 0)) = 1;
	ok(true, "and memory is there");
}

static void test_nokaslr(void)
{
	if (!MACHINE_ON(.mem = 256 * MIB, .seed = 1, .cmdline = "nokaslr"))
		return;
	keep_bases();
	ok(in_order(), "nokaslr");
	if (kernel_address(page_offset_base) == 0xffff888000000000) {
		ok(kernel_address(VMALLOC_START) == 0xffffc90000000000, "VMALLOC_START");
		ok(kernel_address(VMALLOC_END) == 0xffffe90000000000, "VMALLOC_END");
		ok(kernel_address(VMEMMAP_START) == 0xffffea0000000000, "vmemmap");
	} else {
		skip(3, "a sanitizer has these addresses");
	}
	host_power_off();
	if (!MACHINE_ON(.mem = 256 * MIB, .seed = 2, .cmdline = "nokaslr"))
		return;
	ok(bases[0] == page_offset_base && bases[1] == VMALLOC_START && bases[2] == VMEMMAP_START,
	   "whatever the seed");
}

static void test_5level(void)
{
	if (!MACHINE_ON(.mem = 256 * MIB, .arch = HOST_AMD64_LA57))
		return;
	ok(kernel_paging == PAGING_5LEVEL && in_order(), "five levels in the same window");
}

int main(void)
{
	run_case(test_areas);
	if (IS64) {
		run_case(test_kaslr);
		run_case(test_nokaslr);
		run_case(test_5level);
	} else {
		run_case(test_recorded32);
		run_case(test_vmalloc_option);
	}
	return done_testing();
}
