// SPDX-License-Identifier: MIT
/*
 * mm/kernel/pgtable.c - the kernel's page tables: tables made, entries written and cleared.
 *
 *	kernel_pgtable.root -> table -> table -> table of lowest-level entries -> 4K pages
 *	                          |        '-> 2M pages (4M with entries of 32 bits)
 *	                          '-> 1G pages
 *
 * How many levels there are is data (arch/x86/pgtable.h); all walks here run from the format's root
 * level down. A walk finds a table once and then works on its entries in a loop: that, not the
 * walk, is what a mapping of many pages costs.
 *
 * Where tables come from, in the order of a boot:
 *
 *	early memory      the only RAM that can be written before there are tables
 *	memblock          while boot memory is open; only from what is mapped already
 *	alloc_page()      from kernel_tables_from_pages() on; low memory, which is always mapped
 *
 * A table is reached through the direct map, and before that through the early memory:
 * page_offset_base is the distance of the one or the other, so this file need not know which.
 *
 * Locking. Several CPUs may find the same table missing. Each makes one, then under
 * init_mm.page_table_lock the first puts its own in, and the others give theirs back: no memory
 * is allocated under the lock. Tables stay until somebody who owns all the addresses a table is
 * for gives it back (kernel_tables_free(), a large page in its place), so a walk needs no lock.
 * Lowest-level entries need none either: the addresses belong to the caller.
 *
 * The direct map's fate is not here but in init.c and pageattr.c. Source of the ideas: Linux's
 * mm/memory.c, mm/vmalloc.c (the walks and their names), arch/x86/mm (what a table entry holds).
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>
#include <kmm/memblock.h>
#include <kmm/mm_types.h>
#include <kmm/param.h>
#include <kmm/tlbflush.h>
#include <kmm/zones.h>

#include "internal.h"
#include "lib/string.h"
#include "pageattr.h"

__kmm_state struct pgtable kernel_pgtable;
__kmm_state u64 __supported_pte_mask;
__kmm_state unsigned long nr_page_table_pages;
__kmm_state unsigned long direct_pages_count[PG_LEVEL_NUM];

static __kmm_state enum pg_level max_level;		/* c: of a page */
static __kmm_state bool from_pages;			/* c: boot memory is closed */
static __kmm_state phys_addr_t early_start, early_end;	/* c */

/* ---- the lowest level ---- */

/*
 * Whoever maps and unmaps a few pages walks to the same lowest-level table again and again. Here
 * are the last ones, by address: frame and rest of the address in one word, so that it is read and
 * written whole. A table is dropped before it is freed (free_table()); who still has its address
 * then is as wrong as one who has just walked there.
 */
#define WALKED		64
#define FRAME_BITS	(sizeof(void *) < 8 ? 20 : 32)
static __kmm_state uintptr_t walked[WALKED];	/* a: rest << FRAME_BITS | frame; 0: none */

struct walked_place {
	uintptr_t *word;
	uintptr_t rest;			/* in its place; never 0 */
};

static __always_inline struct walked_place walked_place(const struct pgtable_format *f,
							uintptr_t va)
{
	uintptr_t number = va >> f->shift[PG_LEVEL_2M];

	return (struct walked_place){ &walked[number % WALKED], number / WALKED << FRAME_BITS };
}

/* The lowest-level entry for va, if its table is known. */
static __always_inline bool walked_slot(const struct pgtable_format *f, uintptr_t va, ptep_t *p)
{
	struct walked_place w = walked_place(f, va);
	uintptr_t frame = __atomic_load_n(w.word, __ATOMIC_ACQUIRE) ^ w.rest;

	*p = (ptep_t)((frame << PAGE_SHIFT) + kernel_pgtable.offset +
		      level_index(f, PG_LEVEL_4K, va) * f->entry_size);
	return likely(!(frame >> FRAME_BITS));
}

