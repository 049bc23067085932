// SPDX-License-Identifier: MIT
/*
 * mm/kernel/pageattr.c - set_memory_*(): what may be done with memory that is mapped.
 *
 * A call clears bits and sets others in every entry that maps its range. A large page
 * all of which changes alike changes by its one entry. One that does not is *split*: a table of
 * entries that map the same memory with the same bits takes the place of its entry. When all
 * entries of a table are alike once more they are *collapsed* into a large page again.
 *
 *	2M  |------------------------- RW ------------------------|
 *	                              | set_memory_ro() of two pages: split, change
 *	4K  |RW|RW|RW|RW|RO|RO|RW|RW|RW|RW|RW|RW|RW|RW|RW|RW|RW|RW|
 *	                              | set_memory_rw() of these: change, collapse
 *	2M  |------------------------- RW ------------------------|
 *
 * A call goes over its range, and over the *aliases* of it, in up to three passes:
 *
 *	1  split     until every entry is all inside the range or all outside. Each table is
 *	             allocated when it is needed. Nothing has changed so far for who uses the
 *	             memory; when a table cannot be had, what this call has split is put
 *	             together again.
 *	   flush     (if split) so that no TLB holds the large page beside pages that differ from it
 *	2  change    cannot fail
 *	   flush     (if an entry that was present changed) once, a range or everything
 *	3  collapse
 *	   flush     (if collapsed) then the tables are free
 *
 * Intel's manual lets a TLB hold both a large page and small ones for an address (volume 3,
 * 4.10.2.3), and any of them may be used; some processors err when they differ. Hence the order.
 *
 * Aliases. A page of vmalloc space or of the image has an address in the direct map too, and
 * AMD64's image pages have one in the text area. If one mapping may write what the other calls
 * read-only, nothing is protected; two cache modes for one page are forbidden by the processor.
 * So both change. Not so for NX: nobody executes the direct map, and text must stay executable.
 *
 * What is never collapsed: vmalloc space, whose areas come and go page by page; the large page at
 * physical 0, as the first MiB has its own cache modes (fixed MTRRs); what set_memory_4k() has been
 * called for, which is marked in the entry that leads to the table (KEEP_SMALL). All else in the
 * direct map and in the image goes back to pages as large as it had at boot.
 * Linux 6.1 never collapses; what calls of many kinds leave behind there is a direct map of 4K
 * pages.
 *
 * Pages that are not there (np) keep their entries, but for P, so that p knows what to bring
 * back. An entry that is all 0 is a hole. G stays too: PROTNONE, its other meaning, is one of
 * user entries.
 *
 * Locking: cpa_lock, a mutex: held through a call, be it allocating or waiting for other CPUs;
 * who waits for it answers them meanwhile. It guards all entries of the direct map and the image,
 * and page structures of tables on this file's lists. Entries of vmalloc space belong to the
 * caller. A walk that must not see a table freed (a dump) holds it too: kernel_tables_lock().
 *
 * Limits: where tables of 32-bit entries are used, or the root has leaves, processes' roots have
 * copies of the kernel's entries; who adds processes adds the copying (Linux: pgd_list). Memory
 * that is made uncacheable must be flushed out of the data caches: flush_data_cache() by CLFLUSH.
 *
 * Source of the ideas: Linux's arch/x86/mm/pat/set_memory.c (change_page_attr); splitting and the
 * alias rule are its; collapsing came to it in 6.15.
 */
#include <kmm/errno.h>
#include <kmm/param.h>
#include <kmm/set_memory.h>
#include <kmm/tlbflush.h>
#include <kmm/vmstat.h>
#include <kmm/zones.h>

#include "arch/x86/cache.h"
#include "internal.h"
#include "pageattr.h"

#define KEEP_SMALL	_PAGE_SOFTW1	/* in an entry that leads to a table of single pages */
#define CACHE_BITS	(_PAGE_PWT | _PAGE_PCD | _PAGE_PAT)
#define ISA_END		((phys_addr_t)1 << 20)

static __kmm_state spinlock_t cpa_lock;
static __kmm_state bool wx_warned;	/* cpa_lock */

/* c: by kernel_protect() */
__kmm_state struct kmm_image kernel_image;
__kmm_state bool kernel_set_to_readonly, system_running;

