/* SPDX-License-Identifier: MIT */
/*
 * kmm/set_memory.h - change what may be done with kernel memory that is mapped already.
 *
 *	set_memory_ro(addr, n), rw      may be written: no, yes
 *	set_memory_x, nx                may be executed
 *	set_memory_np, p                is there: any access to what is not faults
 *	set_memory_uc, wc, wb           caches: none (UC-), write-combining, all
 *	set_memory_4k                   mapped by single pages, and stays so
 *
 * addr is a pointer, a multiple of PAGE_SIZE; n pages from there, in the direct map, the kernel's
 * image or vmalloc space. Large pages are split where they must be, and come back when all their
 * pages are alike again. All or nothing: a call that fails has changed nothing.
 *
 * Other mappings of the same memory: what concerns writing, presence and caches is done
 * to the direct map's and the image's too (but by _noalias); execution is a matter of one address.
 * Not to be had at all: image text that is not executable, rodata that is writable once the boot
 * has protected it; a call goes on without.
 *
 * Returns 0; -EINVAL for an address that is not page aligned, or a range that wraps; -EFAULT (and
 * one warning) when nothing is mapped there, but holes of the direct map are skipped; -ENOMEM
 * when there is no memory to split. Context: no lock held, not from interrupts; may allocate
 * (GFP_KERNEL) and wait. When it returns no TLB has what was before. Without page tables of kmm's
 * nothing is done: 0.
 *
 * Not here: Linux's bookkeeping of memory types (PAT's memtype tree).
 * Source: Linux 6.1, arch/x86/include/asm/set_memory.h.
 */
#ifndef KMM_SET_MEMORY_H
#define KMM_SET_MEMORY_H

#include <kmm/mmzone.h>
#include <kmm/pgtable_types.h>
#include <kmm/types.h>

int set_memory_ro(unsigned long addr, int numpages) __must_check;
int set_memory_rw(unsigned long addr, int numpages) __must_check;
int set_memory_x(unsigned long addr, int numpages) __must_check;
int set_memory_nx(unsigned long addr, int numpages) __must_check;
int set_memory_np(unsigned long addr, int numpages) __must_check;
int set_memory_np_noalias(unsigned long addr, int numpages) __must_check;
int set_memory_p(unsigned long addr, int numpages) __must_check;
int set_memory_4k(unsigned long addr, int numpages) __must_check;
int set_memory_uc(unsigned long addr, int numpages) __must_check;
int set_memory_wc(unsigned long addr, int numpages) __must_check;
int set_memory_wb(unsigned long addr, int numpages) __must_check;

/* The same at the direct-map address of numpages pages in a row; not for high memory (-EINVAL). */
int set_pages_ro(struct page *page, int numpages) __must_check;
int set_pages_rw(struct page *page, int numpages) __must_check;
int set_pages_x(struct page *page, int numpages) __must_check;
int set_pages_nx(struct page *page, int numpages) __must_check;
int set_pages_uc(struct page *page, int numpages) __must_check;
int set_pages_wb(struct page *page, int numpages) __must_check;

/* The same for pages wherever they lie, all by one flush. High memory among them is skipped. */
int set_pages_array_uc(struct page **pages, int numpages) __must_check;
int set_pages_array_wc(struct page **pages, int numpages) __must_check;
int set_pages_array_wb(struct page **pages, int numpages) __must_check;

/*
 * set_direct_map_invalid_noflush - the page has no address in the direct map from now on;
 * default: it has one again, and may be written. High memory: 0. The caller flushes, once for
 * many pages.
 * kernel_page_present - has it one? Waits for changes under way.
 */
int set_direct_map_invalid_noflush(struct page *page) __must_check;
int set_direct_map_default_noflush(struct page *page) __must_check;
bool kernel_page_present(const struct page *page);

/*
 * direct_map_kb - KiB of the direct map that are mapped by pages of this level now; 0 without page
 * tables of kmm's. direct_map_shift - log2 of what a page of the level maps; 0: the direct map of
 * this machine never has such. Any context.
 */
u64 direct_map_kb(enum pg_level level);
unsigned int direct_map_shift(enum pg_level level);

#endif
