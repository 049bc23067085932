/* SPDX-License-Identifier: MIT */
/*
 * kmm/highmem.h - addresses for pages that have none: high memory.
 *
 * Low pages have an address for good, and all of this costs them a comparison. A high page gets one
 *
 *	kmap()            for long, on all CPUs; may sleep until a place is free
 *	kmap_local_page() for a moment, on this CPU; never fails, never waits
 *
 *	void *p = kmap_local_page(page);
 *	... p[0 ... PAGE_SIZE - 1] ...
 *	kunmap_local(p);
 *
 * Local mappings are a stack of KM_MAX_IDX on each CPU: the last one made is the first one
 * undone. From a kmap_local_page() to its kunmap_local() the code stays on its CPU: in a local
 * section, or where nothing moves it. Breaking these rules stops the machine with a line that says
 * which.
 *
 * A machine without page tables of kmm's has no high memory.
 * Source of the interface: Linux's Documentation/mm/highmem.rst.
 */
#ifndef KMM_HIGHMEM_H
#define KMM_HIGHMEM_H

#include <kmm/mm.h>
#include <kmm/pgtable_types.h>

/* ---- for a moment ---- */

/* What kmap_local_page() and its kin, below, do where a page has no address: for them alone.
 * _high_page: with the rights of PAGE_KERNEL, which need not be looked up. */
void *kmap_local_high(phys_addr_t phys, pgprot_t prot) __must_check;
void *kmap_local_high_page(const struct page *page) __must_check;
void kunmap_local_high(const void *addr);

/*
 * kmap_local_page - an address for the page, for this CPU. Low: its own. kmap_local_page_prot -
 * with these rights, high pages only (low ones keep theirs). kmap_local_pfn - a frame that may
 * have no struct page; never its own address. kunmap_local - undo the last one; any address in
 * the page will do. Context: any, but interrupts must undo what they do. Never fails: too deep
 * stops the machine.
 */
static inline void *kmap_local_page_prot(struct page *page, pgprot_t prot)
{
	phys_addr_t phys = page_to_phys(page);

	return likely(!PageHighMem(page)) ? __va(phys) : kmap_local_high(phys, prot);
}
static inline void *kmap_local_page(struct page *page)
{
	return likely(!PageHighMem(page)) ? __va(page_to_phys(page)) : kmap_local_high_page(page);
}
static inline void *kmap_local_pfn_prot(unsigned long pfn, pgprot_t prot)
{
	return kmap_local_high(PFN_PHYS(pfn), prot);
}
static inline void *kmap_local_pfn(unsigned long pfn)
{
	return kmap_local_pfn_prot(pfn, PAGE_KERNEL);
}
static inline void kunmap_local(const void *addr)
{
	if (unlikely((uintptr_t)addr - page_offset_base >= (uintptr_t)direct_map_end))
		kunmap_local_high(addr);
}

/*
 * kmap_atomic - kmap_local_page() by its old name; as there, code between the two must not sleep
 * and stays on its CPU.
 */
static inline void *kmap_atomic(struct page *page) { return kmap_local_page(page); }
static inline void *kmap_atomic_prot(struct page *page, pgprot_t prot)
{
	return kmap_local_page_prot(page, prot);
}
static inline void *kmap_atomic_pfn(unsigned long pfn) { return kmap_local_pfn(pfn); }
static inline void kunmap_atomic(const void *addr) { kunmap_local(addr); }

/* kmap_local_depth - local mappings this CPU has now. For checks where there must be none. */
unsigned int kmap_local_depth(void);

/* ---- for long ---- */

/*
 * kmap - an address for the page, good on all CPUs until the last kunmap(); a page mapped twice has
 * one address. Waits while all LAST_PKMAP places are in use: holds no lock, is in no local section,
 * not in an interrupt. kunmap - one kmap() less. Any context; one too many stops the machine.
 * kmap_high, kunmap_high - the same for pages known to be high.
 */
void *kmap_high(struct page *page) __must_check;
void kunmap_high(struct page *page);
static inline void *kmap(struct page *page)
{
	return likely(!PageHighMem(page)) ? __va(page_to_phys(page)) : kmap_high(page);
}
static inline void kunmap(struct page *page)
{
	if (unlikely(PageHighMem(page)))
		kunmap_high(page);
}

/* kmap_to_page - the page of an address from any of the above, or a direct one. Any context. */
struct page *kmap_to_page(const void *addr);

/*
 * kmap_flush_unused - forget all mappings of kmap() that nobody uses, with one flush.
 * Context: as kmap(). Before rights of pages change, or to find users of stale addresses.
 */
void kmap_flush_unused(void);

/* ---- pages, wherever they lie; any context ---- */

/* clear_highpage - fill one page with zeroes: <kmm/mm.h>. copy_highpage - a page to another. */
void copy_highpage(struct page *to, struct page *from);

/* len bytes at offset of one page; offset + len <= PAGE_SIZE, else the machine stops. */
void memcpy_from_page(void *to, struct page *page, size_t offset, size_t len);
void memcpy_to_page(struct page *page, size_t offset, const void *from, size_t len);
void memcpy_page(struct page *to, size_t to_offset, struct page *from, size_t from_offset,
		 size_t len);
void memmove_page(struct page *to, size_t to_offset, struct page *from, size_t from_offset,
		  size_t len);
void memset_page(struct page *page, size_t offset, int value, size_t len);
static inline void memzero_page(struct page *page, size_t offset, size_t len)
{
	memset_page(page, offset, 0, len);
}
static inline void zero_user(struct page *page, unsigned int start, unsigned int size)
{
	memset_page(page, start, 0, size);
}

/* zero_user_segment - [start, end) of a compound page or a single one. _segments - two such. */
void zero_user_segment(struct page *page, unsigned int start, unsigned int end);
static inline void zero_user_segments(struct page *page, unsigned int start1, unsigned int end1,
				      unsigned int start2, unsigned int end2)
{
	zero_user_segment(page, start1, end1);
	zero_user_segment(page, start2, end2);
}

#endif
