// SPDX-License-Identifier: MIT
/* page_api.c - what is made from alloc_pages() and __free_pages(). */
#include <kmm/highmem.h>

#include "internal.h"
#include "lib/string.h"

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp & ~__GFP_HIGHMEM, order);

	return page ? (unsigned long)(uintptr_t)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((void *)(uintptr_t)addr), order);
}

void split_page(struct page *page, unsigned int order)
{
	u32 mobility = page->flags & PAGE_MOBILITY_MASK;
	unsigned long i;

	KMM_BUG_ON(PageCompound(page) || !page_count(page));
	KMM_BUG_ON(page_alloc_order(page) != order);
	WRITE_ONCE(page->flags, page->flags & ~PAGE_ORDER_MASK);
	for (i = 1; i < 1ul << order; i++) {
		WRITE_ONCE(page[i].flags, (page[i].flags & PAGE_ZONE_MASK) | mobility);
		WRITE_ONCE(page[i]._refcount, 1);
	}
}

static unsigned int get_order(size_t size)
{
	unsigned int order = 0;

	while (order < MAX_ORDER && (PAGE_SIZE << order) < size)
		order++;
	return order;
}

/* An allocation of 2^order pages cut down to what size needs. */
static void *make_alloc_exact(struct page *page, unsigned int order, size_t size)
{
	unsigned long i, used = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	if (!page)
		return NULL;
	split_page(page, order);
	for (i = used; i < 1ul << order; i++)
		__free_page(page + i);
	return page_address(page);
}

void *alloc_pages_exact_nid(int nid, size_t size, gfp_t gfp)
{
	unsigned int order = get_order(size);

	KMM_BUG_ON(size == 0);
	gfp &= ~(__GFP_COMP | __GFP_HIGHMEM);
	return make_alloc_exact(alloc_pages_node(nid, gfp, order), order, size);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	return alloc_pages_exact_nid(NUMA_NO_NODE, size, gfp);
}

void free_pages_exact(void *virt, size_t size)
{
	char *addr = virt, *end = addr + ALIGN(size, (size_t)PAGE_SIZE);

	for (; addr < end; addr += PAGE_SIZE)
		free_page((unsigned long)(uintptr_t)addr);
}

void clear_highpage(struct page *page)
{
	if (likely(!PageHighMem(page)))
		memset(page_address(page), 0, PAGE_SIZE);
	else
		memset_page(page, 0, 0, PAGE_SIZE);
}
