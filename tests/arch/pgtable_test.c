// SPDX-License-Identifier: MIT
/*
 * pgtable_test.c - page-table formats and walks against a second reading of the manual.
 *
 * manual_walk() below is that reading: Intel SDM volume 3, chapter 4, tables 4-4 to 4-20. Every
 * number in it is written out from there; it shares nothing with arch/x86.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/ptdump.h"
#include "arch/x86/swapops.h"
#include "lib/prng.h"
#include "tests/tap.h"

#define NR_TABLES	96
#define BASE		0x40000000ull	/* physical address of the arena */

static unsigned char arena[NR_TABLES][4096] __attribute__((aligned(4096)));
static const char *const mode_names[NR_PAGING_MODES] = { "none", "2-level", "PAE", "4-level",
							 "5-level" };

/* ---- the manual ---- */

struct reading {
	bool mapped, writable, user, executable, global, pwt, pcd, pat;
	unsigned int page_bits;		/* 12, 21, 22, 30 */
	uint64_t phys;
};

static uint64_t load(uint64_t at, unsigned int bytes)
{
	uint64_t v = 0;

	memcpy(&v, &arena[0][0] + (at - BASE), bytes);
	return v;
}

static void leaf(struct reading *r, uint64_t e, unsigned int bits, uint64_t va,
		 uint64_t address_bits)
{
	uint64_t low = ((uint64_t)1 << bits) - 1;

	r->mapped = true;
	r->page_bits = bits;
	r->phys = (e & address_bits & ~low) | (va & low);
	r->pwt = e >> 3 & 1;
	r->pcd = e >> 4 & 1;
	r->global = e >> 8 & 1;
	r->pat = bits == 12 ? e >> 7 & 1 : e >> 12 & 1;
}

static void add_rights(struct reading *r, uint64_t e, bool has_xd)
{
	r->writable &= e >> 1 & 1;
	r->user &= e >> 2 & 1;
	if (has_xd)
		r->executable &= !(e >> 63);
}

/* 4.3: 32-bit paging. CR3 31:12; PDE bits 31:22, PTE bits 21:12. */
static void walk_32(struct reading *r, uint64_t cr3, uint64_t va)
{
	uint64_t e = load((cr3 & 0xfffff000) + 4 * (va >> 22 & 1023), 4);

	if (!(e & 1))
		return;
	add_rights(r, e, false);
	if (e & 0x80) {
		leaf(r, e, 22, va, 0xffc00000);
		return;
	}
	e = load((e & 0xfffff000) + 4 * (va >> 12 & 1023), 4);
	if (!(e & 1))
		return;
	add_rights(r, e, false);
	leaf(r, e, 12, va, 0xfffff000);
}

#define ADDRESS_64 0x000ffffffffff000ull	/* 51:12 */

/* The last three levels of 8-byte entries: 2M by bit 7 of a PDE, 1G by bit 7 of a PDPTE. */
static void walk_pd(struct reading *r, uint64_t table, uint64_t va)
{
	uint64_t e = load(table + 8 * (va >> 21 & 511), 8);

	if (!(e & 1))
		return;
	add_rights(r, e, true);
	if (e & 0x80) {
		leaf(r, e, 21, va, ADDRESS_64);
		return;
	}
	e = load((e & ADDRESS_64) + 8 * (va >> 12 & 511), 8);
	if (!(e & 1))
		return;
	add_rights(r, e, true);
	leaf(r, e, 12, va, ADDRESS_64);
}

/* 4.4: PAE. Four PDPTEs chosen by bits 31:30, without R/W, U/S and XD. */
static void walk_pae(struct reading *r, uint64_t cr3, uint64_t va)
{
	uint64_t e = load(cr3 + 8 * (va >> 30 & 3), 8);

	if (e & 1)
		walk_pd(r, e & ADDRESS_64, va);
}

