// SPDX-License-Identifier: MIT
/*
 * percpu_chunk.c - chunks of per-CPU memory made and unmade, their pages mapped and unmapped.
 *
 * A chunk's addresses come from vmalloc space, a group of units for each node, at the distances of
 * the first chunk (vmap_pcpu.c). Its memory comes page by page from each CPU's own node, high
 * memory welcome. Nobody keeps a list of these pages: they are found again in the page tables.
 *
 *	one page of a chunk:  unit 0 [page, node 0]  unit 1 [page, node 0]  unit 2 [page, node 1]
 *
 * Unmapping: entries cleared for all CPUs and pages, one flush over all of it, then the pages are
 * freed: until the flush they may still be written through some TLB.
 *
 * Without paging a chunk is one block of pages, cut into units; nothing is ever unmapped.
 *
 * Locks: M (mm/kernel/percpu.h) is held by all callers. Source of the ideas: Linux, percpu-vm.c,
 * percpu-km.c.
 */
#include <kmm/errno.h>
#include <kmm/tlbflush.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/percpu.h"
#include "mm/kernel/vmap_area.h"

#define BATCH	8u		/* pages mapped at a time */

/* --- memory of a chunk --- */

/* Pages that are being freed, linked by page->private. */
static void free_page_list(struct page *list)
{
	while (list) {
		struct page *next = (struct page *)(uintptr_t)list->private;

		list->private = 0;
		__free_page(list);
		list = next;
	}
}

/* Clear the entries of [addr, addr + nr pages); the pages in front of *list. */
static void unmap_unit(uintptr_t addr, unsigned int nr, struct page **list)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct page *page = vmalloc_to_page((void *)(addr + i * PAGE_SIZE));

		KMM_BUG_ON(!page);
		page->private = (unsigned long)(uintptr_t)*list;
		*list = page;
	}
	vunmap_range_noflush(addr, addr + nr * PAGE_SIZE);
}

/* The next sequence of pages in *pages: its first, and how many, at most `most`. */
static unsigned int next_run(u64 *pages, unsigned int most, unsigned int *nr)
{
	unsigned int first = kmm_ctz64(*pages);

	for (*nr = 0; *nr < most && first + *nr < 64 && *pages >> (first + *nr) & 1;)
		++*nr;
	*pages &= ~pcpu_pages_mask(first, *nr);
	return first;
}

/* The same for CPUs below nr_cpus. What they have there is mapped. */
static void unmap_cpus(const struct pcpu_chunk *c, u64 pages, unsigned int nr_cpus)
{
	uintptr_t low = UINTPTR_MAX, high = 0, addr;
	struct page *list = NULL;
	unsigned int first, nr, cpu;

	while (pages) {
		first = next_run(&pages, PCPU_MAP_PAGES, &nr);
		for (cpu = 0; cpu < nr_cpus; cpu++) {
			addr = pcpu_page_addr(c, cpu, first);
			unmap_unit(addr, nr, &list);
			low = min(low, addr);
			high = max(high, addr + nr * PAGE_SIZE);
		}
	}
	if (low < high)
		flush_tlb_kernel_range(low, high);
	free_page_list(list);
}

void pcpu_depopulate(const struct pcpu_chunk *c, u64 pages)
{
	if (kernel_paging != PAGING_NONE)
		unmap_cpus(c, pages, nr_cpu_ids);
}

static unsigned int alloc_batch(struct page **pages, unsigned int nr, unsigned int cpu, gfp_t gfp)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pages[i] = alloc_pages_node(cpu_to_node(cpu), gfp | __GFP_HIGHMEM, 0);
		if (!pages[i])
			break;
	}
	return i;
}

/* nr pages, at most BATCH, of one CPU: all or nothing. */
static int map_unit(uintptr_t addr, unsigned int nr, unsigned int cpu, gfp_t gfp)
{
	struct page *pages[BATCH];
	unsigned int got = alloc_batch(pages, nr, cpu, gfp);
	int err = -ENOMEM;

	if (got == nr)
		err = vmap_pages_range_noflush(addr, addr + nr * PAGE_SIZE, PAGE_KERNEL, pages,
					       PAGE_SHIFT);
	if (err && got == nr)	/* some may have been mapped for a moment */
		flush_tlb_kernel_range(addr, addr + nr * PAGE_SIZE);
	while (err && got)
		__free_page(pages[--got]);
	return err;
}

/* A sequence of pages for all CPUs: all or nothing. */
static int map_run(const struct pcpu_chunk *c, unsigned int first, unsigned int nr, gfp_t gfp)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (map_unit(pcpu_page_addr(c, cpu, first), nr, cpu, gfp)) {
			unmap_cpus(c, pcpu_pages_mask(first, nr), cpu);
			return -ENOMEM;
		}
	return 0;
}

int pcpu_populate(const struct pcpu_chunk *c, u64 pages, gfp_t gfp)
{
	unsigned int first, nr;
	u64 left = pages, done = 0;

	KMM_BUG_ON(kernel_paging == PAGING_NONE || c->immutable);
	while (left) {
		first = next_run(&left, BATCH, &nr);
		if (map_run(c, first, nr, gfp)) {
			unmap_cpus(c, done, nr_cpu_ids);
			return -ENOMEM;
		}
		done |= pcpu_pages_mask(first, nr);
	}
	return 0;
}

/* --- chunks --- */

static unsigned int block_order(void)
{
	return (unsigned int)ilog2(roundup_pow_of_two(
		(nr_cpu_ids * pcpu_layout.unit_size) >> PAGE_SHIFT));
}

/* Its addresses, and without paging its memory. */
static bool get_addresses(struct pcpu_chunk *c, gfp_t gfp)
{
	if (kernel_paging == PAGING_NONE) {
		c->pages = alloc_pages(gfp, block_order());
		if (c->pages)
			c->base = (uintptr_t)page_address(c->pages);
		return c->pages;
	}
	c->vms = pcpu_get_vm_areas(pcpu_layout.group_offset, pcpu_layout.group_size,
				   (int)pcpu_layout.nr_groups, pcpu_layout.atom_size);
	if (c->vms)
		c->base = (uintptr_t)c->vms[0]->addr - pcpu_layout.group_offset[0];
	return c->vms;
}

struct pcpu_chunk *pcpu_create(gfp_t gfp)
{
	unsigned int nr = pcpu_layout.chunk_pages;
	struct pcpu_chunk *c = kmalloc(sizeof(*c), gfp | __GFP_ZERO);
	struct pcpu_word *words = kmalloc(pcpu_map_bytes(nr), gfp | __GFP_ZERO);

	if (!c || !words || !get_addresses(c, gfp)) {
		kfree(words);
		kfree(c);
		return NULL;
	}
	pcpu_map_init(&c->map, words, nr, c->pages ? pcpu_pages_mask(0, nr) : 0);
	c->usable = c->map.free;
	return c;
}

void pcpu_destroy(struct pcpu_chunk *c)
{
	if (c->pages)
		__free_pages(c->pages, block_order());
	else
		pcpu_free_vm_areas(c->vms, (int)pcpu_layout.nr_groups);
	kfree(c->map.word);
	kfree(c);
}
