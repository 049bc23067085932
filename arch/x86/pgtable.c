// SPDX-License-Identifier: MIT
/*
 * arch/x86/pgtable.c - the formats as data, and the walks that serve them all.
 *
 *	address   | 256T | 512G |  1G  |2M/4M |  4K  | offset |
 *	             |      |      |      |      |
 *	          root -> table -> ... each entry leads to the next table, or is a *leaf* that maps
 *	          all the addresses that share its bits: the 4K level always, larger pages by PS.
 *
 * A format begins at its own root; the levels above are folded away. Walks keep nothing and
 * take no lock: they read each entry once and believe what they read.
 */
#include "arch/x86/pgtable.h"

#define PFN_MASK_LONG	0x000ffffffffff000ULL	/* bits 12 to 51 */

const struct pgtable_format pgtable_formats[NR_PAGING_MODES] = {
	[PAGING_32] = {
		.name = "i386", .root = PG_LEVEL_2M, .max_leaf = PG_LEVEL_2M, .entry_size = 4,
		.va_bits = 32, .pfn_mask = 0xfffff000, .nx = 0,
		.shift = { [PG_LEVEL_4K] = 12, [PG_LEVEL_2M] = 22 },
		.entries = { [PG_LEVEL_4K] = 1024, [PG_LEVEL_2M] = 1024 },
	},
	[PAGING_PAE] = {
		.name = "PAE", .root = PG_LEVEL_1G, .max_leaf = PG_LEVEL_2M, .entry_size = 8,
		.va_bits = 32, .pfn_mask = PFN_MASK_LONG, .nx = _PAGE_NX,
		.shift = { [PG_LEVEL_4K] = 12, [PG_LEVEL_2M] = 21, [PG_LEVEL_1G] = 30 },
		.entries = { [PG_LEVEL_4K] = 512, [PG_LEVEL_2M] = 512, [PG_LEVEL_1G] = 4 },
	},
	[PAGING_4LEVEL] = {
		.name = "4-level", .root = PG_LEVEL_512G, .max_leaf = PG_LEVEL_1G, .entry_size = 8,
		.va_bits = 48, .pfn_mask = PFN_MASK_LONG, .nx = _PAGE_NX,
		.shift = { [PG_LEVEL_4K] = 12, [PG_LEVEL_2M] = 21, [PG_LEVEL_1G] = 30,
			   [PG_LEVEL_512G] = 39 },
		.entries = { [PG_LEVEL_4K] = 512, [PG_LEVEL_2M] = 512, [PG_LEVEL_1G] = 512,
			     [PG_LEVEL_512G] = 512 },
	},
	[PAGING_5LEVEL] = {
		.name = "5-level", .root = PG_LEVEL_256T, .max_leaf = PG_LEVEL_1G, .entry_size = 8,
		.va_bits = 57, .pfn_mask = PFN_MASK_LONG, .nx = _PAGE_NX,
		.shift = { [PG_LEVEL_4K] = 12, [PG_LEVEL_2M] = 21, [PG_LEVEL_1G] = 30,
			   [PG_LEVEL_512G] = 39, [PG_LEVEL_256T] = 48 },
		.entries = { [PG_LEVEL_4K] = 512, [PG_LEVEL_2M] = 512, [PG_LEVEL_1G] = 512,
			     [PG_LEVEL_512G] = 512, [PG_LEVEL_256T] = 512 },
	},
};

/* PAT is bit 7 of a 4K entry, where a large page has PS, and bit 12 of a large page. */
pte_t mk_pte(const struct pgtable_format *f, enum pg_level level, u64 phys, pgprot_t prot)
{
	u64 bits = pgprot_val(prot);

	if (!f->nx)
		bits &= 0xffffffff;
	if (level == PG_LEVEL_4K)
		return __pte(phys | bits);
	if (bits & _PAGE_PAT)
		bits |= _PAGE_PAT_LARGE;
	return __pte(phys | bits | _PAGE_PSE);
}

pgprot_t pte_pgprot(const struct pgtable_format *f, pte_t e, enum pg_level level)
{
	u64 bits;

	if (level == PG_LEVEL_4K)
		return __pgprot(e.pte & ~f->pfn_mask);
	bits = e.pte & ~(f->pfn_mask | _PAGE_PSE);
	return __pgprot(e.pte & _PAGE_PAT_LARGE ? bits | _PAGE_PAT : bits);
}

/* May an entry of this level be a leaf? The root of PAE, and what lies above 1G, may not. */
static bool is_leaf(const struct pgtable_format *f, pte_t e, enum pg_level level)
{
	return level <= f->max_leaf && pte_leaf(e, level);
}