/* 4.5: 4-level and 5-level. */
static void walk_long(struct reading *r, uint64_t cr3, uint64_t va, int levels)
{
	uint64_t e, table = cr3;
	int shift = levels == 5 ? 48 : 39;

	for (; shift >= 39; shift -= 9) {
		e = load(table + 8 * (va >> shift & 511), 8);
		if (!(e & 1))
			return;
		add_rights(r, e, true);
		table = e & ADDRESS_64;
	}
	e = load(table + 8 * (va >> 30 & 511), 8);
	if (!(e & 1))
		return;
	add_rights(r, e, true);
	if (e & 0x80)
		leaf(r, e, 30, va, ADDRESS_64);
	else
		walk_pd(r, e & ADDRESS_64, va);
}

static struct reading manual_walk(unsigned int mode, uint64_t cr3, uint64_t va)
{
	struct reading r = { .writable = true, .user = true, .executable = true };

	switch (mode) {
	case PAGING_32:
		walk_32(&r, cr3, va);
		break;
	case PAGING_PAE:
		walk_pae(&r, cr3, va);
		break;
	default:
		walk_long(&r, cr3, va, mode == PAGING_5LEVEL ? 5 : 4);
	}
	return r;
}

/* ---- comparing ---- */

static struct pgtable table_of(unsigned int mode)
{
	return (struct pgtable){ &pgtable_formats[mode], BASE, (uintptr_t)arena - (uintptr_t)BASE };
}

static uint64_t sign_extend(unsigned int mode, uint64_t va)
{
	if (mode == PAGING_4LEVEL)
		return (uint64_t)((int64_t)(va << 16) >> 16);
	if (mode == PAGING_5LEVEL)
		return (uint64_t)((int64_t)(va << 7) >> 7);
	return va & 0xffffffff;
}

static bool translate_agrees(unsigned int mode, uint64_t va)
{
	struct pgtable t = table_of(mode);
	struct reading r = manual_walk(mode, BASE, va);
	enum pg_level level;
	pgprot_t prot;
	u64 phys = 0;
	bool mapped = pgtable_translate(&t, va, &phys, &prot, &level);

	if (mapped != r.mapped)
		return false;
	return !mapped || (phys == r.phys && t.fmt->shift[level] == r.page_bits &&
			   !!(prot.pgprot & 8) == r.pwt && !!(prot.pgprot & 16) == r.pcd &&
			   !!(prot.pgprot & 0x80) == r.pat && !!(prot.pgprot & 0x100) == r.global);
}

/* ---- single mappings: every format, size and flag ---- */

static const unsigned int sizes[NR_PAGING_MODES][4] = {
	[PAGING_32] = { 12, 22 }, [PAGING_PAE] = { 12, 21 },
	[PAGING_4LEVEL] = { 12, 21, 30 }, [PAGING_5LEVEL] = { 12, 21, 30 },
};

/* A chain of tables to the entry for va of a page of this size; returns the entry's place. */
static ptep_t chain_to(const struct pgtable *t, uint64_t va, enum pg_level want, uint64_t flags)
{
	unsigned int next = 1;
	uint64_t table = BASE;

	for (enum pg_level level = t->fmt->root;; level--) {
		ptep_t p = table_slot(t, table, level_index(t->fmt, level, va));
		bool bare = t->fmt->entries[level] == 4;

		if (level == want)
			return p;
		table = BASE + 4096 * next++;
		set_pte(t->fmt, p, __pte(table | (bare ? 1 : flags)));
	}
}

static enum pg_level level_of_size(const struct pgtable_format *f, unsigned int bits)
{
	enum pg_level level = PG_LEVEL_4K;

	while (f->shift[level] != bits)
		level++;
	return level;
}