static __always_inline void remember_walk(const struct pgtable_format *f, uintptr_t va, ptep_t p)
{
	struct walked_place w = walked_place(f, va);

	__atomic_store_n(w.word, w.rest | PFN_DOWN((uintptr_t)p - kernel_pgtable.offset),
			 __ATOMIC_RELEASE);
}

static void forget_walks(phys_addr_t table)
{
	unsigned int i;

	for (i = 0; i < WALKED; i++)
		if ((READ_ONCE(walked[i]) & (((uintptr_t)1 << FRAME_BITS) - 1)) == PFN_DOWN(table))
			WRITE_ONCE(walked[i], 0);
}

/* ---- tables ---- */

static phys_addr_t boot_table(void)
{
	phys_addr_t table = boot_phys_alloc(PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE, false);

	if (!table)
		table = memblock_phys_alloc_range(PAGE_SIZE, PAGE_SIZE, early_start, early_end);
	if (table)
		memset(__va(table), 0, PAGE_SIZE);
	return table;
}

static phys_addr_t page_table(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	return page ? page_to_phys(page) : 0;
}

phys_addr_t alloc_table(void)
{
	phys_addr_t table = from_pages ? page_table() : boot_table();

	if (table)
		__atomic_fetch_add(&nr_page_table_pages, 1, __ATOMIC_RELAXED);
	return table;
}

void free_table(phys_addr_t table)
{
	forget_walks(table);
	__atomic_fetch_sub(&nr_page_table_pages, 1, __ATOMIC_RELAXED);
	if (!from_pages)
		boot_free(table, PAGE_SIZE);
	else if (PageReserved(phys_to_page(table)))
		free_reserved_page(phys_to_page(table));
	else
		__free_page(phys_to_page(table));
}

void kernel_tables_early_end(void)
{
	early_end = early_start;
}

void kernel_tables_from_pages(void)
{
	from_pages = true;
}

static bool is_pae_root(enum pg_level level)
{
	return kernel_paging == PAGING_PAE && level == kernel_pgtable.fmt->root;
}

/* What an entry that leads to a table holds. PAE's root entries have no rights of their own. */
static pte_t table_pte(phys_addr_t table, enum pg_level level)
{
	return __pte(table | (is_pae_root(level) ? _PAGE_PRESENT : _KERNPG_TABLE));
}

/* Put a new table into an entry that had none; what stands there in the end, 0: no memory. */
static pte_t make_table(ptep_t p, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	phys_addr_t table = alloc_table();
	unsigned long flags;
	pte_t mine, there;

	if (!table)
		return __pte(0);
	mine = table_pte(table, level);
	spin_lock_irqsave(&init_mm.page_table_lock, flags);
	there = ptep_get(f, p);
	if (pte_none(there))
		set_pte(f, p, mine);
	spin_unlock_irqrestore(&init_mm.page_table_lock, flags);
	if (pte_none(there))
		return mine;
	free_table(table);
	return there;
}

/*
 * The entry of this level for a kernel address, in *slot. make: tables on the way are made. 0;
 * -ENOENT: a table is missing, -ENOMEM: and cannot be had, -EBUSY: a larger page is in the way.
 */
static int find_slot(u64 va, enum pg_level want, bool make, ptep_t *slot)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	enum pg_level level = f->root;
	u64 table = kernel_pgtable.root;
	pte_t e;

	for (;;) {
		ptep_t p = table_slot(&kernel_pgtable, table, level_index(f, level, va));

		*slot = p;
		if (level == want)
			return 0;
		e = ptep_get(f, p);
		if (unlikely(pte_none(e))) {
			if (!make)
				return -ENOENT;
			e = make_table(p, level);
			if (pte_none(e))
				return -ENOMEM;
		}
		if (unlikely(pte_leaf(e, level)))
			return -EBUSY;
		table = pte_table_phys(f, e);
		level--;
	}
}