/* One call. Pointers; end exclusive. */
struct cpa {
	uintptr_t start, end;	/* the range; or: */
	struct page **pages;	/* so many single pages, by their direct-map addresses */
	int nr_pages;
	u64 set, clear;
	bool split_all;		/* set_memory_4k() */
	bool no_alias, no_flush;

	bool in_alias;		/* this part of the walk is over an alias */
	struct page *tables;	/* made by this call, the newest first; later, those to be freed */
	uintptr_t owed_start, owed_end;	/* to be flushed: everything is between these */
};

/* An entry that maps, or could: never one that leads to a table. */
struct leaf {
	ptep_t slot;
	pte_t entry;
	enum pg_level level;
	uintptr_t start, size;
};

typedef int (*range_fn)(struct cpa *c, uintptr_t start, uintptr_t end);

/* ---- the lock ---- */

void kernel_tables_lock(void)
{
	while (!spin_trylock(&cpa_lock))
		kmm_cpu_poll();
}

void kernel_tables_unlock(void)
{
	spin_unlock(&cpa_lock);
}

/* ---- where ---- */

static inline const struct pgtable_format *fmt(void)
{
	return kernel_pgtable.fmt;
}

/* End of what the direct map maps; behind it may lie other areas at once. */
static phys_addr_t direct_end(void)
{
	return min(direct_map_end, PFN_PHYS(max_low_pfn));
}

static bool in_direct_map(uintptr_t addr)
{
	return addr >= page_offset_base && addr - page_offset_base < direct_end();
}

/* AMD64: the image's own mapping. */
static bool in_text_area(uintptr_t addr)
{
	const struct area *a = &kernel_layout.text;

	return kernel_address(addr) - a->start < a->end - a->start;
}

/* Where the page of this size begins that addr is in: it is kernel addresses that are aligned. */
static uintptr_t page_start(uintptr_t addr, uintptr_t size)
{
	return addr - (uintptr_t)(kernel_address(addr) & (size - 1));
}

static void find_leaf(uintptr_t addr, struct leaf *l)
{
	l->slot = lookup_address(addr, &l->level);
	l->entry = ptep_get(fmt(), l->slot);
	l->size = (uintptr_t)level_size(fmt(), l->level);
	l->start = page_start(addr, l->size);
}

/* Where the leaf, or the range if that is first, ends. */
static uintptr_t leaf_end(const struct leaf *l, uintptr_t end)
{
	return end - l->start <= l->size ? end : l->start + l->size;
}

static phys_addr_t leaf_phys(const struct leaf *l, uintptr_t addr)
{
	return (phys_addr_t)pte_phys(fmt(), l->entry, l->level) + (addr - l->start);
}

/* The entry of this level for addr, if it leads to a table; else NULL. */
static ptep_t table_entry(uintptr_t addr, enum pg_level level)
{
	u64 va = kernel_address(addr), table = kernel_pgtable.root;
	enum pg_level l = fmt()->root;

	for (;; l--) {
		ptep_t p = table_slot(&kernel_pgtable, table, level_index(fmt(), l, va));
		pte_t e = ptep_get(fmt(), p);

		if (!pte_present(e) || pte_leaf(e, l))
			return NULL;
		if (l == level)
			return p;
		table = pte_table_phys(fmt(), e);
	}
}

bool kernel_image_present(phys_addr_t start, phys_addr_t end)
{
	uintptr_t at = kernel_image_pointer(start), stop = kernel_image_pointer(end);
	struct leaf l;

	for (; at != stop; at = leaf_end(&l, stop)) {
		find_leaf(at, &l);
		if (pte_present(l.entry))
			return true;
	}
	return false;
}

/* ---- what has to be flushed ---- */

static void owe(struct cpa *c, uintptr_t start, uintptr_t end)
{
	if (c->owed_start == c->owed_end) {
		c->owed_start = start;
		c->owed_end = end;
	}
	c->owed_start = min(c->owed_start, start);
	c->owed_end = max(c->owed_end, end);
}

/* One flush; what lies far apart becomes a full one (mm/kernel/tlb.c). */
static void flush_owed(struct cpa *c)
{
	if (c->owed_start != c->owed_end)
		flush_tlb_kernel_range(c->owed_start, c->owed_end);
	c->owed_start = c->owed_end = 0;
}

/* ---- counting ---- */

static void count_pages(uintptr_t addr, enum pg_level level, long pages)
{
	if (in_direct_map(addr))
		__atomic_fetch_add(&direct_pages_count[level], (unsigned long)pages,
				   __ATOMIC_RELAXED);
}

