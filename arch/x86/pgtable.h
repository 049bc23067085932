/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/pgtable.h - x86's four page-table formats, as pure code.
 *
 * A format is data: how many levels, how wide an entry, which bits of an address index
 * which level. One walk serves all: levels a format lacks are folded, that is, not there.
 *
 *	              256T   512G   1G     2M/4M  4K       entry   address  physical
 *	PAGING_32      -      -      -     22..31 12..21   4 bytes   32       32
 *	PAGING_PAE     -      -     30..31 21..29 12..20   8         32       52
 *	PAGING_4LEVEL  -     39..47 30..38 21..29 12..20   8         48       52
 *	PAGING_5LEVEL 48..56 39..47 30..38 21..29 12..20   8         57       52
 *
 * PAE's root has four entries, of which only P, PWT and PCD may be set beside the address.
 *
 * A table is reached at physical address + pgtable->offset, so the same code walks tables
 * through the direct map, through a window of a hosted machine's own, or in an array of a test.
 * Addresses here are the processor's (u64, sign-extended where there are 48 or 57 bits).
 */
#ifndef ARCH_X86_PGTABLE_H
#define ARCH_X86_PGTABLE_H

#include <kmm/pgtable_types.h>

enum paging_mode {
	PAGING_NONE, PAGING_32, PAGING_PAE, PAGING_4LEVEL, PAGING_5LEVEL, NR_PAGING_MODES
};

struct pgtable_format {
	const char *name;
	enum pg_level root;		/* level of the root table's entries */
	enum pg_level max_leaf;		/* largest page the format knows (features may forbid it) */
	u8 entry_size;			/* bytes: 4 or 8 */
	u8 va_bits;
	u8 shift[PG_LEVEL_NUM];		/* an entry of this level maps 1 << shift bytes */
	u16 entries[PG_LEVEL_NUM];	/* of a table of this level */
	u64 pfn_mask;			/* the bits of a 4K entry that are its address */
	u64 nx;				/* _PAGE_NX or 0 */
};

extern const struct pgtable_format pgtable_formats[NR_PAGING_MODES];

/* The place of an entry in a table: 4 or 8 bytes, so only to be used with its format. */
typedef struct pte_slot *ptep_t;

struct pgtable {
	const struct pgtable_format *fmt;
	u64 root;			/* physical address of the root table */
	uintptr_t offset;		/* a table at physical p is read at p + offset */
};

/* ---- entries ---- */

static inline bool pte_present(pte_t e) { return e.pte & _PAGE_PRESENT; }
static inline bool pte_none(pte_t e) { return !e.pte; }
static inline bool pte_write(pte_t e) { return e.pte & _PAGE_RW; }
static inline bool pte_user(pte_t e) { return e.pte & _PAGE_USER; }
static inline bool pte_exec(pte_t e) { return !(e.pte & _PAGE_NX); }
static inline bool pte_young(pte_t e) { return e.pte & _PAGE_ACCESSED; }
static inline bool pte_dirty(pte_t e) { return e.pte & _PAGE_DIRTY; }
static inline bool pte_global(pte_t e) { return e.pte & _PAGE_GLOBAL; }
static inline bool pte_special(pte_t e) { return e.pte & _PAGE_SOFTW1; }

static inline pte_t pte_set_flags(pte_t e, u64 bits) { return __pte(e.pte | bits); }
static inline pte_t pte_clear_flags(pte_t e, u64 bits) { return __pte(e.pte & ~bits); }
static inline pte_t pte_mkwrite(pte_t e) { return pte_set_flags(e, _PAGE_RW); }
static inline pte_t pte_wrprotect(pte_t e) { return pte_clear_flags(e, _PAGE_RW); }
static inline pte_t pte_mkexec(pte_t e) { return pte_clear_flags(e, _PAGE_NX); }
static inline pte_t pte_mkdirty(pte_t e) { return pte_set_flags(e, _PAGE_DIRTY); }
static inline pte_t pte_mkclean(pte_t e) { return pte_clear_flags(e, _PAGE_DIRTY); }
static inline pte_t pte_mkyoung(pte_t e) { return pte_set_flags(e, _PAGE_ACCESSED); }
static inline pte_t pte_mkold(pte_t e) { return pte_clear_flags(e, _PAGE_ACCESSED); }

/* pte_leaf - does an entry of this level map memory (true), or lead to a table (false)? */
static inline bool pte_leaf(pte_t e, enum pg_level level)
{
	return level == PG_LEVEL_4K || (e.pte & _PAGE_PSE);
}

/* ---- geometry ---- */

static inline u64 level_size(const struct pgtable_format *f, enum pg_level level)
{
	return (u64)1 << f->shift[level];
}

