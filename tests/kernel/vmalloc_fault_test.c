// SPDX-License-Identifier: MIT
/*
 * vmalloc_fault_test.c - what goes wrong with vmalloc areas is found.
 *
 * Accesses to a guard page, one byte past an area, to a freed one (waiting, purged, reused), to a
 * read-only one: each stops the machine, and the oops names the area and who asked for it. Then
 * allocations that fail, at every place inside every function in turn: nothing leaks, nothing stays
 * mapped.
 */
#include "vmalloc_machine.h"

/* --- accesses --- */

static u8 *area;
static size_t offset;

static void read_byte(void *arg)
{
	(void)arg;
	*(volatile u8 *)(area + offset);
}

static void write_byte(void *arg)
{
	(void)arg;
	*(volatile u8 *)(area + offset) = 1;
}

/* Not inlined, so that the reports name it. */
static __attribute__((noinline, noclone)) void *guilty_caller(size_t size)
{
	void *p = vmalloc(size);

	__asm__ volatile("" : "+r"(p));
	return p;
}

/* The machine stops and the log has a line about the faulting address with all of these words. */
static void stops_saying(void (*fn)(void *arg), const char *words, const char *name)
{
	char start[40];

	ok(stops(fn, NULL), "%s: the machine stops", name);
	ok(log_says("BUG: unable to handle page fault for address"), "%s: an oops", name);
	if (!ok(log_says(words), "%s: it says \"%s\"", name, words))
		diag("%s", host_dmesg());
	snprintf(start, sizeof(start), "[0x%llx, ",
		 (unsigned long long)kernel_address((uintptr_t)area));
	ok(log_says(start) && log_says("guilty_caller"), "%s: and names the area and its caller",
	   name);
}

static void test_one_past(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	area = guilty_caller(3 * PAGE_SIZE);
	memset(area, 0, 3 * PAGE_SIZE);
	offset = 3 * PAGE_SIZE;
	stops_saying(write_byte, " 0 bytes past the end of vmalloc area", "one byte past");
}

static void test_guard(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	area = guilty_caller(PAGE_SIZE);
	vfree(vmalloc(PAGE_SIZE));
	offset = 2 * PAGE_SIZE - 1;
	stops_saying(read_byte, " 4095 bytes past the end of vmalloc area", "guard page");
}

static void test_freed(void)
{
	if (skip_booted("not purged, it may be in the TLB") ||
	    !VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	area = guilty_caller(2 * PAGE_SIZE);
	memset(area, 0, 2 * PAGE_SIZE);
	vfree(area);
	offset = PAGE_SIZE + 17;
	stops_saying(read_byte, " 4113 bytes inside freed vmalloc area (not purged yet)", "freed");
}

static void test_purged(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	area = guilty_caller(2 * PAGE_SIZE);
	memset(area, 0, 2 * PAGE_SIZE);
	vfree(area);
	vm_unmap_aliases();
	offset = 3;
	stops_saying(write_byte, " 3 bytes inside freed vmalloc area [", "freed and purged");
}

/* A pointer kept over a free, whose addresses are another area's by now: that one is named. */
static void test_reused(void)
{
	u8 *old;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	old = vmalloc(8 * PAGE_SIZE);
	memset(old, 0, 8 * PAGE_SIZE);
	vfree(old);
	vm_unmap_aliases();
	area = guilty_caller(3 * PAGE_SIZE);
	ok(area == old, "the addresses are used again");
	offset = 3 * PAGE_SIZE + 8;
	stops_saying(write_byte, " 8 bytes past the end of vmalloc area", "reused");
}

static void test_read_only(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	area = __vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START, VMALLOC_END,
				    GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL_RO, 0, NUMA_NO_NODE,
				    (void *)guilty_caller);
	offset = 100;
	is_int(area[offset], 0, "a read-only area can be read");
	stops_saying(write_byte, " 100 bytes inside vmalloc area", "read-only");
}

static void test_nothing_there(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	area = (u8 *)VMALLOC_END - PAGE_SIZE;
	offset = 0;
	ok(stops(read_byte, NULL) && log_says("in vmalloc space, where no area is known"),
	   "far from any area: that is said");
}

/* After unmapping, until a flush, the TLB may know the page; whoever uses that is stopped too. */
static void test_unmapped(void)
{
	struct page *page;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	area = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	is_int(*area, 0, "vmap()");
	vunmap(area);
	offset = 0;
	if (skip_booted("not flushed, it may be in the TLB"))
		return;
	ok(stops(read_byte, NULL), "an access after vunmap() stops the machine");
}

static void test_map_ram(void)
{
	struct page *page;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	area = vm_map_ram(&page, 1, NUMA_NO_NODE);
	is_int(*area, 0, "vm_map_ram()");
	offset = PAGE_SIZE;
	ok(stops(read_byte, NULL) && log_says("inside vm_map_ram area"), "a page too far stops");
}

/* --- allocations that fail --- */

static void op_vmalloc(void) { vfree(vmalloc(3 * PAGE_SIZE)); }
static void op_vzalloc(void) { vfree(vzalloc(100 * PAGE_SIZE)); }
static void op_large(void) { vfree(vmalloc(5 << 20)); }
static void op_huge(void) { vfree(vmalloc_huge(9 << 20, GFP_KERNEL)); }
static void op_kvmalloc(void) { kvfree(kvmalloc(3 << 20, GFP_KERNEL)); }