ptep_t pgtable_lookup(const struct pgtable *t, u64 va, enum pg_level *level)
{
	const struct pgtable_format *f = t->fmt;
	u64 table = t->root;

	for (*level = f->root;; --*level) {
		ptep_t p = table_slot(t, table, level_index(f, *level, va));
		pte_t e = ptep_get(f, p);

		if (!pte_present(e) || is_leaf(f, e, *level))
			return p;
		table = pte_table_phys(f, e);
	}
}

bool pgtable_translate(const struct pgtable *t, u64 va, u64 *phys, pgprot_t *prot,
		       enum pg_level *level)
{
	enum pg_level at;
	pte_t e = ptep_get(t->fmt, pgtable_lookup(t, va, &at));

	if (level)
		*level = at;
	if (!pte_present(e))
		return false;
	*phys = pte_phys(t->fmt, e, at) | (va & (level_size(t->fmt, at) - 1));
	if (prot)
		*prot = pte_pgprot(t->fmt, e, at);
	return true;
}

/* ---- walking a range ---- */

struct walk {
	const struct pgtable *t;
	u64 start, last;		/* inclusive: a range may end where addresses do */
	int (*fn)(void *arg, const struct pgtable_span *span);
	void *arg;
};

/* What a path may do, when an entry with these bits is added to it. */
static u64 narrow(u64 effective, pte_t e)
{
	return (effective & e.pte & (_PAGE_RW | _PAGE_USER)) | ((effective | e.pte) & _PAGE_NX);
}

static int report(const struct walk *w, u64 first, u64 last, enum pg_level level, pte_t e,
		  u64 effective)
{
	struct pgtable_span span = {
		.start = max(first, w->start), .end = min(last, w->last) + 1,
		.level = level, .entry = e, .effective = effective,
	};

	return w->fn(w->arg, &span);
}

/* PAE's root has no R/W, U/S and NX of its own. */
static u64 rights(const struct pgtable_format *f, enum pg_level level, u64 effective, pte_t e)
{
	bool bare = f->root == level && f->entries[level] == 4;

	return bare ? effective : narrow(effective, e);
}

/* The first entry from i on that is not empty, or n. */
static unsigned int skip_empty(const struct pgtable *t, u64 table, unsigned int i, unsigned int n)
{
	const struct pgtable_format *f = t->fmt;
	ptep_t p = table_slot(t, table, i);

	while (i < n && pte_none(ptep_get(f, p))) {
		p = (ptep_t)((uintptr_t)p + f->entry_size);
		i++;
	}
	return i;
}

static int walk_table(const struct walk *w, u64 table, enum pg_level level, u64 base, u64 effective)
{
	const struct pgtable_format *f = w->t->fmt;
	u64 size = level_size(f, level);
	unsigned int i = level_index(f, level, max(base, w->start)), n = f->entries[level], next;
	int stop = 0;

	for (; i < n && !stop; i = next) {
		u64 first = base + i * size;
		pte_t e;

		if (first > w->last)
			break;
		next = skip_empty(w->t, table, i, n);
		if (next > i) {
			stop = report(w, first, base + next * size - 1, level, __pte(0), effective);
			continue;
		}
		next = i + 1;
		e = ptep_get(f, table_slot(w->t, table, i));
		if (!pte_present(e))
			stop = report(w, first, first + (size - 1), level, e, effective);
		else if (is_leaf(f, e, level))
			stop = report(w, first, first + (size - 1), level, e,
				      rights(f, level, effective, e));
		else
			stop = walk_table(w, pte_table_phys(f, e), level - 1, first,
					  rights(f, level, effective, e));
	}
	return stop;
}

/* The address of a root's entry 0 that is in the same half of the address space as va. */
static u64 half_base(const struct pgtable_format *f, u64 va)
{
	if (f->va_bits == 32 || !(va >> (f->va_bits - 1) & 1))
		return 0;
	return ~(u64)0 << f->va_bits;
}

int pgtable_walk(const struct pgtable *t, u64 start, u64 end,
		 int (*fn)(void *arg, const struct pgtable_span *span), void *arg)
{
	const struct pgtable_format *f = t->fmt;
	u64 top = f->va_bits == 32 ? 0xffffffff : ~(u64)0, last = end ? end - 1 : top;
	u64 half = (u64)1 << (f->va_bits - 1);
	struct walk w = { t, start, min(last, top), fn, arg };
	int stop;

	if (f->va_bits == 32 || start >= half || w.last < half)
		return walk_table(&w, t->root, f->root, half_base(f, start), _PAGE_RW | _PAGE_USER);
	/* Across the hole in the middle: each half by itself. */
	w.last = half - 1;
	stop = walk_table(&w, t->root, f->root, 0, _PAGE_RW | _PAGE_USER);
	w.start = ~(u64)0 << (f->va_bits - 1);
	w.last = last;
	if (stop || w.last < w.start)
		return stop;
	return walk_table(&w, t->root, f->root, half_base(f, w.start), _PAGE_RW | _PAGE_USER);
}
