// SPDX-License-Identifier: MIT
/*
 * walk.c - the hosted machine's page walker: page tables as its processors read them.
 *
 * It shares with the core the table of formats (arch/x86/pgtable.h: how wide, how many levels)
 * and no code, so that each is a check of the other. It is the stricter of the two. A processor
 * faults on a bit that is reserved, and which these are depends on what it can do:
 *
 *	PS   in an entry of 256T or 512G; of 1G without GBPAGES. Without PSE a two-level
 *	     processor ignores it, and takes what was meant to be a page for a table
 *	NX   without NX, or with two levels (where there is no bit 63)
 *	     address bits below a large page's size, but for PAT; bits 52 to 62 with PAE
 *	     all but P, PWT and PCD in the four entries of PAE's root
 *
 * G means nothing without PGE. PAE's root is read when it is loaded, not when it is used: an
 * entry written later is not seen until the root is loaded again.
 *
 * Tables are read in the view of RAM, where that does not reach (IA-32 with more low memory
 * than the process has room for) by pread(). Entries of 8 bytes are read whole on 64 bits; on 32
 * bits low half, high half, low half again, as set_pte() writes them.
 */
#include "arch/pgtable.h"
#include "host_internal.h"

#define SHIFT_4K	12

static struct {
	const struct pgtable_format *fmt;
	enum pg_level largest;		/* page there can be */
	bool pse_ignored;
	u64 ignored, reserved;		/* bits of any entry */
} walker;

void host_walk_on(const struct kmm_paging *p)
{
	const struct pgtable_format *f = &pgtable_formats[p->mode];

	walker.fmt = f;
	walker.largest = f->max_leaf;
	if (walker.largest == PG_LEVEL_1G && !(p->cpu & KMM_CPU_GBPAGES))
		walker.largest = PG_LEVEL_2M;
	walker.pse_ignored = p->mode == KMM_PAGING_32 && !(p->cpu & KMM_CPU_PSE);
	walker.ignored = p->cpu & KMM_CPU_PGE ? 0 : _PAGE_GLOBAL;
	walker.reserved = f->nx && !(p->cpu & KMM_CPU_NX) ? _PAGE_NX : 0;
	if (p->mode == KMM_PAGING_PAE)
		walker.reserved |= 0x7ffULL << 52;
}

/* ---- one entry ---- */

static u64 read_entry(u64 table, unsigned int i)
{
	unsigned int size = walker.fmt->entry_size;
	u64 at = table + i * size, entry = 0;
	const u32 *half = host_ram_view(at, size);

	if (!half)
		return host_ram_read(at, &entry, size) ? entry : 0;
	if (size == 4)
		return __atomic_load_n(half, __ATOMIC_RELAXED);
#if UINTPTR_MAX > 0xffffffffu
	return __atomic_load_n((const u64 *)(const void *)half, __ATOMIC_RELAXED);
#else
	for (;;) {
		u32 low = __atomic_load_n(half, __ATOMIC_ACQUIRE);

		entry = (u64)__atomic_load_n(half + 1, __ATOMIC_ACQUIRE) << 32 | low;
		if (__atomic_load_n(half, __ATOMIC_ACQUIRE) == low)
			return entry;
	}
#endif
}

static bool is_pae_root(enum pg_level level)
{
	return walker.fmt->entries[level] == 4;
}

enum kind { NOTHING, TABLE, PAGE, BAD };

static enum kind kind_of(u64 e, enum pg_level level)
{
	u64 reserved = walker.reserved;
	bool page = level == PG_LEVEL_4K || (e & _PAGE_PSE && !walker.pse_ignored);

	if (!(e & _PAGE_PRESENT))
		return NOTHING;
	if (is_pae_root(level))
		return e & (walker.reserved | _PAGE_NX | 0x1e6) ? BAD : TABLE;
	if (page && level > walker.largest)
		return BAD;
	if (page && level > PG_LEVEL_4K)
		reserved |= ((level_size(walker.fmt, level) - 1) & ~(u64)0x1fff);
	if (e & reserved)
		return BAD;
	return page ? PAGE : TABLE;
}

/* Rights of a path to which this entry is added: a right is what all entries give. */
static u64 narrow(u64 rights, u64 e, enum pg_level level)
{
	if (is_pae_root(level))
		return rights;
	return (rights & e & (_PAGE_RW | _PAGE_USER)) | ((rights | e) & walker.fmt->nx);
}

/* What a TLB keeps of a page's entry. */
static u64 page_bits(u64 rights, u64 e, enum pg_level level)
{
	u64 pat = level == PG_LEVEL_4K ? e & _PAGE_PAT : e & _PAGE_PAT_LARGE ? _PAGE_PAT : 0;

	return rights | pat | (e & (_PAGE_PWT | _PAGE_PCD | _PAGE_GLOBAL) & ~walker.ignored);
}

/* ---- roots ---- */

struct host_root host_root_load(u64 phys)
{
	struct host_root r = { .phys = phys };
	unsigned int i;

	for (i = 0; i < 4 && is_pae_root(walker.fmt->root); i++)
		r.pae[i] = read_entry(phys, i);
	return r;
}