static void op_aligned(void)
{
	void *a = __vmalloc_node(PAGE_SIZE, 8 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE, NULL);
	void *b = __vmalloc_node(PAGE_SIZE, 64 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE, NULL);

	vfree(a);
	vfree(b);
}

static struct page *some_pages[80];

static void op_vmap(void)
{
	vunmap(vmap(some_pages, 80, VM_MAP, PAGE_KERNEL));
}

static void op_map_ram(void)
{
	void *a = vm_map_ram(some_pages, 7, NUMA_NO_NODE);
	void *b = vm_map_ram(some_pages, 80, NUMA_NO_NODE);

	if (a)
		vm_unmap_ram(a, 7);
	if (b)
		vm_unmap_ram(b, 80);
}

static void op_ioremap(void)
{
	iounmap(ioremap(0xf0000000, 3 << 20));
}

static void op_groups(void)
{
	static const unsigned long off[] = { 0, 8 * PAGE_SIZE, 32 * PAGE_SIZE };
	static const size_t size[] = { 4 * PAGE_SIZE, PAGE_SIZE, 9 * PAGE_SIZE };
	struct vm_struct **vms = pcpu_get_vm_areas(off, size, 3, 4 * PAGE_SIZE);

	if (vms)
		pcpu_free_vm_areas(vms, 3);
}

/* In a place where there are no tables yet, so that those are allocated too. */
static void op_far(void)
{
	uintptr_t far = VMALLOC_START + (VMALLOC_END - VMALLOC_START) / 4 * 3;

	far = ALIGN_DOWN(far, (uintptr_t)8 << 20) + (4 << 20) - 3 * PAGE_SIZE;
	vfree(__vmalloc_node_range(7 * PAGE_SIZE, 1, far, far + 8 * PAGE_SIZE, GFP_KERNEL,
				   PAGE_KERNEL, 0, NUMA_NO_NODE, NULL));
}

static const struct { const char *name; void (*op)(void); } ops[] = {
	{ "vmalloc", op_vmalloc }, { "vzalloc", op_vzalloc }, { "5 MiB", op_large },
	{ "vmalloc_huge", op_huge }, { "kvmalloc", op_kvmalloc }, { "aligned", op_aligned },
	{ "vmap", op_vmap }, { "vm_map_ram", op_map_ram }, { "ioremap", op_ioremap },
	{ "pcpu_get_vm_areas", op_groups }, { "far away", op_far },
};

/* The n-th allocation from now on fails, and no other: true when it did. */
static bool fail_nth(struct fault_attr *attr, void (*changed)(void), void (*op)(void),
		     unsigned int n)
{
	attr->probability = 100;
	attr->interval = n + 1;
	attr->count = 0;
	attr->times = 1;
	attr->space = 0;
	changed();
	op();
	attr->probability = 0;
	changed();
	return attr->times == 0;
}

static unsigned int fail_each(struct fault_attr *attr, void (*changed)(void),
			      const char *what, unsigned int i, unsigned int most)
{
	struct vmalloc_state then = vmalloc_state(), now;
	unsigned int n, leaks = 0;

	for (n = 0; n < most && fail_nth(attr, changed, ops[i].op, n); n++) {
		now = vmalloc_state();
		vmap_area_check();
		if (now.busy != then.busy || now.used != then.used ||
		    now.mapped.pages != then.mapped.pages || now.mapped.hash != then.mapped.hash ||
		    now.free + 60 < then.free) {
			if (!leaks++)
				diag("%s, %s %u: areas %lu of %lu, mapped %lu of %lu, free %lu/%lu",
				     ops[i].name, what, n, now.busy, then.busy, now.mapped.pages,
				     then.mapped.pages, now.free, then.free);
		}
	}
	is_int(leaks, 0, "%s: each of %u %s fails, nothing is left", ops[i].name, n, what);
	return n;
}

static void test_fail(void)
{
	unsigned int i, pages = 0, objects = 0;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
			return;
		for (unsigned int k = 0; k < 80; k++)
			some_pages[k] = alloc_page(GFP_KERNEL);
		fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
		fail_page_alloc.min_order = 0;
		failslab.ignore_gfp_reclaim = false;
		pages += fail_each(&fail_page_alloc.attr, fail_page_alloc_changed, "pages", i, 120);
		objects += fail_each(&failslab.attr, failslab_changed, "objects", i, 40);
		host_power_off();
	}
	ok(pages > 50 && objects > 15, "%u failed pages and %u failed objects", pages, objects);
}

static void test_messages(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	ok(!vmalloc((nr_free_pages() + 20) << PAGE_SHIFT), "more than is free: NULL");
	ok(log_says("page order 0, failed to allocate pages, mode:0xcc"), "and Linux's line");
	ok(log_says("vmalloc error: size "), "in its words");
	vmap_area_check();
}

int main(void)
{
	run_case(test_one_past);
	run_case(test_guard);
	run_case(test_freed);
	run_case(test_purged);
	run_case(test_reused);
	run_case(test_read_only);
	run_case(test_nothing_there);
	run_case(test_unmapped);
	run_case(test_map_ram);
	run_case(test_fail);
	run_case(test_messages);
	return done_testing();
}
