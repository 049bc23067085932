/* SPDX-License-Identifier: MIT */
/*
 * kmm/fixmap.h - pages whose addresses are fixed at boot: what is mapped there changes.
 *
 * An *entry* is a number; entry n is the page at FIXADDR_TOP - n * PAGE_SIZE. All page tables of
 * the fixmap exist from early_fixmap_init() on, so that nothing here allocates or fails. The
 * names are Linux's, the numbers too where a machine shows them (FIXADDR_START).
 *
 *	FIXADDR_TOP  [0] hole or unused  [1] debug port  [2] early console  APIC  IO APICs ...
 *	             [FIX_KMAP_BEGIN ...] kmap_local_page()'s, KM_MAX_IDX for each CPU
 *	             [fix_btmap_end() ...] early_ioremap()'s
 */
#ifndef KMM_FIXMAP_H
#define KMM_FIXMAP_H

#include <kmm/page_addr.h>
#include <kmm/pgtable_types.h>

enum fixed_addresses {
#if UINTPTR_MAX > 0xffffffffu
	VSYSCALL_PAGE = 511,	/* 0xffffffffff600000; those above are not used */
#else
	FIX_HOLE,
#endif
	FIX_DBGP_BASE,
	FIX_EARLYCON_MEM_BASE,
	FIX_APIC_BASE,		/* the CPU's own interrupt controller */
	FIX_IO_APIC_BASE_0,
#if UINTPTR_MAX > 0xffffffffu
	FIX_IO_APIC_BASE_END = FIX_IO_APIC_BASE_0 + 127,
	FIX_PARAVIRT_BOOTMAP,
#else
	FIX_IO_APIC_BASE_END = FIX_IO_APIC_BASE_0 + 63,
	FIX_PCIE_MCFG,
#endif
	FIX_APEI_GHES_IRQ,
	FIX_APEI_GHES_NMI,
	FIX_KMAP_BEGIN,		/* from here on their number is the machine's */
};

/* __fix_to_virt - address of an entry's page. __virt_to_fix - the reverse. No checks. */
static inline uintptr_t __fix_to_virt(unsigned int idx)
{
	return FIXADDR_TOP - ((uintptr_t)idx << PAGE_SHIFT);
}
static inline unsigned int __virt_to_fix(uintptr_t addr)
{
	return (unsigned int)((FIXADDR_TOP - (addr & PAGE_MASK)) >> PAGE_SHIFT);
}

/* The same; a number or an address that is none of the fixmap's stops the machine. */
uintptr_t fix_to_virt(unsigned int idx);
unsigned int virt_to_fix(uintptr_t addr);

/*
 * __set_fixmap - entry idx maps the page at phys (page aligned) with prot; prot without
 * _PAGE_PRESENT: nothing is mapped. What was mapped before is forgotten by all CPUs, so the caller
 * holds no lock that is taken in local sections, and is in none; the first mapping of an entry
 * may be made in any context. Two callers must not use the same entry at a time. Not for
 * kmap_local's entries.
 * set_fixmap - ordinary memory. set_fixmap_nocache, set_fixmap_io - registers of a device.
 * set_fixmap_offset - the same for any address; returns the pointer to it.
 */
void __set_fixmap(unsigned int idx, phys_addr_t phys, pgprot_t prot);

#define set_fixmap(idx, phys)		__set_fixmap(idx, phys, PAGE_KERNEL)
#define set_fixmap_nocache(idx, phys)	__set_fixmap(idx, phys, PAGE_KERNEL_NOCACHE)
#define set_fixmap_io(idx, phys)	__set_fixmap(idx, phys, PAGE_KERNEL_NOCACHE)
#define clear_fixmap(idx)		__set_fixmap(idx, 0, __pgprot(0))

static inline uintptr_t set_fixmap_offset(unsigned int idx, phys_addr_t phys)
{
	set_fixmap(idx, phys & ~(phys_addr_t)(PAGE_SIZE - 1));
	return fix_to_virt(idx) + (uintptr_t)(phys & (PAGE_SIZE - 1));
}

#endif