/* The boot's own splits are not counted, as in Linux. */
static void count_direct_event(uintptr_t addr, enum vm_event_item for_2m, enum pg_level level)
{
	if (in_direct_map(addr) && system_running)
		count_vm_event(level == PG_LEVEL_1G ? for_2m + 1 : for_2m);
}

/* ---- tables on a list: through their page structures ---- */

static void push_table(struct cpa *c, phys_addr_t table, uintptr_t addr, enum pg_level level)
{
	struct page *page = phys_to_page(table);

	page->mapping = c->tables;
	page->private = addr | level;
	c->tables = page;
}

static struct page *pop_table(struct cpa *c)
{
	struct page *page = c->tables;

	if (page) {
		c->tables = page->mapping;
		page->mapping = NULL;
	}
	return page;
}

/*
 * All CPUs forget everything first: flushing single pages would leave what they have kept of
 * the tables themselves, under other tags.
 */
static void free_tables(struct cpa *c)
{
	struct page *page;

	if (!c->tables)
		return;
	flush_tlb_all();
	c->owed_start = c->owed_end = 0;
	while ((page = pop_table(c))) {
		page->private = 0;
		free_table(page_to_phys(page));
	}
}

/* ---- what an entry becomes ---- */

static bool overlap(u64 start, u64 end, u64 from, u64 to)
{
	return start < to && from < end;
}

/*
 * These bits cannot be had by [start, end), of which [from, to) must not have them. *mixed: a
 * part may.
 */
static u64 withhold(u64 prot, u64 bit, u64 start, u64 end, u64 from, u64 to, bool *mixed)
{
	if (!(prot & bit) || !overlap(start, end, from, to))
		return prot;
	*mixed |= start < from || end > to;
	return prot & ~bit;
}

static u64 static_protections(u64 prot, u64 start, u64 end, phys_addr_t phys, bool *mixed)
{
	const struct kmm_image *i = &kernel_image;

	if (i->text < i->etext)
		prot = withhold(prot, _PAGE_NX, start, end, kernel_image_pointer(i->text),
				kernel_image_pointer(i->etext), mixed);
	if (kernel_set_to_readonly)
		prot = withhold(prot, _PAGE_RW, phys, phys + (end - start), i->rodata,
				i->erodata, mixed);
	return prot;
}

/* The part [start, end) of a leaf: what its bits become. *mixed: not the same ones everywhere. */
static u64 new_bits(const struct cpa *c, const struct leaf *l, uintptr_t start, uintptr_t end,
		    bool *mixed)
{
	u64 change = c->in_alias ? ~_PAGE_NX : ~(u64)0;
	u64 bits = pgprot_val(pte_pgprot(fmt(), l->entry, l->level));

	bits &= ~(c->clear & change);
	bits |= c->set & change & __supported_pte_mask;
	*mixed = false;
	return static_protections(bits, start, end, leaf_phys(l, start), mixed);
}

/* ---- pass 1: split ---- */

static bool needs_split(const struct cpa *c, const struct leaf *l, uintptr_t start, uintptr_t end)
{
	bool mixed;
	u64 bits;

	if (l->level == PG_LEVEL_4K)
		return false;
	if (c->split_all)
		return true;
	bits = new_bits(c, l, start, end, &mixed);
	if (mixed)
		return true;
	return end - start != l->size && bits != pgprot_val(pte_pgprot(fmt(), l->entry, l->level));
}

/* A table of entries that map what this one does, in its place. */
static int split(struct cpa *c, const struct leaf *l)
{
	phys_addr_t table = alloc_table();
	enum pg_level level = l->level - 1;
	u64 step = level_size(fmt(), level), phys = leaf_phys(l, l->start);
	pgprot_t prot = pte_pgprot(fmt(), l->entry, l->level);
	unsigned int i, n = fmt()->entries[level];

	if (!table)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		set_pte(fmt(), table_slot(&kernel_pgtable, table, i),
			mk_pte(fmt(), level, phys + i * step, prot));
	set_pte(fmt(), l->slot, __pte(table | _KERNPG_TABLE));
	count_pages(l->start, l->level, -1);
	count_pages(l->start, level, (long)n);
	push_table(c, table, l->start, l->level);
	kmm_mmu_changed(l->start, l->start + l->size, false);
	owe(c, l->start, l->start + PAGE_SIZE);	/* any address of a large page will do */
	return 0;
}

