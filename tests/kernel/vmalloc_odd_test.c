// SPDX-License-Identifier: MIT
/*
 * vmalloc_odd_test.c - requests at the border of what can be asked, each of which once went wrong.
 */
#include <kmm/tlbflush.h>

#include "tests/kernel/vmalloc_machine.h"

#define MANY (1u << 16)

static struct page *pages[MANY];

/* The last byte asked for is the first of a page: that page counts. */
static void test_ioremap_last_byte(void)
{
	struct page *page;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_page(GFP_KERNEL);
	ok(!ioremap(page_to_phys(page), 1), "one byte of RAM is not for ioremap()");
	ok(!ioremap(page_to_phys(page) - 4095, 4096), "nor one that is reached by the last byte");
	__free_page(page);
	host_power_off();
}

/* Large pages are a wish, even of somebody who may not fail. */
static void test_nofail_in_pieces(void)
{
	unsigned int n = 0;
	void *p;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	while (n < MANY && (pages[n] = alloc_page(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)))
		n++;
	for (unsigned int i = 0; i < n; i++)
		if (page_to_pfn(pages[i]) & 1)
			__free_page(pages[i]);
	drain_all_pages(NULL);
	p = kvmalloc(3 << 20, GFP_KERNEL | __GFP_NOFAIL);
	ok(p && is_vmalloc_addr(p), "3 MiB of single pages where no two are together");
	vfree(p);
	host_power_off();
}

/* A number of pages whose bytes do not fit in size_t. */
static void test_more_than_addresses(void)
{
	static struct page *one;
	unsigned int count = (unsigned int)(SIZE_MAX >> PAGE_SHIFT) + 2;

	if (sizeof(void *) == 8 || !VMALLOC_MACHINE_ON(.mem = 8 * GIB)) {
		skip(2, "only where addresses are fewer than pages");
		return;
	}
	one = alloc_page(GFP_KERNEL);
	ok(!vmap(&one, count, VM_MAP, PAGE_KERNEL), "vmap() of 4 GiB and a page");
	ok(!vm_map_ram(&one, count + 64, NUMA_NO_NODE), "vm_map_ram() of as much");
	host_power_off();
}

/*
 * A kernel page that is not global would live on under the tags of other address spaces when it is
 * flushed under one.
 */
static void test_always_global(void)
{
	struct page *page;
	phys_addr_t phys;
	void *area;
	u64 va;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_page(GFP_KERNEL);
	area = vmap(&page, 1, VM_MAP, __pgprot(pgprot_val(PAGE_KERNEL) & ~_PAGE_GLOBAL));
	va = kernel_address((uintptr_t)area);
	ok(host_access(va, 0, &phys) && phys == page_to_phys(page), "vmap() of a page not global");
	local_flush_tlb();
	ok(host_tlb_holds(0, va, 3), "is global all the same: a user's flush leaves it");
	vunmap(area);
	vm_unmap_aliases();
	ok(!host_tlb_holds(0, va, 3) && !host_access(va, 0, &phys), "the kernel's does not");
	host_power_off();
}

/* /proc/vmallocinfo takes the areas some at a time. */
static void test_walk_in_pieces(void)
{
	static char text[1 << 20];
	void *area[200];
	unsigned int lines = 0;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(area); i++)
		area[i] = vmalloc(PAGE_SIZE);
	ok(introspect_read_text("/proc/vmallocinfo", text, sizeof(text)) > 0, "the file is there");
	for (const char *s = text; (s = strstr(s, "test_walk_in_pieces")); s++)
		lines++;
	is_int(lines, ARRAY_SIZE(area), "each area is listed once");
	for (unsigned int i = 0; i < ARRAY_SIZE(area); i++)
		vfree(area[i]);
	host_power_off();
}

int main(void)
{
	run_case(test_always_global);
	run_case(test_walk_in_pieces);
	run_case(test_ioremap_last_byte);
	run_case(test_nofail_in_pieces);
	run_case(test_more_than_addresses);
	return done_testing();
}