ptep_t lookup_address(uintptr_t addr, enum pg_level *level)
{
	return pgtable_lookup(&kernel_pgtable, kernel_address(addr), level);
}

ptep_t pte_alloc_kernel(uintptr_t addr)
{
	ptep_t p;

	return find_slot(kernel_address(addr), PG_LEVEL_4K, true, &p) ? NULL : p;
}

/* kernel_slot - the same for any level, for who builds the direct map. */
int kernel_slot(uintptr_t addr, enum pg_level level, ptep_t *slot)
{
	return find_slot(kernel_address(addr), level, true, slot);
}

unsigned int kernel_max_page_shift(void)
{
	return kernel_pgtable.fmt ? kernel_pgtable.fmt->shift[max_level] : PAGE_SHIFT;
}

/* ---- entries in a row ---- */

/* How many of `left` bytes have their lowest-level entries from va on in one table. */
static __always_inline size_t in_table(const struct pgtable_format *f, uintptr_t va, size_t left)
{
	return min(left, ((size_t)f->entries[PG_LEVEL_4K] << PAGE_SHIFT) -
			 (va & (((uintptr_t)f->entries[PG_LEVEL_4K] << PAGE_SHIFT) - PAGE_SIZE)));
}

static __always_inline ptep_t slot_at(const struct pgtable_format *f, ptep_t p, size_t i)
{
	return (ptep_t)((uintptr_t)p + i * f->entry_size);
}

/*
 * Map nr pages one by one. How many could not be: the next has no page, or its entry is in use.
 * With registers of its own: this is what each page costs.
 */
static __always_inline size_t fill_entries(const struct pgtable_format *f, ptep_t p,
					   struct page *const *pages, size_t nr, u64 bits)
{
	do {
		const struct page *page = *pages++;

		if (unlikely(!page || !own_pte_none(f, p)))
			break;
		own_pte_fill(f, p, page, bits);
		p = slot_at(f, p, 1);
	} while (--nr);
	return nr;
}

static __noinline size_t fill_wide(ptep_t p, struct page *const *pages, size_t nr, u64 bits)
{
	return fill_entries(&wide_format, p, pages, nr, bits);
}

static __noinline size_t fill_narrow(ptep_t p, struct page *const *pages, size_t nr, u64 bits)
{
	return fill_entries(&narrow_format, p, pages, nr, bits);
}

/* ---- unmap ---- */

/*
 * The entry that covers va on the highest level where it is no table: what there is to clear, or
 * nothing. Its level in *level.
 */
static ptep_t covering(u64 va, enum pg_level *level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	u64 table = kernel_pgtable.root;
	enum pg_level l = f->root;
	ptep_t p;
	pte_t e;

	for (;; l--) {
		p = table_slot(&kernel_pgtable, table, level_index(f, l, va));
		e = ptep_get(f, p);
		*level = l;
		if (pte_none(e) || pte_leaf(e, l))
			return p;
		table = pte_table_phys(f, e);
	}
}

/* Clear an entry that is not of the lowest level, and has nothing or a large page. Bytes done. */
static uintptr_t unmap_large(ptep_t p, enum pg_level level, u64 va, uintptr_t left)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	u64 span = level_size(f, level) - (va & (level_size(f, level) - 1));

	if (!pte_none(ptep_get(f, p))) {
		KMM_BUG_ON(span != level_size(f, level) || span > left);
		pte_clear(f, p);
	}
	return (uintptr_t)min(span, (u64)left);
}

/* Clear what one entry, or the rest of one lowest-level table, maps. Bytes done. */
static __always_inline uintptr_t unmap_some(const struct pgtable_format *f, uintptr_t va,
					    uintptr_t left)
{
	enum pg_level level;
	ptep_t p, end;
	uintptr_t done;

	if (!walked_slot(f, va, &p)) {
		p = covering(va, &level);
		if (level != PG_LEVEL_4K)
			return unmap_large(p, level, va, left);
		remember_walk(f, va, p);
	}
	done = in_table(f, va, left);
	end = slot_at(f, p, done >> PAGE_SHIFT);
	for (; p != end; p = slot_at(f, p, 1))
		own_pte_clear(p, f->entry_size == 4);
	return done;
}

