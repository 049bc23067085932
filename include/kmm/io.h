/* SPDX-License-Identifier: MIT */
/*
 * kmm/io.h - physical addresses that are no RAM, mapped: registers and memory of devices.
 *
 * All of them: process context, may sleep; phys and size need not be page aligned, the pointer
 * returned has phys's offset in its page. NULL: size 0, past the end of physical addresses, no
 * memory, and with Linux's warning for RAM, which has a mapping already that would differ in its
 * cache mode.
 */
#ifndef KMM_IO_H
#define KMM_IO_H

#include <kmm/types.h>

/*
 * ioremap - uncached, but a write-combining MTRR wins (UC-). ioremap_uc - strictly uncached.
 * ioremap_wc - writes may be combined. ioremap_cache - write-back. iounmap - the end of any of
 * them; a pointer that is none is reported.
 */
void *ioremap(phys_addr_t phys, size_t size) __must_check;
void *ioremap_uc(phys_addr_t phys, size_t size) __must_check;
void *ioremap_wc(phys_addr_t phys, size_t size) __must_check;
void *ioremap_cache(phys_addr_t phys, size_t size) __must_check;
void iounmap(volatile void *addr);

/*
 * memremap - memory without side effects, RAM or not. MEMREMAP_WB: RAM that has an address is given
 * that one. The flags are tried in the order WB, WT (here UC-: x86's four modes have no WT), WC.
 * memunmap - its end.
 */
#define MEMREMAP_WB	(1ul << 0)
#define MEMREMAP_WT	(1ul << 1)
#define MEMREMAP_WC	(1ul << 2)
void *memremap(phys_addr_t phys, size_t size, unsigned long flags) __must_check;
void memunmap(void *addr);

#endif