/* The bits 1 to 6, 8 to 11 and 63 in all combinations, PAT beside them. */
static bool all_flags(unsigned int mode, unsigned int bits)
{
	struct pgtable t = table_of(mode);
	enum pg_level level = level_of_size(t.fmt, bits);
	uint64_t va = sign_extend(mode, 0xabcdef123456789aull), phys = (uint64_t)0x5a << bits;
	bool good = true;

	if (mode == PAGING_32)
		phys &= 0xffffffff & ~(((uint64_t)1 << bits) - 1);
	memset(arena, 0, sizeof(arena));
	for (unsigned int n = 0; n < 4096 && good; n++) {
		uint64_t flags = 1 | (n & 63) << 1 | (uint64_t)(n >> 6 & 15) << 8;
		uint64_t pat = n >> 10 & 1 ? 0x80 : 0, xd = n >> 11 ? (uint64_t)1 << 63 : 0, raw;
		ptep_t p = chain_to(&t, va, level, 7);
		struct reading r;

		set_pte(t.fmt, p, mk_pte(t.fmt, level, phys, __pgprot(flags | pat | xd)));
		raw = mode == PAGING_32 ? load(BASE + ((uintptr_t)p - (uintptr_t)arena), 4) :
		      load(BASE + ((uintptr_t)p - (uintptr_t)arena), 8);
		if (mode == PAGING_32)
			xd = 0;
		/* Tables 4-5, 4-6, 4-10, 4-11, 4-16, 4-18, 4-20: bit 7 is PS or PAT. */
		good = raw == (bits == 12 ? phys | flags | pat | xd :
			       phys | flags | 0x80 | pat << 5 | xd);
		r = manual_walk(mode, BASE, va);
		good = good && r.mapped && r.page_bits == bits && r.executable == !xd &&
		       r.writable == (flags >> 1 & 1) && r.user == (flags >> 2 & 1) &&
		       translate_agrees(mode, va) &&
		       pgprot_val(pte_pgprot(t.fmt, __pte(raw), level)) == (flags | pat | xd);
	}
	return good;
}

static void test_flags(unsigned int mode)
{
	for (int i = 0; sizes[mode][i]; i++)
		ok(all_flags(mode, sizes[mode][i]), "%s, page of 2^%u: every combination of flags",
		   mode_names[mode], sizes[mode][i]);
}

/* ---- random tables ---- */

static struct prng rng;

/* An entry: nothing, swap, a page (large where that may be), or a table further down. */
static uint64_t random_entry(unsigned int mode, enum pg_level level)
{
	const struct pgtable_format *f = &pgtable_formats[mode];
	uint64_t junk = prng_next(&rng), bits = junk & 0xf7e;
	bool bare = f->entries[level] == 4, may_leaf = level <= f->max_leaf;

	if (mode != PAGING_32)
		bits |= junk & (uint64_t)1 << 63;
	switch (junk >> 16 & 7) {
	case 0:
		return 0;
	case 1:
		return mode == PAGING_32 ? (uint32_t)junk & ~1u : junk & ~(uint64_t)1;
	case 2:
	case 3:
		if (level != PG_LEVEL_4K && may_leaf && !bare)
			return (prng_next(&rng) & f->pfn_mask & ~(level_size(f, level) - 1)) |
			       bits | (junk & 0x1000) | 0x81;
	}
	if (level == PG_LEVEL_4K)
		return (prng_next(&rng) & f->pfn_mask) | bits | (junk & 0x80) | 1;
	/* Tables of a level are numbered by it, so that none leads back up. */
	return (BASE + 4096 * (uint64_t)(1 + (f->root - level) * 18 + (junk >> 24) % 18)) |
	       (bare ? 1 : (bits & ~(uint64_t)0x80) | 1);
}

static void random_tables(unsigned int mode)
{
	struct pgtable t = table_of(mode);

	for (unsigned int n = 0; n < NR_TABLES; n++) {
		int depth = n ? 1 + (int)(n - 1) / 18 : 0;
		int level = (int)t.fmt->root - depth;

		if (level < PG_LEVEL_4K)
			break;
		for (unsigned int i = 0; i < t.fmt->entries[level]; i++)
			set_pte(t.fmt, table_slot(&t, BASE + 4096 * (uint64_t)n, i),
				__pte(random_entry(mode, (enum pg_level)level)));
	}
}

/* Addresses, and those at the borders of what maps them. */
static bool random_addresses_agree(unsigned int mode)
{
	for (int i = 0; i < BOOTED(20000, 1000); i++) {
		uint64_t va = prng_next(&rng);
		unsigned int border = 12 + (unsigned int)(prng_next(&rng) % 40);

		if (i & 1)
			va = (va >> border << border) - (i >> 1 & 1);
		if (!translate_agrees(mode, sign_extend(mode, va)))
			return false;
	}
	return true;
}

struct coverage {
	unsigned int mode;
	uint64_t at;
	bool good;
	unsigned long spans;
};

