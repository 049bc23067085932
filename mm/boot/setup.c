// SPDX-License-Identifier: MIT
/*
 * mm/boot/setup.c - the first half of a boot, in order.
 *
 *	firmware map -> options -> e820_table ----> max_pfn, low memory limit
 *	                               |                    |
 *	                               v                    v
 *	image, first MiB reserved -> memblock -> direct map -> nodes -> zones -> boot allocator
 *	                               |
 *	                               '-> resource tree
 *
 * Two kinds of machine. When the direct map ends below 4 GiB the machine is an
 * IA-32: RAM beyond is high memory, all of it up to 64 GiB (PAE) is used. Else
 * the direct map has to reach all RAM, and what it does not reach is not used.
 */
#include <kmm/bootmem.h>
#include <kmm/ioport.h>

#include "internal.h"
#include "mm/kernel/internal.h"

__kmm_state uintptr_t page_offset_base;
__kmm_state phys_addr_t direct_map_end;

static __kmm_state struct resource code_resource, rodata_resource, data_resource, bss_resource;

#define IA32_MAX_ARCH_PFN	((u64)1 << (36 - PAGE_SHIFT))
#define PAGING_32_MAX_ARCH_PFN	((u64)1 << (32 - PAGE_SHIFT))
#define BIOS_BEGIN		0xa0000UL
#define BIOS_END		0x100000UL
#define MIN_IA32_LOWMEM_PFN	((64UL << 20) >> PAGE_SHIFT)
/* Machines smaller than this keep their first MiB, but for frame 0. */
#define SMALL_MACHINE		((phys_addr_t)4 << 20)

/* A direct map that could reach 4 GiB may still end where RAM does: then no zone is missed. */
static __kmm_state bool reaches_4g;

bool machine_is_ia32(void)
{
	return !reaches_4g && direct_map_end < (phys_addr_t)1 << 32;
}

static unsigned long to_mb(unsigned long pages)
{
	return pages >> (20 - PAGE_SHIFT);
}

static int check_machine(const struct kmm_machine *m)
{
	const char *wrong = NULL;

	if (!m->e820 || !m->nr_e820)
		wrong = "no memory map";
	else if (!m->nr_cpus || m->nr_cpus > NR_CPUS)
		wrong = "number of CPUs out of range";
	else if (m->page_offset & (PAGE_SIZE - 1))
		wrong = "page_offset is not a multiple of the page size";
	else if (m->nr_srat && !m->srat)
		wrong = "SRAT entries announced, none given";
	if (!wrong)
		return 0;
	pr_err("machine description: %s", wrong);
	return -EINVAL;
}

/* What page tables can reach. */
static void set_arch_limit(void)
{
	reaches_4g = direct_map_end >= (phys_addr_t)1 << 32;
	if (kernel_paging == PAGING_32)
		max_arch_pfn = PAGING_32_MAX_ARCH_PFN;
	else if (machine_is_ia32())
		max_arch_pfn = IA32_MAX_ARCH_PFN;
	else
		max_arch_pfn = direct_map_end >> PAGE_SHIFT;
}

static void take_firmware_map(const struct kmm_machine *m)
{
	e820__append_table(m->e820, m->nr_e820);
	e820__update_table(&e820_table);
	memcpy(&e820_table_firmware, &e820_table, sizeof(e820_table));
	pr_info("BIOS-provided physical RAM map:");
	e820__print_table("BIOS-e820");
}

static void one_image_part(struct resource *r, const char *name, phys_addr_t start, phys_addr_t end)
{
	if (start >= end)
		return;
	*r = (struct resource){ .start = start, .end = end - 1, .name = name };
	if (insert_resource(&iomem_resource, r))
		pr_warn("%s [mem 0x%08llx-0x%08llx] overlaps another part of the image", name,
			(unsigned long long)start, (unsigned long long)(end - 1));
	if (!e820__mapped_all(start, end, E820_TYPE_RAM)) {
		pr_warn(".text .data .bss are not marked as E820_TYPE_RAM!");
		e820__range_remove(start, end - start, E820_TYPE_RAM, false);
		e820__range_add(start, end - start, E820_TYPE_RAM);
		e820__update_table(&e820_table);
	}
	if (memblock_reserve(start, end - start))
		panic("no room to reserve the kernel image");
}

static void take_image(const struct kmm_image *i)
{
	one_image_part(&code_resource, "Kernel code", i->text, i->etext);
	one_image_part(&rodata_resource, "Kernel rodata", i->rodata, i->erodata);
	one_image_part(&data_resource, "Kernel data", i->data, i->edata);
	one_image_part(&bss_resource, "Kernel bss", i->bss, i->ebss);
	if (i->init < i->einit && memblock_reserve(i->init, i->einit - i->init))
		panic("no room to reserve the kernel image");
}

/* Frame 0 has the BIOS's data; from 640 KiB to 1 MiB there is no RAM, whatever the map says. */
static void trim_bios_range(void)
{
	e820__range_update(0, PAGE_SIZE, E820_TYPE_RAM, E820_TYPE_RESERVED);
	e820__range_remove(BIOS_BEGIN, BIOS_END - BIOS_BEGIN, E820_TYPE_RAM, true);
	e820__update_table(&e820_table);
	KMM_BUG_ON(e820__mapped_any(0, PAGE_SIZE, E820_TYPE_RAM));
}

/* The memory of the first page tables is RAM, whatever the map and the options say. */
static void take_early_memory(const struct kmm_paging *p)
{
	phys_addr_t end = p->early_phys + p->early_size;

	if (!kernel_paging || e820__mapped_all(p->early_phys, end, E820_TYPE_RAM))
		return;
	e820__range_remove(p->early_phys, p->early_size, E820_TYPE_RAM, false);
	e820__range_add(p->early_phys, p->early_size, E820_TYPE_RAM);
	e820__update_table(&e820_table);
}

