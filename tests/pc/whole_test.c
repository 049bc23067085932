// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * whole_test.c - a machine that is all of this PC: the firmware's memory map, nodes and CPUs, not a
 * part of them that a test describes. All memory is given out, every so many blocks one is marked
 * with its number, and all marks are found again: where the PC has high memory, that is there too.
 */
#include <kmm/highmem.h>
#include <kmm/slab.h>

#include "platform/pc/pc.h"
#include "tests/page/machine.h"

#define MARKED	7u		/* one block of so many carries its number */

static bool whole_on(void)
{
	const struct host_config c = { .quiet = true, .threads = true };
	int err = host_boot(&c);

	return is_int(err, 0, "all of the PC boots") || (diag("%s", host_dmesg()), false);
}

static u64 usable_bytes(void)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < pc_machine.nr_e820; i++)
		if (pc_machine.e820[i].type == E820_TYPE_RAM)
			bytes += pc_machine.e820[i].size;
	return bytes;
}

static unsigned int nodes_of_srat(void)
{
	unsigned int nodes = 0;

	for (unsigned int i = 0; i < pc_machine.nr_srat; i++)
		nodes = max(nodes, (unsigned int)pc_machine.srat[i].node + 1);
	return max(nodes, 1u);
}

static void test_what_there_is(void)
{
	u64 bytes = usable_bytes(), managed = (u64)totalram_pages * PAGE_SIZE;
	unsigned int nid, nodes = nodes_of_srat();

	is_int(nr_cpu_ids, pc_machine.nr_cpus, "%u CPUs", pc_machine.nr_cpus);
	ok(managed > bytes / 10 * 8 && managed < bytes, "%llu MiB of %llu MiB are managed",
	   (unsigned long long)(managed / MIB), (unsigned long long)(bytes / MIB));
	is_int(num_online_nodes(), nodes, "%u nodes, as the firmware says", nodes);
	for (nid = 0; nid < (unsigned int)num_online_nodes(); nid++) {
		struct page *page = alloc_pages_node((int)nid, GFP_KERNEL | __GFP_THISNODE, 0);

		if (!page) {
			/* IA-32: no low memory on the higher nodes. */
			page = alloc_pages_node((int)nid, GFP_HIGHUSER | __GFP_THISNODE, 0);
		}
		ok(page && page_to_nid(page) == (int)nid, "node %u has pages", nid);
		if (page)
			__free_pages(page, 0);
	}
}

static void mark(struct page *page)
{
	unsigned long *p = kmap_local_page(page);

	p[0] = page_to_pfn(page);
	p[PAGE_SIZE / sizeof(long) - 1] = ~page_to_pfn(page);
	kunmap_local(p);
}

static bool is_marked(struct page *page)
{
	unsigned long *p = kmap_local_page(page), pfn = page_to_pfn(page);
	bool right = p[0] == pfn && p[PAGE_SIZE / sizeof(long) - 1] == ~pfn;

	kunmap_local(p);
	return right;
}

static void test_all_memory(void)
{
	unsigned long before, n = 0, high = 0, wrong = 0, marked = 0;
	struct pile pile = { 0 };
	struct page *page;

	drain_all_pages(NULL);
	before = nr_free_pages();
	pile_fill_all(&pile, GFP_HIGHUSER_MOVABLE);
	preempt_disable();
	for (page = pile.first; page; page = (struct page *)(uintptr_t)page->private)
		if (n++ % MARKED == 0) {
			mark(page);
			marked++;
			high += PageHighMem(page);
		}
	for (n = 0, page = pile.first; page; page = (struct page *)(uintptr_t)page->private)
		if (n++ % MARKED == 0)
			wrong += !is_marked(page);
	preempt_enable();
	ok(pile.pages > before / 10 * 9, "%lu of %lu pages given out", pile.pages, before);
	is_int(wrong, 0, "%lu blocks marked, %lu of them high: each its own", marked, high);
	pile_free(&pile);
	nothing_lost(before, "all given back");
}

static void take_and_give(void *arg)
{
	for (unsigned int i = 0; i < 2000; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, i % 4);
		void *object = kmalloc(i % 512 + 1, GFP_KERNEL);

		__atomic_fetch_add((unsigned int *)arg, page && object, __ATOMIC_RELAXED);
		if (page)
			__free_pages(page, i % 4);
		kfree(object);
	}
}

static void test_cpus(void)
{
	unsigned int good = 0;

	host_run_on_all(take_and_give, &good);
	is_int(good, 2000 * nr_cpu_ids, "every CPU allocates pages and objects");
	page_alloc_check();
	slab_check(NULL);
}

static void test_whole(void)
{
	if (!whole_on())
		return;
	test_what_there_is();
	test_cpus();
	test_all_memory();
}

int main(void)
{
	run_case(test_whole);
	run_case(test_whole);		/* and once more, after power-off */
	return done_testing();
}
