/* SPDX-License-Identifier: MIT */
/*
 * kmm/page_addr.h - where the kernel's areas are: the direct map, and with paging the rest.
 *
 *	pointer   page_offset_base                  page_offset_base + direct_map_end
 *	          |================ direct map ================|   ... vmalloc, modules, fixmap ...
 *	physical  0                                 direct_map_end
 *
 * RAM from direct_map_end on is high memory: it has a frame number, and an address only while
 * kmap() lends it one (<kmm/highmem.h>).
 *
 * All are set once at boot (mm/kernel/layout.c), as Linux 6.1 would on the same machine, and are
 * pointers: a hosted machine's kernel addresses differ by a bias. Ends are exclusive. A machine
 * without page tables of kmm's has a direct map only; the other areas are empty (both borders 0).
 */
#ifndef KMM_PAGE_ADDR_H
#define KMM_PAGE_ADDR_H

#include <kmm/types.h>

extern uintptr_t page_offset_base;
extern phys_addr_t direct_map_end;	/* exclusive, a multiple of PAGE_SIZE */
extern void *high_memory;		/* end of the low memory that there is, in the direct map */

struct kernel_areas {
	uintptr_t vmalloc_start, vmalloc_end;
	uintptr_t vmemmap_start, vmemmap_end;	/* empty on IA-32: the array is in RAM */
	uintptr_t modules_start, modules_end;
	uintptr_t pkmap_base;
	unsigned int last_pkmap;		/* pages of pkmap; 0: no high memory */
	uintptr_t fixaddr_start, fixaddr_top;	/* the fixmap's highest page begins at its top */
};
extern struct kernel_areas kernel_areas;

#define PAGE_OFFSET	page_offset_base
#define VMALLOC_START	(kernel_areas.vmalloc_start)
#define VMALLOC_END	(kernel_areas.vmalloc_end)
#define VMEMMAP_START	(kernel_areas.vmemmap_start)
#define VMEMMAP_END	(kernel_areas.vmemmap_end)
#define MODULES_VADDR	(kernel_areas.modules_start)
#define MODULES_END	(kernel_areas.modules_end)
#define PKMAP_BASE	(kernel_areas.pkmap_base)
#define LAST_PKMAP	(kernel_areas.last_pkmap)
#define FIXADDR_START	(kernel_areas.fixaddr_start)
#define FIXADDR_TOP	(kernel_areas.fixaddr_top)

/* __va - address of the physical address @x; @x must lie below direct_map_end. */
#define __va(x)		((void *)((uintptr_t)(x) + page_offset_base))
/* __pa - physical address of a pointer into the direct map. */
#define __pa(x)		((phys_addr_t)((uintptr_t)(x) - page_offset_base))

/*
 * kernel_address - the address that page tables, /proc and reports know a pointer by; the
 * same number but on a hosted machine (<kmm/kmm.h>, address_bias). kernel_pointer - the reverse.
 */
extern u64 kernel_address_bias;

static inline u64 kernel_address(uintptr_t p)
{
	u64 a = (u64)p + kernel_address_bias;

	return sizeof(void *) == 8 ? a : (u32)a;
}
static inline uintptr_t kernel_pointer(u64 address)
{
	return (uintptr_t)(address - kernel_address_bias);
}

#define phys_to_virt(x)	__va(x)
#define virt_to_phys(x)	__pa(x)

#endif
