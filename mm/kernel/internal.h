/* SPDX-License-Identifier: MIT */
/*
 * mm/kernel/internal.h - what the files of this room tell each other.
 *
 *	layout.c     which addresses, at boot                 arch/layout.h computes them
 *	pgtable.c    the kernel's tables: entries made and cleared for a range
 *	init.c       first tables, direct map, page array, kernel image: the order of a boot
 *	pageattr.c   set_memory_*(): protections, splitting and merging large pages
 *	rodata.c     text and rodata read-only, W+X check, .init given back
 *	tlb.c        what has to be flushed, where, and when
 *	vmalloc.c ...  areas of vmalloc space               highmem.c, fixmap.c ...
 *	percpu.c ...   per-CPU memory                        stack.c, oops.c
 *
 * Pointers and kernel addresses: the room's functions take pointers (uintptr_t), as everywhere in
 * the core; only entries' positions in tables are computed from kernel_address().
 *
 * Locks, outermost first: those of vmalloc, percpu, highmem; then init_mm.page_table_lock, which
 * guards that a table is made once, and is taken by whoever changes entries it has not got for
 * itself alone. Nobody allocates or flushes other CPUs under a spinlock.
 */
#ifndef MM_KERNEL_INTERNAL_H
#define MM_KERNEL_INTERNAL_H

#include <kmm/gfp.h>
#include <kmm/kmm.h>
#include <kmm/mm.h>
#include <kmm/page_addr.h>
#include <kmm/pgtable_types.h>
#include <kmm/platform.h>
#include <kmm/printk.h>
#include <kmm/spinlock.h>

#include "arch/layout.h"
#include "arch/pgtable.h"

/* ---- layout.c ---- */

extern struct kernel_layout kernel_layout;	/* kernel addresses */
extern unsigned int kernel_phys_bits;		/* the CPU's; 0: as many as entries hold */
extern enum paging_mode kernel_paging;		/* PAGING_NONE: the tables are not ours */

/* layout_limit - after the options are parsed: direct_map_end. layout_place - when the end of RAM
 * is known: kernel_layout, page_offset_base, vmemmap, VMALLOC_START ... With or without paging.
 * 0 or -errno after one line. layout_print - "virtual kernel memory layout:". */
int layout_limit(const struct kmm_machine *m) __must_check;
int layout_place(const struct kmm_machine *m) __must_check;
void layout_print(void);

/* ---- pgtable.c: the kernel's tables ---- */

extern struct pgtable kernel_pgtable;		/* swapper_pg_dir and its format */
extern u64 __supported_pte_mask;		/* without NX, G where the CPU has none */

/*
 * kernel_tables_early - make the root in m->paging's early memory. Boot.
 * kernel_tables_early_end - the rest of that memory is for other purposes.
 * kernel_tables_from_pages - boot memory is closed: tables are pages of the page allocator from
 * now on.
 */
int kernel_tables_early(const struct kmm_machine *m) __must_check;
void kernel_tables_early_end(void);
void kernel_tables_from_pages(void);

/* An empty table: physical address, 0: no memory. From early memory, memblock, then pages. */
phys_addr_t alloc_table(void) __must_check;
void free_table(phys_addr_t table);

/*
 * lookup_address - the entry that says how addr is mapped, and its level; leaf, or not present.
 * pte_alloc_kernel - the lowest-level entry for addr, tables made on the way; NULL: no memory, or
 * a large page is in the way. Sleeps as GFP_KERNEL after boot.
 */
ptep_t lookup_address(uintptr_t addr, enum pg_level *level);
ptep_t pte_alloc_kernel(uintptr_t addr) __must_check;

/*
 * kernel_slot - the entry of a level for addr, tables made on the way; 0, -ENOMEM, -EBUSY: there
 * is a larger page.
 */
int kernel_slot(uintptr_t addr, enum pg_level level, ptep_t *slot) __must_check;

/* Set or read a lowest-level entry got from pte_alloc_kernel(); bits the CPU lacks are masked. */
static inline void kernel_set_pte(ptep_t p, u64 phys, pgprot_t prot)
{
	set_pte(kernel_pgtable.fmt, p, __pte(phys | (pgprot_val(prot) & __supported_pte_mask)));
}

/*
 * What the lowest levels of all formats with entries of one width have in common, for the compiler
 * to know: what is done for each page or each call is compiled once for each of them.
 */
static const struct pgtable_format wide_format = {
	.entry_size = 8,
	.shift = { [PG_LEVEL_4K] = 12, [PG_LEVEL_2M] = 21 }, .entries = { [PG_LEVEL_4K] = 512 },
}, narrow_format = {
	.entry_size = 4,
	.shift = { [PG_LEVEL_4K] = 12, [PG_LEVEL_2M] = 22 }, .entries = { [PG_LEVEL_4K] = 1024 },
};

static inline bool is_narrow(void)
{
	return sizeof(void *) < 8 && kernel_paging == PAGING_32;
}

/*
 * An entry that is the caller's alone to write, while a processor may read it at any moment. Where
 * it is two words, the low one, which is never 0 in use, says that it is present: it is written
 * last, and cleared first. own_pte_fill - one that is none.
 */