static int covers(void *arg, const struct pgtable_span *s)
{
	struct coverage *c = arg;
	uint64_t va[] = { s->start, s->end - 1 };

	c->good &= s->start == c->at && s->end - 1 >= s->start;
	for (int i = 0; i < 2; i++) {
		struct reading r = manual_walk(c->mode, BASE, va[i]);

		c->good &= r.mapped == (bool)(s->entry.pte & 1);
		if (r.mapped)
			c->good &= r.writable == !!(s->effective & 2) &&
				   r.user == !!(s->effective & 4) &&
				   r.executable == !(s->effective >> 63);
	}
	c->at = s->end;
	return !c->good || ++c->spans > 200000;
}

/* Spans follow each other without a gap, from start to end, and say what the manual says. */
static bool walk_agrees(unsigned int mode, uint64_t start, uint64_t end)
{
	struct coverage c = { mode, start, true, 0 };
	struct pgtable t = table_of(mode);
	int stopped = pgtable_walk(&t, start, end, covers, &c);

	return c.good && (stopped || c.at == end ||
			  (mode <= PAGING_PAE && c.at == (uint64_t)1 << 32));
}

static bool random_walks_agree(unsigned int mode)
{
	for (int i = 0; i < BOOTED(40, 3); i++) {
		uint64_t start = sign_extend(mode, prng_next(&rng)) & ~(uint64_t)4095;
		uint64_t size = (prng_next(&rng) >> (26 + prng_next(&rng) % 26)) & ~(uint64_t)4095;
		uint64_t end = start + size + 4096;

		if (mode <= PAGING_PAE && end > (uint64_t)1 << 32)
			end = (uint64_t)1 << 32;
		if (end < start || sign_extend(mode, end - 1) != end - 1)
			continue;
		if (end == (uint64_t)1 << 32 && mode <= PAGING_PAE)
			end = 0;
		if (!walk_agrees(mode, start, end))
			return false;
	}
	return true;
}

static void test_random(unsigned int mode)
{
	bool translations = true, walks = true;

	for (int i = 0; i < 6; i++) {
		prng_seed(&rng, (u64)(100 * mode + i));
		random_tables(mode);
		translations &= random_addresses_agree(mode);
		walks &= random_walks_agree(mode);
	}
	ok(translations, "%s: random tables translate as the manual says", mode_names[mode]);
	ok(walks, "%s: walks cover every address once, with the manual's rights", mode_names[mode]);
}

/* ---- the whole space ---- */

static int sum_up(void *arg, const struct pgtable_span *s)
{
	uint64_t *sum = arg;

	sum[0] += s->end - s->start;	/* modulo 2^64 */
	sum[1]++;
	if (!sum[2] && s->start >> 63)
		sum[2] = s->start;
	return 0;
}

static void test_whole(unsigned int mode)
{
	struct pgtable t = table_of(mode);
	uint64_t sum[3] = { 0, 0, 0 }, bits = t.fmt->va_bits;

	memset(arena, 0, sizeof(arena));
	pgtable_walk(&t, 0, 0, sum_up, sum);
	ok(sum[0] == (uint64_t)1 << bits, "%s: an empty space is 2^%u addresses of hole",
	   mode_names[mode], (unsigned int)bits);
	if (bits > 32)
		ok(sum[2] == ~(uint64_t)0 << (bits - 1),
		   "%s: the upper half begins where it should", mode_names[mode]);
}

/* ---- swap entries ---- */

static bool swap_round_trips(const struct pgtable_format *f)
{
	u64 most = swp_max_offset(f);

	for (unsigned int type = 0; type < 32; type++)
		for (unsigned int i = 0; i < 64; i++) {
			u64 bit = (u64)1 << i;
			u64 offset = i < 60 && bit < most ? bit : most - 1 - (i & 3);
			swp_entry_t s = swp_entry(type, offset), back;
			pte_t e = swp_entry_to_pte(f, s);

			back = pte_to_swp_entry(f, e);
			if (back.type != type || back.offset != offset || !is_swap_pte(e) ||
			    pte_present(e) || (f->entry_size == 4 && e.pte >> 32))
				return false;
			if (f->entry_size == 8)		/* the software bits are free */
				e = pte_set_flags(e, _PAGE_SWP_SOFT_DIRTY | _PAGE_SWP_UFFD_WP |
						  _PAGE_SWP_EXCLUSIVE);
			back = pte_to_swp_entry(f, e);
			if (f->entry_size == 8 && (back.type != type || back.offset != offset))
				return false;
		}
	return true;
}

