/* SPDX-License-Identifier: MIT */
/*
 * mm/kernel/fixmap.h - the fixmap's page tables, for this room.
 *
 * They exist for all entries, and where they are does not change after the boot: finding
 * one is arithmetic. Tables are numbered down from the one that translates FIXADDR_TOP.
 */
#ifndef MM_KERNEL_FIXMAP_H
#define MM_KERNEL_FIXMAP_H

#include <kmm/fixmap.h>

#include "internal.h"

/* Entries that are not kmap_local's: at most so many, with early_ioremap()'s two alignments. */
#define FIXMAP_MOST_KMAPS	(KM_MAX_IDX * (2 * NR_CPUS + 32))
#define FIXMAP_MOST_ENTRIES	(AMD64_FIXED_ENTRIES + FIXMAP_MOST_KMAPS + 1024 + 2)
#define FIXMAP_MOST_TABLES	(FIXMAP_MOST_ENTRIES / 512 + 2)

struct fixmap_tables {
	ptep_t table[FIXMAP_MOST_TABLES];	/* their first entries */
	unsigned int nr;			/* 0: no fixmap (yet, or without paging) */
	unsigned int shift;			/* a table translates 1 << shift bytes */
	u64 top;				/* number of the highest table */
};
extern struct fixmap_tables fixmap_tables;

/* fixmap_pte - where the page at addr, one of the fixmap's, is translated. Pre: tables exist. */
static inline ptep_t fixmap_pte(uintptr_t addr)
{
	const struct fixmap_tables *f = &fixmap_tables;
	u64 a = kernel_address(addr);
	uintptr_t offset = (uintptr_t)(a & (((u64)1 << f->shift) - 1)) >> PAGE_SHIFT;
	unsigned int n = (unsigned int)(f->top - (a >> f->shift));

	VM_BUG_ON(n >= f->nr);
	return (ptep_t)((uintptr_t)f->table[n] + offset * kernel_pgtable.fmt->entry_size);
}

/* fixmap_set_entry - write one, whole. A 64-bit processor has entries of one size only. */
static inline void fixmap_set_entry(ptep_t p, u64 value)
{
#if UINTPTR_MAX > 0xffffffffu
	__atomic_store_n((u64 *)(void *)p, value, __ATOMIC_RELEASE);
#else
	set_pte(kernel_pgtable.fmt, p, __pte(value));
#endif
}

/* kmap_local_init - the slots of all CPUs, once the tables exist. */
void kmap_local_init(void);

/*
 * fixmap_write - change the translation of an entry (prot not present: remove it); local: this
 * CPU alone will use it. true: there was one, so a TLB may have it. Context: any.
 */
bool fixmap_write(unsigned int idx, phys_addr_t phys, pgprot_t prot, bool local);

#endif