static __always_inline bool in_halves(const struct pgtable_format *f)
{
	return sizeof(void *) < 8 && f->entry_size == 8;
}

static __always_inline bool own_pte_none(const struct pgtable_format *f, ptep_t p)
{
	if (f->entry_size == 4 || in_halves(f))
		return !*(const u32 *)(const void *)p;
	return !*(const u64 *)(const void *)p;
}

static __always_inline void own_pte_fill(const struct pgtable_format *f, ptep_t p,
					 const struct page *page, u64 bits)
{
	unsigned long pfn = page_to_pfn(page);
	u32 *half = (void *)p;

	if (sizeof(void *) == 8) {
		set_pte(f, p, __pte(page_to_phys(page) | bits));
		return;
	}
	if (in_halves(f))
		__atomic_store_n(half + 1, (u32)(pfn >> (32 - PAGE_SHIFT)) | (u32)(bits >> 32),
				 __ATOMIC_RELAXED);
	__atomic_store_n(half, (u32)(pfn << PAGE_SHIFT) | (u32)bits, __ATOMIC_RELEASE);
}

static __always_inline void own_pte_clear(ptep_t p, bool narrow)
{
	u32 *half = (void *)p;

	if (sizeof(void *) == 8) {
		__atomic_store_n((u64 *)(void *)p, 0, __ATOMIC_RELEASE);
		return;
	}
	__atomic_store_n(half, 0, __ATOMIC_RELAXED);
	if (!narrow)
		__atomic_store_n(half + 1, 0, __ATOMIC_RELEASE);
}

/*
 * Entries for [start, end), page aligned, all or nothing: 0, -ENOMEM, or -EBUSY (something is
 * mapped there already; one line). _noflush: nothing is flushed; kmm_mmu_changed() has been called.
 * vmap_range - physically contiguous, with the largest pages up to 1 << max_shift that fit.
 * vmap_pages_range - pages[] of 1 << page_shift bytes each (the array has an entry for each
 * PAGE_SIZE).
 * vunmap_range - clear; tables stay (Linux: the same). What is not mapped is skipped.
 * kernel_tables_free - give tables of [start, end) back that are empty, with a flush of its own;
 * the caller owns all addresses that share them, and has flushed what was mapped. May sleep.
 */
int vmap_range_noflush(uintptr_t start, uintptr_t end, phys_addr_t phys, pgprot_t prot,
		       unsigned int max_shift) __must_check;
int vmap_pages_range_noflush(uintptr_t start, uintptr_t end, pgprot_t prot, struct page **pages,
			     unsigned int page_shift) __must_check;
void vunmap_range_noflush(uintptr_t start, uintptr_t end);
void kernel_tables_free(uintptr_t start, uintptr_t end);

/* Largest shift that a mapping of this format and CPU may use: 12, 21/22 or 30. */
unsigned int kernel_max_page_shift(void);

/* Pages used as tables (meminfo's PageTables are processes' only); the direct map's by level. */
extern unsigned long nr_page_table_pages;
extern unsigned long direct_pages_count[PG_LEVEL_NUM];

/* ---- init.c ---- */

/*
 * kernel_mapping_init - after layout_place() and memblock: first tables, init_mem_mapping(), the
 * kernel image; paging by kmm begins. vmemmap_populate - the page array's [start, end) in RAM of
 * nid.
 */
int kernel_mapping_init(const struct kmm_machine *m) __must_check;
int vmemmap_populate(uintptr_t start, uintptr_t end, int nid) __must_check;

/*
 * early_memory_begin - before memblock is filled: boot memory is the machine's early memory only.
 * report_nx - the line about NX, after the options. Both do nothing without paging.
 * kernel_image_pointer - where a physical address of the kernel's image is mapped for running:
 * AMD64's text area, IA-32's direct map.
 * kernel_image_span - from the first to the last of the image's parts, .init too; *start > *end:
 * it has none.
 */
int early_memory_begin(const struct kmm_machine *m) __must_check;
void report_nx(const struct kmm_machine *m);
uintptr_t kernel_image_pointer(phys_addr_t phys);
void kernel_image_span(const struct kmm_image *i, phys_addr_t *start, phys_addr_t *end);

/* The image's mapping of a physical address, if it has one beside the direct map. */
bool kernel_image_alias(phys_addr_t phys, size_t *size, uintptr_t *pointer);

/* ---- rodata.c ---- */

/* kernel_protect - the boot's last step: .init given back, mark_rodata_ro(), debug_checkwx(). */
void kernel_protect(const struct kmm_machine *m);

/* ---- boot order of the other files, called from mm/init.c after kmem_cache_init() ---- */
int vmalloc_init(void) __must_check;
int kmap_init(void) __must_check;
int stack_init(void) __must_check;
/* before pages, from memblock: */
int early_fixmap_init(void) __must_check;
int setup_per_cpu_areas(void) __must_check;

/* ---- for oops.c: what lies at an address, in words; false: not mine ---- */
bool vmalloc_describe(uintptr_t addr, char *buf, size_t size);
bool stack_describe(uintptr_t addr, char *buf, size_t size);
bool highmem_describe(uintptr_t addr, char *buf, size_t size);
bool percpu_describe(uintptr_t addr, char *buf, size_t size);

#endif
