/* SPDX-License-Identifier: MIT */
/*
 * kmm/page_addr.h - the direct map: RAM at a fixed distance from its address.
 *
 *	virtual   page_offset_base                  page_offset_base + direct_map_end
 *	          |================ direct map ================|
 *	physical  0                                 direct_map_end
 *
 * Both are set once by setup_memory() from the machine's description. RAM from
 * direct_map_end on is high memory: it has no address, only a frame number.
 */
#ifndef KMM_PAGE_ADDR_H
#define KMM_PAGE_ADDR_H

#include <kmm/types.h>

extern uintptr_t page_offset_base;
extern phys_addr_t direct_map_end;	/* exclusive, a multiple of PAGE_SIZE */

/* __va - address of the physical address @x; @x must lie below direct_map_end. */
#define __va(x)		((void *)((uintptr_t)(x) + page_offset_base))
/* __pa - physical address of a pointer into the direct map. */
#define __pa(x)		((phys_addr_t)((uintptr_t)(x) - page_offset_base))
#define phys_to_virt(x)	__va(x)
#define virt_to_phys(x)	__pa(x)

#endif
