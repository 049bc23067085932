// SPDX-License-Identifier: MIT
/*
 * mm/kernel/fixmap.c - addresses known before there is anything to map there.
 *
 *	          entry 0                            total - 1
 *	FIXADDR_TOP |<- devices -|- kmap_local -|- gap -|- early_ioremap -|- rest ->|
 *	table         0 (where FIXADDR_TOP is)    1             2
 *
 * The tables for all of it are made at boot, right after the direct map, from memblock: whoever
 * maps a page here may be in an interrupt, or be the allocator itself.
 *
 * Locking: none. Each entry has one owner at a time. Linux forgets what an entry mapped on the
 * calling CPU only; here all CPUs forget, because on a hosted machine a translation that was
 * forgotten on some is a fault on the others.
 */
#include <kmm/errno.h>
#include <kmm/tlbflush.h>

#include "fixmap.h"

__kmm_state struct fixmap_tables fixmap_tables;

uintptr_t fix_to_virt(unsigned int idx)
{
	KMM_BUG_ON(idx >= kernel_layout.fix.total);
	return __fix_to_virt(idx);
}

unsigned int virt_to_fix(uintptr_t addr)
{
	unsigned int idx = __virt_to_fix(addr);

	KMM_BUG_ON(idx >= kernel_layout.fix.total);
	return idx;
}

bool fixmap_write(unsigned int idx, phys_addr_t phys, pgprot_t prot, bool local)
{
	uintptr_t addr = __fix_to_virt(idx);
	ptep_t p = fixmap_pte(addr);
	bool was = pte_present(ptep_get(kernel_pgtable.fmt, p));

	if (pgprot_val(prot) & _PAGE_PRESENT)
		kernel_set_pte(p, phys, prot);
	else
		pte_clear(kernel_pgtable.fmt, p);
	kmm_mmu_changed(addr, addr + PAGE_SIZE, local);
	return was;
}

void __set_fixmap(unsigned int idx, phys_addr_t phys, pgprot_t prot)
{
	const struct fixmap_entries *fix = &kernel_layout.fix;

	KMM_BUG_ON(idx >= fix->permanent || !fixmap_tables.nr);
	KMM_BUG_ON(idx >= fix->kmap_begin && idx < fix->kmap_end);
	KMM_BUG_ON(phys & (PAGE_SIZE - 1));
	if (fixmap_write(idx, phys, prot, false))
		flush_tlb_kernel_range(__fix_to_virt(idx), __fix_to_virt(idx) + PAGE_SIZE);
}

/* ---- boot ---- */

/* Table n of the fixmap, through any address in it that is the fixmap's. */
static int make_table(unsigned int n, u64 lowest)
{
	struct fixmap_tables *f = &fixmap_tables;
	u64 start = (f->top - n) << f->shift;
	ptep_t p = pte_alloc_kernel(kernel_pointer(start > lowest ? start : lowest));

	if (!p)
		return -ENOMEM;
	p = (ptep_t)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
	KMM_BUG_ON(n >= FIXMAP_MOST_TABLES);
	f->table[n] = p;
	f->nr = n + 1;
	return 0;
}

int early_fixmap_init(void)
{
	struct fixmap_tables *f = &fixmap_tables;
	u64 top = kernel_layout.fixmap.end, lowest, tables, n;
	int err = 0;

	if (!kernel_paging)
		return 0;
	lowest = top - (kernel_layout.fix.total - 1) * (u64)PAGE_SIZE;
	f->shift = kernel_pgtable.fmt->shift[PG_LEVEL_2M];
	f->top = top >> f->shift;
	tables = f->top - (lowest >> f->shift) + 1;
	for (n = 0; !err && n < tables; n++)
		err = make_table((unsigned int)n, lowest);
	if (err)
		pr_err("fixmap: no memory for its %u page tables", (unsigned int)tables);
	else
		kmap_local_init();
	return err;
}