static u64 entry_of(const struct host_root *r, u64 table, enum pg_level level, unsigned int i)
{
	return is_pae_root(level) ? r->pae[i] : read_entry(table, i);
}

/* ---- one address ---- */

/* Where the entry was, for A and D. */
struct found {
	u64 table[PG_LEVEL_NUM];
	enum pg_level level;
};

static struct host_run walk(const struct host_root *r, u64 va, struct found *f)
{
	const struct pgtable_format *fmt = walker.fmt;
	u64 table = r->phys, rights = _PAGE_RW | _PAGE_USER;
	enum pg_level level = fmt->root;

	for (;; level--) {
		u64 size = level_size(fmt, level);
		struct host_run run = { .start = va & ~(size - 1), .size = size };
		u64 e = entry_of(r, table, level, level_index(fmt, level, va));

		f->table[level] = table;
		f->level = level;
		rights = narrow(rights, e, level);
		switch (kind_of(e, level)) {
		case BAD:
			run.reserved = true;
			return run;
		case NOTHING:
			return run;
		case PAGE:
			run.shift = fmt->shift[level];
			run.phys = e & fmt->pfn_mask & ~(size - 1);
			run.bits = page_bits(rights, e, level);
			return run;
		case TABLE:
			table = e & fmt->pfn_mask;
		}
	}
}

struct host_run host_walk(const struct host_root *r, u64 va)
{
	struct found f;

	return walk(r, va, &f);
}

static void set_bits(u64 table, unsigned int i, u32 bits)
{
	u64 at = table + i * walker.fmt->entry_size;
	u32 *half = host_ram_view(at, 4), e;

	if (half) {
		if (bits & ~__atomic_load_n(half, __ATOMIC_RELAXED))
			__atomic_fetch_or(half, bits, __ATOMIC_RELAXED);
	} else if (host_ram_read(at, &e, sizeof(e))) {
		e |= bits;
		host_ram_write(at, &e, sizeof(e));
	}
}

struct host_run host_walk_mark(const struct host_root *r, u64 va, bool write)
{
	const struct pgtable_format *fmt = walker.fmt;
	struct found f;
	struct host_run run = walk(r, va, &f);
	enum pg_level level;

	for (level = fmt->root; run.shift && level >= f.level; level--) {
		u32 bits = _PAGE_ACCESSED;

		if (write && level == f.level)
			bits |= _PAGE_DIRTY;
		if (!is_pae_root(level))
			set_bits(f.table[level], level_index(fmt, level, va), bits);
	}
	return run;
}

/* ---- a range ---- */

struct range_walk {
	const struct host_root *root;
	u64 last;
	void (*fn)(void *arg, const struct host_run *run);
	void *arg;
	struct host_run run;		/* what is being gathered; size 0: nothing */
};

static bool continues(const struct host_run *a, const struct host_run *b)
{
	if (a->shift != b->shift || a->bits != b->bits || a->reserved != b->reserved)
		return false;
	return !a->shift || a->phys + a->size == b->phys;
}

static void gather(struct range_walk *w, const struct host_run *next)
{
	if (w->run.size && continues(&w->run, next)) {
		w->run.size += next->size;
		return;
	}
	if (w->run.size)
		w->fn(w->arg, &w->run);
	w->run = *next;
}

/* The part of an entry's addresses [at, last] as a run. */
static void one_entry(struct range_walk *w, u64 e, enum kind kind, enum pg_level level, u64 rights,
		      u64 at, u64 last)
{
	u64 size = level_size(walker.fmt, level);
	struct host_run run = { .start = at, .size = last - at + 1, .reserved = kind == BAD };

	if (kind == PAGE) {
		run.shift = walker.fmt->shift[level];
		run.phys = (e & walker.fmt->pfn_mask & ~(size - 1)) + (at & (size - 1));
		run.bits = page_bits(rights, e, level);
	}
	gather(w, &run);
}

static void walk_table(struct range_walk *w, u64 table, enum pg_level level, u64 rights, u64 at,
		       u64 last)
{
	const struct pgtable_format *fmt = walker.fmt;
	u64 size = level_size(fmt, level), end;

	for (;; at = end + 1) {
		u64 e = entry_of(w->root, table, level, level_index(fmt, level, at));
		u64 now = narrow(rights, e, level);
		enum kind kind = kind_of(e, level);

		end = min(at | (size - 1), last);
		if (kind == TABLE)
			walk_table(w, e & fmt->pfn_mask, level - 1, now, at, end);
		else
			one_entry(w, e, kind, level, now, at, end);
		if (end == last)
			return;
	}
}

void host_walk_range(const struct host_root *r, u64 start, u64 last,
		     void (*fn)(void *arg, const struct host_run *run), void *arg)
{
	struct range_walk w = { .root = r, .last = last, .fn = fn, .arg = arg };

	walk_table(&w, r->phys, walker.fmt->root, _PAGE_RW | _PAGE_USER, start, last);
	if (w.run.size)
		fn(arg, &w.run);
}
