/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/swapops.h - entries that are not present and yet say something: where the page is.
 *
 * A *swap entry* is a type (which swap area, or what else) and an offset (which page of it). A
 * processor looks at bit 0 only and leaves the rest to the kernel, but not quite: processors with
 * the L1TF flaw read what address bits say even of entries that are not present. So in entries of
 * 64 bits the offset stands inverted, and small offsets look like addresses beyond all RAM.
 *
 *	64 bits    63 .. 59   58 ............. 9   8   7 .. 4  3  2  1   0
 *	           type       offset, inverted     0   free    E  F  SD  0
 *	32 bits    31 .................... 9       8   7 6     5 .. 1    0
 *	           offset                          0   free    type      0
 *
 * Bit 8 (G) stays 0: on a present entry's way to PROT_NONE it means "not swapped out". E: the
 * page is this process's alone, F: write-protected for userfaultfd, SD: soft-dirty; 64 bits only.
 * An entry is never 0 (none): in 64 bits some offset bit is 1 unless the offset is the largest,
 * which is not used; in 32 bits type 0 with offset 0 would be 0, so offset 0 is not used (it is
 * the swap area's header).
 *
 * The last types are not swap areas: migration entries stand for a page that is being moved, its
 * frame number as the offset; hwpoison entries for one that is damaged.
 * Source of the layout: Linux 6.1's asm/pgtable_64.h, pgtable-2level.h, pgtable-3level.h.
 */
#ifndef ARCH_X86_SWAPOPS_H
#define ARCH_X86_SWAPOPS_H

#include "arch/x86/pgtable.h"

typedef struct {
	u8 type;
	u64 offset;
} swp_entry_t;

#define SWP_TYPE_BITS		5
#define SWP_OFFSET_FIRST_BIT	9
#define MAX_SWAPFILES		28

enum {
	SWP_HWPOISON = MAX_SWAPFILES,
	SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE
};

#define _PAGE_SWP_SOFT_DIRTY	_PAGE_RW
#define _PAGE_SWP_UFFD_WP	_PAGE_USER
#define _PAGE_SWP_EXCLUSIVE	_PAGE_PWT

static inline swp_entry_t swp_entry(unsigned int type, u64 offset)
{
	return (swp_entry_t){ (u8)type, offset };
}

/* swp_max_offset - offsets below this can be stored. */
static inline u64 swp_max_offset(const struct pgtable_format *f)
{
	unsigned int bits = f->entry_size == 4 ? 32 - SWP_OFFSET_FIRST_BIT :
			    64 - SWP_TYPE_BITS - SWP_OFFSET_FIRST_BIT;

	return ((u64)1 << bits) - 1;
}

/* is_swap_pte - not present, and not nothing. */
static inline bool is_swap_pte(pte_t e)
{
	return !pte_present(e) && !pte_none(e) && !(e.pte & _PAGE_GLOBAL);
}

/* swp_entry_to_pte - pre: offset below swp_max_offset(), and above 0 in a format of 32 bits. */
static inline pte_t swp_entry_to_pte(const struct pgtable_format *f, swp_entry_t s)
{
	if (f->entry_size == 4)
		return __pte(s.offset << SWP_OFFSET_FIRST_BIT | (u64)s.type << 1);
	return __pte(~s.offset << (SWP_OFFSET_FIRST_BIT + SWP_TYPE_BITS) >> SWP_TYPE_BITS |
		     (u64)s.type << (64 - SWP_TYPE_BITS));
}

static inline swp_entry_t pte_to_swp_entry(const struct pgtable_format *f, pte_t e)
{
	if (f->entry_size == 4)
		return swp_entry((e.pte >> 1) & ((1u << SWP_TYPE_BITS) - 1),
				 (u32)e.pte >> SWP_OFFSET_FIRST_BIT);
	return swp_entry((unsigned int)(e.pte >> (64 - SWP_TYPE_BITS)),
			 ~e.pte << SWP_TYPE_BITS >> (SWP_OFFSET_FIRST_BIT + SWP_TYPE_BITS));
}

/* ---- migration entries: the offset is a frame number ---- */

static inline bool is_migration_entry(swp_entry_t s) { return s.type >= SWP_MIGRATION_READ; }
static inline bool is_writable_migration_entry(swp_entry_t s)
{
	return s.type == SWP_MIGRATION_WRITE;
}
static inline bool is_hwpoison_entry(swp_entry_t s) { return s.type == SWP_HWPOISON; }

static inline swp_entry_t make_writable_migration_entry(u64 pfn)
{
	return swp_entry(SWP_MIGRATION_WRITE, pfn);
}
static inline swp_entry_t make_readable_migration_entry(u64 pfn)
{
	return swp_entry(SWP_MIGRATION_READ, pfn);
}
static inline swp_entry_t make_readable_exclusive_migration_entry(u64 pfn)
{
	return swp_entry(SWP_MIGRATION_READ_EXCLUSIVE, pfn);
}
static inline swp_entry_t make_hwpoison_entry(u64 pfn) { return swp_entry(SWP_HWPOISON, pfn); }

#endif