/* highmem= on a machine whose RAM all fits low memory: take it from there. */
static void lowmem_pfn_init(unsigned long highmem)
{
	max_low_pfn = max_pfn;
	if (highmem == ~0UL || !highmem)
		return;
	if (highmem >= max_pfn) {
		pr_err("highmem size (%luMB) is bigger than pages available (%luMB)!",
		       to_mb(highmem), to_mb(max_pfn));
	} else if (max_low_pfn - highmem < MIN_IA32_LOWMEM_PFN) {
		pr_err("highmem size (%luMB) results in <64MB lowmem, ignoring it!",
		       to_mb(highmem));
	} else {
		max_low_pfn -= highmem;
	}
}

/* More RAM than low memory can be. */
static void highmem_pfn_init(unsigned long maxmem, unsigned long highmem)
{
	max_low_pfn = maxmem;
	if (boot_options.nohighmem) {
		pr_warn("Warning only %luMB will be used.", to_mb(maxmem));
		pr_warn("Use a HIGHMEM enabled kernel.");
		max_pfn = maxmem;
		return;
	}
	if (highmem == ~0UL)
		return;
	if (highmem > max_pfn - maxmem)
		pr_err("only %luMB highmem pages available, ignoring highmem size of %luMB!",
		       to_mb(max_pfn - maxmem), to_mb(highmem));
	else
		max_pfn = maxmem + highmem;
}

static void find_low_pfn_range(void)
{
	unsigned long maxmem = PFN_DOWN(direct_map_end), highmem = ~0UL;

	if (boot_options.highmem_size != ~(u64)0)
		highmem = PFN_DOWN(boot_options.highmem_size);
	if (max_pfn <= maxmem)
		lowmem_pfn_init(highmem);
	else
		highmem_pfn_init(maxmem, highmem);
}

/* max_pfn, max_low_pfn, and the lines that tell them. */
static int find_limits(void)
{
	max_pfn = e820__end_of_ram_pfn();
	if (!max_pfn) {
		pr_err("No usable memory in the map");
		return -EINVAL;
	}
	if (machine_is_ia32()) {
		find_low_pfn_range();
	} else {
		if (max_pfn > 1UL << (32 - PAGE_SHIFT))
			(void)e820__end_of_low_ram_pfn();
		max_low_pfn = max_pfn;
	}
	highstart_pfn = max_low_pfn;
	highend_pfn = max_pfn;
	KMM_BUG_ON(max_low_pfn > max_pfn || PFN_PHYS(max_low_pfn) > direct_map_end);
	return 0;
}

/*
 * Firmware, and whatever it started, writes to the first MiB long after it said
 * it would not. Linux therefore never uses it. A machine that has next to
 * nothing else is not a PC, and keeps it.
 */
static void reserve_low_memory(void)
{
	phys_addr_t size = PFN_PHYS(max_pfn) < SMALL_MACHINE ? PAGE_SIZE : BIOS_END;

	(void)memblock_reserve(0, size);
}

static int memory_to_memblock(const struct kmm_machine *m)
{
	phys_addr_t end = PFN_PHYS(max_pfn);
	int err;

	reserve_low_memory();
	memblock_set_current_limit(min(direct_map_end, PFN_PHYS(max_low_pfn)));
	err = early_memory_begin(m);
	if (err)
		return err;
	e820__memblock_setup();
	if (memblock_remove(end, ~(phys_addr_t)0))
		panic("no room to cut memory at its end");
	KMM_BUG_ON(memblock_end_of_DRAM() > end || !memblock_check());
	return 0;
}

static void print_high_and_low(void)
{
	if (!machine_is_ia32())
		return;
	if (!boot_options.nohighmem)
		pr_info("%luMB HIGHMEM available.", to_mb(highend_pfn - highstart_pfn));
	pr_info("%luMB LOWMEM available.", to_mb(max_low_pfn));
}

static void choose_memory_model(void)
{
	memory_model = machine_is_ia32() ? MEMORY_FLAT : MEMORY_SPARSE;
	if (boot_options.memory_model >= 0)
		memory_model = (enum memory_model)boot_options.memory_model;
}

/* The map, the options, the image; how much RAM there is and how much of it has an address. */
static int setup_limits(const struct kmm_machine *m)
{
	int err;

	take_firmware_map(m);
	parse_early_params(m->cmdline);
	report_nx(m);
	err = layout_limit(m);
	if (!err)
		err = e820__finish_early_params();
	if (err)
		return err;
	set_arch_limit();
	take_image(&m->image);
	trim_bios_range();
	take_early_memory(&m->paging);
	return find_limits();
}

/*
 * From here on the tables are ours. With movable_node what the boot needs shall not lie where
 * memory may leave.
 */
static int setup_mapping(const struct kmm_machine *m)
{
	int err = layout_place(m);

	if (err || !kernel_paging)
		return err;
	memblock_set_bottom_up(boot_options.movable_node);
	err = kernel_mapping_init(m);
	memblock_set_bottom_up(false);
	return err ? err : early_fixmap_init();
}

int setup_memory(const struct kmm_machine *m)
{
	int err = check_machine(m);

	if (err)
		return err;
	err = setup_limits(m);
	if (!err)
		err = memory_to_memblock(m);
	if (err)
		return err;
	print_high_and_low();
	err = setup_mapping(m);
	if (!err)
		err = numa_init(m);
	if (err)
		return err;
	choose_memory_model();
	err = zones_init();
	if (err)
		return err;
	e820__reserve_resources();
	KMM_BUG_ON(!resource_check(&iomem_resource));
	return boot_alloc_init();
}