static int hole(const struct cpa *c, uintptr_t addr)
{
	if (c->in_alias || in_direct_map(addr) || in_text_area(addr))
		return 0;
	pr_warn("CPA: called for zero pte. vaddr = %llx cpa->vaddr = %llx",
		(unsigned long long)kernel_address(addr),
		(unsigned long long)kernel_address(c->start));
	kmm_dump_stack();
	return -EFAULT;
}

static int split_range(struct cpa *c, uintptr_t start, uintptr_t end)
{
	uintptr_t at = start, stop;
	struct leaf l;
	int err = 0;

	while (at != end && !err) {
		find_leaf(at, &l);
		stop = leaf_end(&l, end);
		if (pte_none(l.entry))
			err = hole(c, at);
		else if (needs_split(c, &l, at, stop)) {
			err = split(c, &l);
			continue;	/* and look at its pieces */
		}
		at = stop;
	}
	return err;
}

/* Back to what was before pass 1, in the reverse order. */
static void unsplit(struct cpa *c)
{
	struct cpa retired = { .tables = NULL };
	struct page *page;

	while ((page = pop_table(c))) {
		enum pg_level level = (enum pg_level)(page->private & ~PAGE_MASK);
		uintptr_t addr = page->private & PAGE_MASK;
		phys_addr_t table = page_to_phys(page);
		pte_t e = ptep_get(fmt(), table_slot(&kernel_pgtable, table, 0));

		set_pte(fmt(), table_entry(addr, level),
			mk_pte(fmt(), level, pte_phys(fmt(), e, level - 1),
			       pte_pgprot(fmt(), e, level - 1)));
		count_pages(addr, level, 1);
		count_pages(addr, level - 1, -(long)fmt()->entries[level - 1]);
		kmm_mmu_changed(addr, addr + (uintptr_t)level_size(fmt(), level), false);
		owe(c, addr, addr + (uintptr_t)level_size(fmt(), level));
		push_table(&retired, table, addr, level);
	}
	flush_owed(c);
	free_tables(&retired);
}

/* They stay: events are counted, the list is taken apart. */
static void keep_splits(struct cpa *c)
{
	struct page *page;

	while ((page = pop_table(c))) {
		enum pg_level level = (enum pg_level)(page->private & ~PAGE_MASK);

		count_direct_event(page->private & PAGE_MASK, DIRECT_MAP_LEVEL2_SPLIT, level);
		page->private = 0;
	}
}

/* ---- pass 2: change ---- */

/* A page that can be written and executed is worth a word. Not on IA-32, as in Linux. */
static void verify_rwx(u64 old, u64 bits, uintptr_t start, uintptr_t end, phys_addr_t phys)
{
	const u64 rights = _PAGE_RW | _PAGE_NX;

	if (wx_warned || sizeof(void *) == 4 || !(__supported_pte_mask & _PAGE_NX) ||
	    !((old ^ bits) & rights) || (bits & rights) != _PAGE_RW)
		return;
	wx_warned = true;
	pr_warn("CPA detected W^X violation: %016llx -> %016llx range: 0x%016llx - 0x%016llx "
		"PFN %llx", (unsigned long long)old, (unsigned long long)bits,
		(unsigned long long)kernel_address(start),
		(unsigned long long)kernel_address(end - 1),
		(unsigned long long)(phys >> PAGE_SHIFT));
	kmm_dump_stack();
}

/* True if the entry is another one now. */
static bool change_leaf(struct cpa *c, const struct leaf *l, uintptr_t start, uintptr_t end)
{
	u64 old = pgprot_val(pte_pgprot(fmt(), l->entry, l->level)), bits;
	bool mixed;

	bits = new_bits(c, l, start, end, &mixed);
	KMM_BUG_ON(mixed);
	if (bits == old)
		return false;
	KMM_BUG_ON(end - start != l->size);
	verify_rwx(old, bits, start, end, leaf_phys(l, start));
	set_pte(fmt(), l->slot,
		mk_pte(fmt(), l->level, pte_phys(fmt(), l->entry, l->level), __pgprot(bits)));
	if (pte_present(l->entry))	/* TLBs hold nothing of what is not present */
		owe(c, start, end);
	return true;
}