void vunmap_range_noflush(uintptr_t start, uintptr_t end)
{
	uintptr_t at = start, va;

	KMM_BUG_ON((start | end) & ~PAGE_MASK);
	if (unlikely(start == end))
		return;
	do {
		va = (uintptr_t)kernel_address(at);
		at += is_narrow() ? unmap_some(&narrow_format, va, end - at) :
				    unmap_some(&wide_format, va, end - at);
	} while (at != end);
	kmm_mmu_changed(start, end, false);
}

/* ---- giving tables back ---- */

static bool table_is_empty(u64 table, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	unsigned int i;

	for (i = 0; i < f->entries[level]; i++)
		if (!pte_none(ptep_get(f, table_slot(&kernel_pgtable, table, i))))
			return false;
	return true;
}

/* Chained by page->private, as processors may walk a table until they have flushed. */
static void unlink_table(ptep_t p, struct page **chain)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	struct page *table = phys_to_page(pte_table_phys(f, ptep_get(f, p)));

	pte_clear(f, p);
	table->private = (unsigned long)(uintptr_t)*chain;
	*chain = table;
}

/*
 * Take empty tables below this one (whose entries are of this level) for [va, va + size), which
 * is all inside it, out of their entries, the lowest first: a table that held only empty ones
 * goes too, but for those PAE's root leads to, which every processor has read.
 */
static void unlink_empty(u64 table, enum pg_level level, u64 va, u64 size, struct page **chain)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	u64 span = level_size(f, level), part;
	ptep_t p;
	pte_t e;

	for (; size; va += part, size -= part) {
		part = min(size, span - (va & (span - 1)));
		p = table_slot(&kernel_pgtable, table, level_index(f, level, va));
		e = ptep_get(f, p);
		if (pte_none(e) || pte_leaf(e, level))
			continue;
		unlink_empty(pte_table_phys(f, e), level - 1, va, part, chain);
		if (is_pae_root(level) || !table_is_empty(pte_table_phys(f, e), level - 1))
			continue;
		unlink_table(p, chain);
	}
}

/* Nobody finds these tables of [start, end) any more: free them when no processor does either. */
static void free_chain(struct page *chain, uintptr_t start, uintptr_t end)
{
	struct page *next;

	if (!chain)
		return;
	kmm_mmu_changed(start, end, false);
	flush_tlb_all();	/* single pages' flushes leave what other tags know of the tables */
	for (; chain; chain = next) {
		next = (struct page *)(uintptr_t)chain->private;
		free_table(page_to_phys(chain));
	}
}

void kernel_tables_free(uintptr_t start, uintptr_t end)
{
	struct page *chain = NULL;

	KMM_BUG_ON(!from_pages);
	kernel_tables_lock();
	unlink_empty(kernel_pgtable.root, kernel_pgtable.fmt->root, kernel_address(start),
		     (u64)(end - start), &chain);
	free_chain(chain, start, end);
	kernel_tables_unlock();
}

/* ---- map ---- */

static int busy(uintptr_t addr)
{
	pr_err("kernel page tables: 0x%llx is mapped already",
	       (unsigned long long)kernel_address(addr));
	return -EBUSY;
}

/* End of a mapping: tell the machine, or take back what was done of it. */
static int mapped(uintptr_t start, uintptr_t at, uintptr_t end, int err)
{
	if (likely(!err)) {
		if (start != end)
			kmm_mmu_changed(start, end, false);
		return 0;
	}
	if (err == -EBUSY)
		err = busy(at);
	vunmap_range_noflush(start, at);
	return err;
}

