/* SPDX-License-Identifier: MIT */
/*
 * kmm/early_ioremap.h - look at any physical memory before ioremap() works: firmware's tables,
 * a device's registers. Eight areas at a time, of at most 64 pages (256 KiB) each.
 *
 * All: boot, one CPU, after early_fixmap_init(). Pointers are to phys itself, aligned or not.
 */
#ifndef KMM_EARLY_IOREMAP_H
#define KMM_EARLY_IOREMAP_H

#include <kmm/pgtable_types.h>

/*
 * early_ioremap - registers: not cached. early_memremap - memory. _ro - to look at only. _prot -
 * as given. NULL, after one line, when size is 0, wraps around, needs more than 64 pages, or all
 * eight areas are in use. The caller gives it back with early_iounmap(), same address and size.
 */
void *early_ioremap(phys_addr_t phys, size_t size) __must_check;
void *early_memremap(phys_addr_t phys, size_t size) __must_check;
void *early_memremap_ro(phys_addr_t phys, size_t size) __must_check;
void *early_memremap_prot(phys_addr_t phys, size_t size, pgprot_t prot) __must_check;

/* early_iounmap - what is not mapped so (wrong address or size) is left alone, after one line. */
void early_iounmap(void *addr, size_t size);
static inline void early_memunmap(void *addr, size_t size) { early_iounmap(addr, size); }

/*
 * copy_from_early_mem - copy size bytes of physical memory, however many areas that takes.
 * 0, or -ENOMEM when no area is free.
 */
int copy_from_early_mem(void *dest, phys_addr_t src, size_t size) __must_check;

/* check_early_ioremap_leak - areas still mapped; two lines if there are any. End of the boot. */
unsigned int check_early_ioremap_leak(void);

#endif