static int change_range(struct cpa *c, uintptr_t start, uintptr_t end)
{
	uintptr_t at = start, stop;
	bool changed = false;
	struct leaf l;

	for (; at != end; at = stop) {
		find_leaf(at, &l);
		stop = leaf_end(&l, end);
		if (!pte_none(l.entry))
			changed |= change_leaf(c, &l, at, stop);
	}
	if (changed)
		kmm_mmu_changed(start, end, false);
	return 0;
}

/* set_memory_4k(): the tables of the range are not collapsed any more. */
static void mark_small(uintptr_t start, uintptr_t end)
{
	uintptr_t size = (uintptr_t)level_size(fmt(), PG_LEVEL_2M), at = page_start(start, size);
	ptep_t p;

	for (;; at += size) {
		p = table_entry(at, PG_LEVEL_2M);
		if (p)
			set_pte(fmt(), p, pte_set_flags(ptep_get(fmt(), p), KEEP_SMALL));
		if (end - at <= size)
			break;
	}
}

/* ---- pass 3: collapse ---- */

/*
 * Do the entries of a table map what one page of the level above could, with equal bits? Then
 * *large. What the processor notes (A, D) may differ.
 */
static bool all_alike(phys_addr_t table, enum pg_level level, pte_t *large)
{
	const u64 noted = _PAGE_ACCESSED | _PAGE_DIRTY;
	pte_t e = ptep_get(fmt(), table_slot(&kernel_pgtable, table, 0));
	u64 step = level_size(fmt(), level), phys = pte_phys(fmt(), e, level), all = e.pte;
	unsigned int i;

	if (!pte_present(e) || !pte_leaf(e, level) || phys & (level_size(fmt(), level + 1) - 1) ||
	    phys < ISA_END)
		return false;
	for (i = 1; i < fmt()->entries[level]; i++) {
		pte_t next = ptep_get(fmt(), table_slot(&kernel_pgtable, table, i));

		if ((next.pte ^ (e.pte + i * step)) & ~noted)
			return false;
		all |= next.pte & noted;
	}
	*large = mk_pte(fmt(), level + 1, phys,
			pte_pgprot(fmt(), pte_set_flags(e, all & noted), level));
	return true;
}

static void collapse_one(struct cpa *c, uintptr_t addr, enum pg_level level)
{
	uintptr_t size = (uintptr_t)level_size(fmt(), level);
	ptep_t p = table_entry(addr, level);
	pte_t e, large;

	if (!p)
		return;
	e = ptep_get(fmt(), p);
	if (e.pte & KEEP_SMALL || !all_alike(pte_table_phys(fmt(), e), level - 1, &large))
		return;
	set_pte(fmt(), p, large);
	count_pages(addr, level, 1);
	count_pages(addr, level - 1, -(long)fmt()->entries[level - 1]);
	count_direct_event(addr, DIRECT_MAP_LEVEL2_COLLAPSE, level);
	push_table(c, pte_table_phys(fmt(), e), addr, level);
	kmm_mmu_changed(addr, addr + size, false);
	owe(c, addr, addr + size);
}

/* The largest pages that the direct map may have. */
static unsigned int direct_max_shift(void)
{
	unsigned int most = kernel_max_page_shift();

	return boot_options.nogbpages ? min(most, (unsigned int)fmt()->shift[PG_LEVEL_2M]) : most;
}

/* The same for the place that addr is in. */
static unsigned int most_shift(uintptr_t addr)
{
	if (in_direct_map(addr))
		return direct_max_shift();
	if (in_text_area(addr))
		return min(kernel_max_page_shift(), (unsigned int)fmt()->shift[PG_LEVEL_2M]);
	return PAGE_SHIFT;
}

static int collapse_range(struct cpa *c, uintptr_t start, uintptr_t end)
{
	unsigned int most = most_shift(start);
	enum pg_level level = PG_LEVEL_2M;

	for (; level <= fmt()->max_leaf && fmt()->shift[level] <= most; level++) {
		uintptr_t size = (uintptr_t)1 << fmt()->shift[level];
		uintptr_t at = page_start(start, size);

		for (;; at += size) {
			collapse_one(c, at, level);
			if (end - at <= size)
				break;
		}
	}
	return 0;
}

/* ---- ranges and their aliases ---- */

