// SPDX-License-Identifier: MIT
/*
 * mm/kernel/early_ioremap.c - physical memory, looked at before there is ioremap().
 *
 *	fixmap entries  btmap_begin                                       btmap_end
 *	                | area 0: 64 pages | area 1 | ...        | area 7 |
 *	addresses       low                                            high
 *
 * An area in use is known by its pointer and size, and only given back with these: a wrong
 * size is as good as a wrong pointer. What is never given back is counted at the end of the boot.
 *
 * Locking: none, the boot has one CPU; so only this CPU's TLB is flushed.
 * Option: early_ioremap_debug tells of every area.
 */
#include <kmm/early_ioremap.h>
#include <kmm/errno.h>
#include <kmm/param.h>

#include "fixmap.h"
#include "lib/string.h"

static __kmm_state struct early_area {
	uintptr_t addr;		/* as returned; 0: free */
	size_t size;
} areas[FIX_BTMAPS_SLOTS];

static unsigned int first_entry(unsigned int area)
{
	return kernel_layout.fix.btmap_begin - area * NR_FIX_BTMAPS;
}

static int find_area(uintptr_t addr)
{
	for (int i = 0; i < FIX_BTMAPS_SLOTS; i++)
		if (areas[i].addr == addr)
			return i;
	return -1;
}

static unsigned int pages_of(phys_addr_t phys, size_t size)
{
	return (unsigned int)(((phys & (PAGE_SIZE - 1)) + size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static const char *refusal(phys_addr_t phys, size_t size)
{
	if (!fixmap_tables.nr)
		return "no fixmap";
	if (!size || phys + size - 1 < phys)
		return "bad range";
	if (size > NR_FIX_BTMAPS * PAGE_SIZE || pages_of(phys, size) > NR_FIX_BTMAPS)
		return "more than 64 pages";
	return NULL;
}

static void *map_area(unsigned int i, phys_addr_t phys, size_t size, pgprot_t prot)
{
	unsigned int idx = first_entry(i), n;
	phys_addr_t page = phys & ~(phys_addr_t)(PAGE_SIZE - 1);

	for (n = 0; n < pages_of(phys, size); n++)
		KMM_BUG_ON(fixmap_write(idx - n, page + n * PAGE_SIZE, prot, true));
	areas[i].addr = __fix_to_virt(idx) + (uintptr_t)(phys - page);
	areas[i].size = size;
	if (boot_options.early_ioremap_debug)
		pr_info("early_ioremap(0x%llx, %08lx) [%u] => %llx + %08lx",
			(unsigned long long)phys, (unsigned long)size, i,
			(unsigned long long)kernel_address(__fix_to_virt(idx)),
			(unsigned long)(phys - page));
	return (void *)areas[i].addr;
}

void *early_memremap_prot(phys_addr_t phys, size_t size, pgprot_t prot)
{
	const char *why = refusal(phys, size);
	int i = find_area(0);

	if (!why && i < 0)
		why = "not found slot";
	if (!why)
		return map_area((unsigned int)i, phys, size, prot);
	pr_warn("early_ioremap(0x%llx, %08lx) %s", (unsigned long long)phys,
		(unsigned long)size, why);
	return NULL;
}

void *early_ioremap(phys_addr_t phys, size_t size)
{
	return early_memremap_prot(phys, size, PAGE_KERNEL_NOCACHE);
}

void *early_memremap(phys_addr_t phys, size_t size)
{
	return early_memremap_prot(phys, size, PAGE_KERNEL);
}

void *early_memremap_ro(phys_addr_t phys, size_t size)
{
	return early_memremap_prot(phys, size, PAGE_KERNEL_RO);
}

static void unmap_area(unsigned int i)
{
	unsigned int idx = first_entry(i), n;

	for (n = 0; n < pages_of(areas[i].addr, areas[i].size); n++) {
		(void)fixmap_write(idx - n, 0, __pgprot(0), true);
		kmm_tlb_flush_one(__fix_to_virt(idx - n));
	}
	areas[i] = (struct early_area){ };
}

void early_iounmap(void *addr, size_t size)
{
	int i = addr ? find_area((uintptr_t)addr) : -1;

	if (i < 0) {
		pr_warn("early_iounmap(%llx, %08lx) not found slot",
			(unsigned long long)kernel_address((uintptr_t)addr), (unsigned long)size);
		return;
	}
	if (areas[i].size != size) {
		pr_warn("early_iounmap(%llx, %08lx) [%d] size not consistent %08lx",
			(unsigned long long)kernel_address((uintptr_t)addr), (unsigned long)size,
			i, (unsigned long)areas[i].size);
		return;
	}
	if (boot_options.early_ioremap_debug)
		pr_info("early_iounmap(%llx, %08lx) [%d]",
			(unsigned long long)kernel_address((uintptr_t)addr), (unsigned long)size,
			i);
	unmap_area((unsigned int)i);
}

int copy_from_early_mem(void *dest, phys_addr_t src, size_t size)
{
	const size_t most = NR_FIX_BTMAPS * PAGE_SIZE;
	u8 *to = dest;

	while (size) {
		size_t n = min_t(size_t, size, most - (size_t)(src & (PAGE_SIZE - 1)));
		void *from = early_memremap(src, n);

		if (!from)
			return -ENOMEM;
		memcpy(to, from, n);
		early_memunmap(from, n);
		to += n;
		src += n;
		size -= n;
	}
	return 0;
}

unsigned int check_early_ioremap_leak(void)
{
	unsigned int count = 0;

	for (int i = 0; i < FIX_BTMAPS_SLOTS; i++)
		count += areas[i].addr != 0;
	if (count) {
		pr_warn("Debug warning: early ioremap leak of %u areas detected.", count);
		pr_warn("please boot with early_ioremap_debug and report the dmesg.");
	}
	return count;
}