/* The lowest-level entry for va, tables made on the way; as find_slot(). */
static int walk_to_slot(const struct pgtable_format *f, uintptr_t va, ptep_t *p)
{
	ptep_t found;
	int err = find_slot(va, PG_LEVEL_4K, true, &found);

	if (err)
		return err;
	remember_walk(f, va, found);
	*p = found;
	return 0;
}

/* Map pages[] from *at on, as far as it goes. */
static __always_inline int map_pages(const struct pgtable_format *f, uintptr_t *at, uintptr_t end,
				     u64 bits, struct page *const *pages)
{
	uintptr_t va;
	size_t nr, left;
	ptep_t p;
	int err;

	while (*at != end) {
		va = (uintptr_t)kernel_address(*at);
		if (!walked_slot(f, va, &p)) {
			err = walk_to_slot(f, va, &p);
			if (err)
				return err;
		}
		nr = in_table(f, va, end - *at) >> PAGE_SHIFT;
		left = f->entry_size == 4 ? fill_narrow(p, pages, nr, bits) :
					    fill_wide(p, pages, nr, bits);
		*at += (nr - left) << PAGE_SHIFT;
		pages += nr - left;
		if (unlikely(left))
			return *pages ? -EBUSY : -EINVAL;
	}
	return 0;
}

static int map_single_pages(uintptr_t start, uintptr_t end, u64 bits, struct page **pages)
{
	uintptr_t at = start;
	int err = is_narrow() ? map_pages(&narrow_format, &at, end, bits, pages) :
				map_pages(&wide_format, &at, end, bits, pages);

	return mapped(start, at, end, err);
}

/* May a page of this level be put at va, for phys, `left` bytes? */
static bool level_fits(enum pg_level level, u64 va, phys_addr_t phys, u64 left)
{
	u64 size = level_size(kernel_pgtable.fmt, level);

	return left >= size && !((va | phys) & (size - 1));
}

/*
 * A table all of whose addresses are the caller's, and unmapped, stands where a large page shall
 * be: false, it has to stay.
 */
static bool take_table_away(ptep_t p, uintptr_t addr, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	uintptr_t end = addr + (uintptr_t)level_size(f, level);
	u64 table = pte_table_phys(f, ptep_get(f, p));
	struct page *chain = NULL;
	bool empty;

	if (!from_pages)
		return false;
	kernel_tables_lock();		/* somebody may be dumping what is to go */
	if (level - 1 > PG_LEVEL_4K)
		unlink_empty(table, level - 1, kernel_address(addr), level_size(f, level), &chain);
	empty = table_is_empty(table, level - 1);
	if (empty)
		unlink_table(p, &chain);
	free_chain(chain, addr, end);
	kernel_tables_unlock();
	return empty;
}

/*
 * Put one page of the largest size that fits at addr: its level in *level. Where a table is in the
 * way that cannot be taken away, the next smaller size is tried.
 */
static int map_largest(uintptr_t addr, phys_addr_t phys, pgprot_t prot, u64 left,
		       unsigned int max_shift, enum pg_level *level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	u64 va = kernel_address(addr);
	enum pg_level l = max_level;
	ptep_t p;
	pte_t e;
	int err;

	for (;; l--) {
		if (l > PG_LEVEL_4K && (f->shift[l] > max_shift || !level_fits(l, va, phys, left)))
			continue;
		err = find_slot(va, l, true, &p);
		if (err)
			return err;
		e = ptep_get(f, p);
		if (!pte_none(e) && pte_leaf(e, l))
			return -EBUSY;
		if (pte_none(e) || take_table_away(p, addr, l))
			break;
	}
	set_pte(f, p, mk_pte(f, l, phys, prot));
	*level = l;
	return 0;
}