/* The same memory, [phys, phys + size), where else it is mapped; known by the address `from`. */
static int alias(struct cpa *c, uintptr_t from, phys_addr_t phys, uintptr_t size, range_fn fn)
{
	phys_addr_t end = phys + size;
	uintptr_t p;
	size_t part;
	int err = 0;

	if (!in_direct_map(from) && phys < direct_end())
		err = fn(c, (uintptr_t)__va(phys), (uintptr_t)__va(min(end, direct_end())));
	if (in_text_area(from))
		return err;
	for (; !err && phys < end; phys += part) {
		part = (size_t)(end - phys);
		if (kernel_image_alias(phys, &part, &p))
			err = fn(c, p, p + part);
	}
	return err;
}

static int each_alias(struct cpa *c, uintptr_t start, uintptr_t end, range_fn fn)
{
	uintptr_t at = start, stop;
	struct leaf l;
	int err = 0;

	if (in_direct_map(start))
		return alias(c, start, __pa(start), end - start, fn);
	for (; at != end && !err; at = stop) {
		find_leaf(at, &l);
		stop = leaf_end(&l, end);
		if (!pte_none(l.entry))
			err = alias(c, at, leaf_phys(&l, at), stop - at, fn);
	}
	return err;
}

static int with_aliases(struct cpa *c, uintptr_t start, uintptr_t end, range_fn fn)
{
	int err;

	c->in_alias = false;
	err = fn(c, start, end);
	if (err || c->no_alias)
		return err;
	c->in_alias = true;
	return each_alias(c, start, end, fn);
}

static int each_range(struct cpa *c, range_fn fn)
{
	int i, err = 0;

	if (!c->pages)
		return with_aliases(c, c->start, c->end, fn);
	for (i = 0; i < c->nr_pages && !err; i++) {
		uintptr_t addr = (uintptr_t)page_to_phys(c->pages[i]) + page_offset_base;

		if (!PageHighMem(c->pages[i]))
			err = with_aliases(c, addr, addr + PAGE_SIZE, fn);
	}
	return err;
}

/* ---- one call ---- */

static int change_page_attr(struct cpa *c)
{
	int err;

	kernel_tables_lock();
	err = each_range(c, split_range);
	if (err) {
		unsplit(c);
		kernel_tables_unlock();
		return err;
	}
	keep_splits(c);
	flush_owed(c);
	(void)each_range(c, change_range);
	if (!c->no_flush)
		flush_owed(c);
	if (c->split_all)
		mark_small(c->start, c->end);
	else
		(void)each_range(c, collapse_range);
	if (!c->tables && !c->no_flush)
		flush_owed(c);
	free_tables(c);
	kernel_tables_unlock();
	return 0;
}

/* What was cached and shall not be must leave the caches (Intel SDM volume 3, 11.12.4). */
static int flush_cache_range_of(struct cpa *c, uintptr_t start, uintptr_t end)
{
	unsigned int line = x86_cache_line();
	uintptr_t at = start, stop;
	struct leaf l;

	(void)c;
	for (; line && at != end; at = stop) {
		find_leaf(at, &l);
		stop = leaf_end(&l, end);
		if (pte_present(l.entry))
			x86_flush_cache(at, stop - at, line);
	}
	return 0;
}

static void flush_data_cache(struct cpa *c)
{
	c->no_alias = true;		/* the same lines */
	(void)each_range(c, flush_cache_range_of);
}

static int call(struct cpa *c)
{
	u64 bits = c->set | c->clear;
	int err;

	if (!kernel_paging)
		return 0;
	c->set &= __supported_pte_mask;
	c->no_alias |= !(bits & ~_PAGE_NX);
	if (!(__supported_pte_mask & _PAGE_NX))
		bits &= ~_PAGE_NX;
	if (!bits && !c->split_all)
		return 0;
	err = change_page_attr(c);
	if (!err && c->set & CACHE_BITS)
		flush_data_cache(c);
	return err;
}

static int on_range(struct cpa *c, uintptr_t addr, int numpages)
{
	if (addr & ~PAGE_MASK || numpages < 0)
		return -EINVAL;
	c->start = addr;
	c->end = addr + ((uintptr_t)numpages << PAGE_SHIFT);
	if ((uintptr_t)numpages > UINTPTR_MAX >> PAGE_SHIFT || c->end < addr)
		return -EINVAL;
	return numpages ? call(c) : 0;
}

static int set_clear(uintptr_t addr, int numpages, u64 set, u64 clear)
{
	struct cpa c = { .set = set, .clear = clear };

	return on_range(&c, addr, numpages);
}

/* ---- the calls, by address ---- */

int set_memory_ro(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, 0, _PAGE_RW);
}