static void test_swap(void)
{
	const struct pgtable_format *narrow = &pgtable_formats[PAGING_32];
	const struct pgtable_format *wide = &pgtable_formats[PAGING_4LEVEL];

	for (unsigned int mode = PAGING_32; mode < NR_PAGING_MODES; mode++)
		ok(swap_round_trips(&pgtable_formats[mode]), "%s: swap entries come back",
		   mode_names[mode]);
	ok(swp_entry_to_pte(narrow, swp_entry(3, 5)).pte == (5 << 9 | 3 << 1),
	   "two levels: as drawn");
	/* Offset 5 inverted: all ones in bits 9 to 58 but for bits 9 and 11. */
	ok(swp_entry_to_pte(wide, swp_entry(3, 5)).pte ==
	   ((u64)3 << 59 | (((u64)1 << 59) - 1 - 511 - (5 << 9))),
	   "64 bits: type on top, offset inverted");
	ok(is_migration_entry(make_readable_migration_entry(7)) &&
	   is_writable_migration_entry(make_writable_migration_entry(7)) &&
	   !is_writable_migration_entry(make_readable_exclusive_migration_entry(7)) &&
	   !is_migration_entry(make_hwpoison_entry(7)) && !is_migration_entry(swp_entry(27, 7)),
	   "migration entries are told from swap areas");
}

/* ---- dumps ---- */

static void test_dump(void)
{
	struct pgtable t = table_of(PAGING_4LEVEL);
	const struct kernel_layout l = {
		.direct = { 0xffff888000000000, 0xffffc88000000000 },
		.vmalloc = { 0xffffc90000000000, 0xffffe90000000000 },
	};
	static char text[4096];
	struct seq_buf m;

	memset(arena, 0, sizeof(arena));
	set_pte(t.fmt, chain_to(&t, 0xffff888000000000, PG_LEVEL_4K, 0x63),
		__pte(0x8000000000000163));
	set_pte(t.fmt, chain_to(&t, 0xffff888000001000, PG_LEVEL_4K, 0x63), __pte(0x1163));
	set_pte(t.fmt, chain_to(&t, 0xffff888000002000, PG_LEVEL_4K, 0x63), __pte(0x2163));
	set_pte(t.fmt, chain_to(&t, 0xffff888000200000, PG_LEVEL_2M, 0x63),
		__pte(0x80000000002011e1));
	seq_buf_init(&m, text, sizeof(text));
	ptdump_walk(&m, &t, &l, 0xffff888000000000, 0);
	/* The holes after the last entry: the rest of each table, then of the address space. */
	is_str(text,
	       "---[ Low Kernel Mapping ]---\n"
	       "0xffff888000000000-0xffff888000001000   "
	       "        4K     RW                 GLB NX pte\n"
	       "0xffff888000001000-0xffff888000003000   "
	       "        8K     RW                 GLB x  pte\n"
	       "0xffff888000003000-0xffff888000200000   "
	       "     2036K                               pte\n"
	       "0xffff888000200000-0xffff888000400000   "
	       "        2M     ro         PSE PAT GLB NX pmd\n"
	       "0xffff888000400000-0xffff888040000000   "
	       "     1020M                               pmd\n"
	       "0xffff888040000000-0xffff890000000000   "
	       "      511G                               pud\n"
	       "0xffff890000000000-0xffffc90000000000   "
	       "       64T                               pgd\n"
	       "---[ vmalloc() Area ]---\n"
	       "0xffffc90000000000-0x0000000000000000   "
	       "       55T                               pgd\n",
	       "a dump in Linux's form");
}

int main(void)
{
	for (unsigned int mode = PAGING_32; mode < NR_PAGING_MODES; mode++) {
		test_flags(mode);
		test_random(mode);
		test_whole(mode);
	}
	test_swap();
	test_dump();
	return done_testing();
}
