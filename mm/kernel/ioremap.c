// SPDX-License-Identifier: MIT
/*
 * ioremap.c - physical addresses that are no RAM.
 *
 *	phys 0xfed00abc, 0x100 bytes          0xfed00000
 *	                                      |...#####........|  guard |
 *	returned:                                 ^ the same offset in the page
 *
 * What is mapped is whole pages, with large ones where size and addresses allow (Linux aligns the
 * area to its size, for that), in one of four cache modes. RAM in use is refused: the direct
 * map has it as write-back, and the same memory in two modes loses writes. (RAM the firmware or
 * the boot has reserved may be mapped; tables of ACPI lie there.)
 *
 * Not done: Linux keeps a tree of all ranges mapped (memtype) and refuses a second mapping of
 * another mode.
 *
 * Source of the idea: Linux (arch/x86/mm/ioremap.c, kernel/iomem.c).
 */
#include <kmm/io.h>
#include <kmm/memblock.h>

#include "mm/kernel/vmap_area.h"

#define PAGE_MASK_PHYS	(~((phys_addr_t)PAGE_SIZE - 1))

/* The frames of [start, end) that are RAM, as one word. */
enum intersection { NO_RAM, ALL_RAM, SOME_RAM };

static enum intersection ram_in(phys_addr_t start, phys_addr_t end)
{
	const struct memblock_region *r;
	phys_addr_t bytes = 0;

	for_each_mem_region(r) {
		phys_addr_t from = max(start, r->base), to = min(end, r->base + r->size);

		bytes += from < to ? to - from : 0;
	}
	return !bytes ? NO_RAM : bytes == end - start ? ALL_RAM : SOME_RAM;
}

static bool any_page_in_use(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++)
		if (pfn_valid(pfn) && !PageReserved(pfn_to_page(pfn)))
			return true;
	return false;
}

/* Does any whole frame of RAM in [start, end) belong to the page allocator, or to its users? */
static bool is_system_ram(phys_addr_t start, phys_addr_t end)
{
	const struct memblock_region *r;

	for_each_mem_region(r) {
		phys_addr_t from = max(start, r->base), to = min(end, r->base + r->size);

		if (from < to && any_page_in_use(PFN_UP(from), PFN_DOWN(to)))
			return true;
	}
	return false;
}

/* Does the range exist, for this machine's tables? */
static bool phys_valid(phys_addr_t phys, phys_addr_t last)
{
	u64 most = kernel_pgtable.fmt->pfn_mask | (PAGE_SIZE - 1);

	if (kernel_phys_bits)
		most &= ((u64)1 << kernel_phys_bits) - 1;
	return last >= phys && last <= most;
}

static bool may_be_mapped(phys_addr_t phys, phys_addr_t last)
{
	if (!phys_valid(phys, last)) {
		pr_warn("ioremap: invalid physical address %llx", (unsigned long long)phys);
		return false;
	}
	if (is_system_ram(phys & PAGE_MASK_PHYS, ALIGN(last + 1, (phys_addr_t)PAGE_SIZE))) {
		pr_warn("ioremap on RAM at 0x%016llx - 0x%016llx", (unsigned long long)phys,
			(unsigned long long)last);
		kmm_dump_stack();
		return false;
	}
	return true;
}

static void *ioremap_prot(phys_addr_t phys, size_t size, pgprot_t prot, const void *caller)
{
	phys_addr_t last = phys + size - 1, first = phys & PAGE_MASK_PHYS;
	size_t bytes = (size_t)(ALIGN(last + 1, (phys_addr_t)PAGE_SIZE) - first);
	struct vm_struct *area;
	uintptr_t addr;

	if (!size || last < phys || size > VMALLOC_END - VMALLOC_START ||
	    kernel_paging == PAGING_NONE)
		return NULL;
	if (!may_be_mapped(phys, last))
		return NULL;
	vfree_deferred_work();
	area = get_ioremap_area(bytes, first, caller);
	if (!area)
		return NULL;
	addr = (uintptr_t)area->addr;
	if (vmap_range_noflush(addr, addr + bytes, first, prot, kernel_max_page_shift())) {
		free_vm_area(area);
		return NULL;
	}
	return (void *)(addr + (uintptr_t)(phys - first));
}

#define CALLER __builtin_return_address(0)

void *ioremap(phys_addr_t phys, size_t size)
{
	return ioremap_prot(phys, size, PAGE_KERNEL_NOCACHE, CALLER);
}

void *ioremap_uc(phys_addr_t phys, size_t size)
{
	return ioremap_prot(phys, size, PAGE_KERNEL_UC, CALLER);
}

void *ioremap_wc(phys_addr_t phys, size_t size)
{
	return ioremap_prot(phys, size, PAGE_KERNEL_WC, CALLER);
}

void *ioremap_cache(phys_addr_t phys, size_t size)
{
	return ioremap_prot(phys, size, PAGE_KERNEL, CALLER);
}

static bool is_ioremap_addr(const void *addr)
{
	struct vm_struct *area = is_vmalloc_addr(addr) ? find_vm_area(addr) : NULL;

	return area && area->flags & VM_IOREMAP;
}

void iounmap(volatile void *addr)
{
	void *start = (void *)((uintptr_t)addr & PAGE_MASK);
	struct vm_struct *area;

	if (!addr)
		return;
	area = is_ioremap_addr(start) ? remove_vm_area(start) : NULL;
	if (!area) {
		pr_err("iounmap: bad address %016llx",
		       (unsigned long long)kernel_address((uintptr_t)addr));
		kmm_dump_stack();
		return;
	}
	free_vm_struct(area);
}

/* --- memremap --- */

/* The direct map's own address of RAM, if all of it has one. */
static void *ram_address(phys_addr_t phys, size_t size)
{
	return phys + size <= direct_map_end && pfn_valid(PFN_DOWN(phys)) ? __va(phys) : NULL;
}

static void *memremap_as(phys_addr_t phys, size_t size, unsigned long flags,
			 enum intersection ram, const void *caller)
{
	void *addr = NULL;

	if (flags & MEMREMAP_WB) {
		addr = ram == ALL_RAM ? ram_address(phys, size) : NULL;
		if (!addr)
			addr = ioremap_prot(phys, size, PAGE_KERNEL, caller);
	}
	if (!addr && ram == ALL_RAM && flags != MEMREMAP_WB) {
		pr_warn("memremap attempted on ram 0x%016llx size: 0x%lx",
			(unsigned long long)phys, (unsigned long)size);
		return NULL;
	}
	if (!addr && flags & MEMREMAP_WT)	/* no cache mode of its own in x86's first four */
		addr = ioremap_prot(phys, size, PAGE_KERNEL_NOCACHE, caller);
	if (!addr && flags & MEMREMAP_WC)
		addr = ioremap_prot(phys, size, PAGE_KERNEL_WC, caller);
	return addr;
}

void *memremap(phys_addr_t phys, size_t size, unsigned long flags)
{
	enum intersection ram;

	if (!flags || !size || phys + size < phys || kernel_paging == PAGING_NONE)
		return NULL;
	ram = ram_in(phys, phys + size);
	if (ram == SOME_RAM) {
		pr_warn("memremap attempted on mixed range 0x%016llx size: 0x%lx",
			(unsigned long long)phys, (unsigned long)size);
		return NULL;
	}
	return memremap_as(phys, size, flags, ram, CALLER);
}

void memunmap(void *addr)
{
	if (addr && is_vmalloc_addr(addr))
		iounmap(addr);
}