int set_memory_rw(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, _PAGE_RW, 0);
}

int set_memory_x(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, 0, _PAGE_NX);
}

int set_memory_nx(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, _PAGE_NX, 0);
}

int set_memory_np(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, 0, _PAGE_PRESENT);
}

int set_memory_np_noalias(unsigned long addr, int numpages)
{
	struct cpa c = { .clear = _PAGE_PRESENT, .no_alias = true };

	return on_range(&c, addr, numpages);
}

int set_memory_p(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, _PAGE_PRESENT, 0);
}

int set_memory_4k(unsigned long addr, int numpages)
{
	struct cpa c = { .split_all = true };

	return on_range(&c, addr, numpages);
}

int set_memory_uc(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, _PAGE_PCD, CACHE_BITS);
}

int set_memory_wc(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, _PAGE_PWT, CACHE_BITS);
}

int set_memory_wb(unsigned long addr, int numpages)
{
	return set_clear(addr, numpages, 0, CACHE_BITS);
}

/* ---- by page ---- */

static int set_clear_pages(struct page *page, int numpages, u64 set, u64 clear)
{
	struct cpa c = { .set = set, .clear = clear };

	if (PageHighMem(page))
		return -EINVAL;
	return on_range(&c, (uintptr_t)page_to_phys(page) + page_offset_base, numpages);
}

int set_pages_ro(struct page *page, int numpages)
{
	return set_clear_pages(page, numpages, 0, _PAGE_RW);
}

int set_pages_rw(struct page *page, int numpages)
{
	return set_clear_pages(page, numpages, _PAGE_RW, 0);
}

int set_pages_x(struct page *page, int numpages)
{
	return set_clear_pages(page, numpages, 0, _PAGE_NX);
}

int set_pages_nx(struct page *page, int numpages)
{
	return set_clear_pages(page, numpages, _PAGE_NX, 0);
}

int set_pages_uc(struct page *page, int numpages)
{
	return set_clear_pages(page, numpages, _PAGE_PCD, CACHE_BITS);
}

int set_pages_wb(struct page *page, int numpages)
{
	return set_clear_pages(page, numpages, 0, CACHE_BITS);
}

static int set_clear_array(struct page **pages, int numpages, u64 set)
{
	struct cpa c = { .pages = pages, .nr_pages = numpages, .set = set, .clear = CACHE_BITS };

	return call(&c);
}

int set_pages_array_uc(struct page **pages, int numpages)
{
	return set_clear_array(pages, numpages, _PAGE_PCD);
}

int set_pages_array_wc(struct page **pages, int numpages)
{
	return set_clear_array(pages, numpages, _PAGE_PWT);
}

int set_pages_array_wb(struct page **pages, int numpages)
{
	return set_clear_array(pages, numpages, 0);
}

static int set_direct_map(struct page *page, u64 set, u64 clear)
{
	struct cpa c = { .set = set, .clear = clear, .no_alias = true, .no_flush = true };

	if (PageHighMem(page))
		return 0;
	return on_range(&c, (uintptr_t)page_to_phys(page) + page_offset_base, 1);
}

int set_direct_map_invalid_noflush(struct page *page)
{
	return set_direct_map(page, 0, _PAGE_PRESENT | _PAGE_RW);
}

int set_direct_map_default_noflush(struct page *page)
{
	return set_direct_map(page, _PAGE_PRESENT | _PAGE_RW, 0);
}

bool kernel_page_present(const struct page *page)
{
	uintptr_t addr = (uintptr_t)page_to_phys(page) + page_offset_base;
	enum pg_level level;
	bool present;

	if (!kernel_paging)
		return true;
	if (PageHighMem(page))
		return false;
	kernel_tables_lock();	/* else a table on the way may go in a collapse */
	present = pte_present(ptep_get(fmt(), lookup_address(addr, &level)));
	kernel_tables_unlock();
	return present;
}

/* ---- for reports ---- */

unsigned int direct_map_shift(enum pg_level level)
{
	unsigned int shift = kernel_paging ? fmt()->shift[level] : 0;

	if (level == PG_LEVEL_1G && kernel_paging && shift > direct_max_shift())
		return 0;
	return shift;
}

u64 direct_map_kb(enum pg_level level)
{
	unsigned int shift = direct_map_shift(level);

	return shift ? (u64)READ_ONCE(direct_pages_count[level]) << (shift - 10) : 0;
}