static int map_contiguous(uintptr_t *at, uintptr_t end, phys_addr_t phys, pgprot_t prot,
			  unsigned int max_shift)
{
	enum pg_level level;
	int err;

	while (*at != end) {
		err = map_largest(*at, phys, prot, end - *at, max_shift, &level);
		if (err)
			return err;
		*at += (uintptr_t)level_size(kernel_pgtable.fmt, level);
		phys += level_size(kernel_pgtable.fmt, level);
	}
	return 0;
}

/*
 * What is asked for, as far as the CPU has it. The kernel's pages are always global: flushing one
 * forgets it under the tag of the moment only, and it would live on under others.
 */
static pgprot_t supported(pgprot_t prot)
{
	return __pgprot((pgprot_val(prot) | _PAGE_GLOBAL) & __supported_pte_mask);
}

int vmap_range_noflush(uintptr_t start, uintptr_t end, phys_addr_t phys, pgprot_t prot,
		       unsigned int max_shift)
{
	uintptr_t at = start;
	int err;

	KMM_BUG_ON((start | end | phys) & ~PAGE_MASK);
	if (!kernel_paging)
		return -EINVAL;
	err = map_contiguous(&at, end, phys, supported(prot), max_shift);
	return mapped(start, at, end, err);
}

/* pages[] of more than one page each. */
static __noinline int map_large_pages(uintptr_t start, uintptr_t end, pgprot_t prot,
				      struct page **pages, unsigned int page_shift)
{
	uintptr_t at = start, size = (uintptr_t)1 << page_shift;
	int err = 0;

	KMM_BUG_ON((start | end) & (size - 1));
	for (; at != end && !err; pages += size >> PAGE_SHIFT)
		err = map_contiguous(&at, at + size, page_to_phys(*pages), prot, page_shift);
	return mapped(start, at, end, err);
}

int vmap_pages_range_noflush(uintptr_t start, uintptr_t end, pgprot_t prot, struct page **pages,
			     unsigned int page_shift)
{
	KMM_BUG_ON((start | end) & ~PAGE_MASK);
	if (!kernel_paging)
		return -EINVAL;
	prot = supported(prot);
	if (likely(page_shift == PAGE_SHIFT))
		return map_single_pages(start, end, pgprot_val(prot), pages);
	return map_large_pages(start, end, prot, pages, page_shift);
}

/* ---- boot ---- */

/* PAE's root is read by the processor when it is loaded: its tables have to be there by then. */
static int fill_pae_root(u64 from)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	unsigned int i;

	for (i = level_index(f, f->root, from); i < f->entries[f->root]; i++)
		if (pte_none(make_table(table_slot(&kernel_pgtable, kernel_pgtable.root, i),
					f->root)))
			return -ENOMEM;
	return 0;
}

static void choose_features(u32 cpu)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;

	__supported_pte_mask = ~(u64)0;
	if (!(cpu & KMM_CPU_PGE))
		__supported_pte_mask &= ~_PAGE_GLOBAL;
	if (!(cpu & KMM_CPU_NX) || !f->nx || boot_options.noexec_off)
		__supported_pte_mask &= ~_PAGE_NX;
	max_level = PG_LEVEL_4K;
	if (cpu & KMM_CPU_PSE)
		max_level = PG_LEVEL_2M;
	if (max_level == PG_LEVEL_2M && cpu & KMM_CPU_GBPAGES && f->max_leaf >= PG_LEVEL_1G)
		max_level = PG_LEVEL_1G;
}

int kernel_tables_early(const struct kmm_machine *m)
{
	early_start = m->paging.early_phys;
	early_end = early_start + m->paging.early_size;
	kernel_pgtable.fmt = &pgtable_formats[kernel_paging];
	kernel_pgtable.offset = page_offset_base;
	choose_features(m->paging.cpu);
	kernel_pgtable.root = alloc_table();
	if (!kernel_pgtable.root)
		return -ENOMEM;
	return kernel_paging == PAGING_PAE ? fill_pae_root(kernel_layout.direct.start) : 0;
}