static inline unsigned int level_index(const struct pgtable_format *f, enum pg_level level, u64 va)
{
	return (unsigned int)(va >> f->shift[level]) & (f->entries[level] - 1u);
}

/* pte_phys - where a leaf of this level, or a table entry (PG_LEVEL_4K's mask), points. */
static inline u64 pte_phys(const struct pgtable_format *f, pte_t e, enum pg_level level)
{
	return e.pte & f->pfn_mask & ~(level_size(f, level) - 1);
}

static inline u64 pte_table_phys(const struct pgtable_format *f, pte_t e)
{
	return e.pte & f->pfn_mask;
}

/* mk_pte - an entry of this level that maps phys (aligned to the level). */
pte_t mk_pte(const struct pgtable_format *f, enum pg_level level, u64 phys, pgprot_t prot);
/* pte_pgprot - the bits of a leaf without its address, with PAT where a 4K entry has it. */
pgprot_t pte_pgprot(const struct pgtable_format *f, pte_t e, enum pg_level level);

/* ---- tables ---- */

static inline ptep_t table_slot(const struct pgtable *t, u64 table_phys, unsigned int index)
{
	return (ptep_t)((uintptr_t)table_phys + t->offset + index * (uintptr_t)t->fmt->entry_size);
}

/*
 * Entries of 8 bytes, whole. 64 bits: a load, a store. 32 bits: compare-and-exchange of 8 bytes to
 * write; to read, the low half before and after the high one.
 */
static inline u64 wide_entry(const void *p)
{
#if UINTPTR_MAX > 0xffffffffu
	return __atomic_load_n((const u64 *)p, __ATOMIC_ACQUIRE);
#else
	const u32 *half = p;
	u32 low, high;

	do {
		low = __atomic_load_n(half, __ATOMIC_ACQUIRE);
		high = __atomic_load_n(half + 1, __ATOMIC_ACQUIRE);
	} while (low != __atomic_load_n(half, __ATOMIC_ACQUIRE));
	return (u64)high << 32 | low;
#endif
}

static inline void set_wide_entry(void *p, u64 e)
{
#if UINTPTR_MAX > 0xffffffffu
	__atomic_store_n((u64 *)p, e, __ATOMIC_RELEASE);
#else
	u64 old;

	do
		old = wide_entry(p);
	while (!__sync_bool_compare_and_swap((u64 *)p, old, e));
#endif
}

/* ptep_get - read an entry; who follows it sees all that was written before the entry was. */
static inline pte_t ptep_get(const struct pgtable_format *f, ptep_t p)
{
	if (f->entry_size == 4)
		return __pte(__atomic_load_n((u32 *)(void *)p, __ATOMIC_ACQUIRE));
	return __pte(wide_entry(p));
}

/*
 * set_pte - write an entry, so that a processor that reads it at any moment sees the old or
 * the new one. Pre: one writer at a time.
 */
static inline void set_pte(const struct pgtable_format *f, ptep_t p, pte_t e)
{
	if (f->entry_size == 4)
		__atomic_store_n((u32 *)(void *)p, (u32)e.pte, __ATOMIC_RELEASE);
	else
		set_wide_entry(p, e.pte);
}

static inline void pte_clear(const struct pgtable_format *f, ptep_t p)
{
	set_pte(f, p, __pte(0));
}

/* ---- walks ---- */

/*
 * pgtable_lookup - the entry that says how va is mapped: *level is its level. A leaf, or the
 * first entry on the way that is not present. Never NULL. No lock; the tables must not be freed
 * meanwhile.
 */
ptep_t pgtable_lookup(const struct pgtable *t, u64 va, enum pg_level *level);

/* pgtable_translate - the physical address of va; false: not mapped. *prot, *level may be NULL. */
bool pgtable_translate(const struct pgtable *t, u64 va, u64 *phys, pgprot_t *prot,
		       enum pg_level *level);

/*
 * pgtable_walk - call fn for every leaf and every maximal hole in [start, end) (end exclusive, 0
 * for the end of the address space), in order of addresses; a hole has level = that of the entry
 * not present. The span given to fn is cut to [start, end). fn returns non-zero to stop:
 * returned. effective: the R/W, U/S and NX rights of all levels together, as the processor forms
 * them.
 */
struct pgtable_span {
	u64 start, end;
	enum pg_level level;
	pte_t entry;		/* as it stands; not present: a hole, or swap */
	u64 effective;		/* _PAGE_RW | _PAGE_USER | _PAGE_NX of the whole path */
};
int pgtable_walk(const struct pgtable *t, u64 start, u64 end,
		 int (*fn)(void *arg, const struct pgtable_span *span), void *arg);

#endif
