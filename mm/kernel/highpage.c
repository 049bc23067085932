// SPDX-License-Identifier: MIT
/*
 * mm/kernel/highpage.c - copy and fill pages wherever they lie, through local mappings.
 *
 * Two pages need two mappings, which are undone in the reverse order. The addresses are this
 * CPU's alone: a local section keeps the code on it. (clear_highpage() is the page allocator's:
 * mm/page/page_api.c.)
 */
#include <kmm/highmem.h>
#include <kmm/platform.h>

#include "lib/string.h"

void copy_highpage(struct page *to, struct page *from)
{
	memcpy_page(to, 0, from, 0, PAGE_SIZE);
}

static void check_range(size_t offset, size_t len)
{
	KMM_BUG_ON(offset > PAGE_SIZE || len > PAGE_SIZE - offset);
}

void memcpy_from_page(void *to, struct page *page, size_t offset, size_t len)
{
	unsigned long flags = kmm_local_irq_save();
	char *from = kmap_local_page(page);

	check_range(offset, len);
	memcpy(to, from + offset, len);
	kunmap_local(from);
	kmm_local_irq_restore(flags);
}

void memcpy_to_page(struct page *page, size_t offset, const void *from, size_t len)
{
	unsigned long flags = kmm_local_irq_save();
	char *to = kmap_local_page(page);

	check_range(offset, len);
	memcpy(to + offset, from, len);
	kunmap_local(to);
	kmm_local_irq_restore(flags);
}

void memmove_page(struct page *to, size_t to_offset, struct page *from, size_t from_offset,
		  size_t len)
{
	unsigned long flags = kmm_local_irq_save();
	char *dst = kmap_local_page(to), *src = kmap_local_page(from);

	check_range(to_offset, len);
	check_range(from_offset, len);
	/* One page mapped twice has two addresses: memmove() must see one. */
	memmove(dst + to_offset, (to == from ? dst : src) + from_offset, len);
	kunmap_local(src);
	kunmap_local(dst);
	kmm_local_irq_restore(flags);
}

void memcpy_page(struct page *to, size_t to_offset, struct page *from, size_t from_offset,
		 size_t len)
{
	memmove_page(to, to_offset, from, from_offset, len);
}

void memset_page(struct page *page, size_t offset, int value, size_t len)
{
	unsigned long flags = kmm_local_irq_save();
	char *virt = kmap_local_page(page);

	check_range(offset, len);
	memset(virt + offset, value, len);
	kunmap_local(virt);
	kmm_local_irq_restore(flags);
}

void zero_user_segment(struct page *page, unsigned int start, unsigned int end)
{
	unsigned int len;

	KMM_BUG_ON(end < start || end > PAGE_SIZE << compound_order(compound_head(page)));
	for (; start < end; start += len) {
		len = min_t(unsigned int, end - start, PAGE_SIZE - start % PAGE_SIZE);
		memset_page(page + start / PAGE_SIZE, start % PAGE_SIZE, 0, len);
	}
}
