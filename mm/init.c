// SPDX-License-Identifier: MIT
/*
 * init.c - a boot from beginning to end.
 *
 *	setup_memory()       firmware map, memblock, page tables, nodes     mm/boot, mm/kernel
 *	free_area_build()    node and zone structures                       mm/page/node.c
 *	memmap_init()        room for the page array                        mm/page/memmap.c
 *	setup_per_cpu_areas() per-CPU variables                             mm/kernel/percpu.c
 *	build_all_zonelists()
 *	memmap_free_all()    memblock closes, the page allocator opens
 *	init_per_zone_wmark_min(), fast_paths_update()
 *	kmem_cache_init()    slabs, kmalloc()                               mm/slab/cache.c
 *	open_kernel_areas()  vmalloc(), kmap(), stacks                      mm/kernel
 *	kernel_protect()     text and rodata read-only                      mm/kernel/rodata.c
 */
#include <kmm/early_ioremap.h>
#include <kmm/errno.h>
#include <kmm/kmm.h>
#include <kmm/memblock.h>
#include <kmm/param.h>
#include <kmm/setup.h>

#include "lib/vsprintf.h"
#include "mm/kernel/internal.h"
#include "mm/kernel/percpu.h"
#include "mm/page/internal.h"
#include "mm/slab/internal.h"

__kmm_state unsigned int nr_cpu_ids;

static int machine_sane(const struct kmm_machine *m)
{
	if (m->nr_cpus < 1 || m->nr_cpus > NR_CPUS) {
		pr_err("machine: %u CPUs, must be 1 to %d", m->nr_cpus, NR_CPUS);
		return -EINVAL;
	}
	return 0;
}

/* Frame numbers are kept in 32 bits: RAM must end below 16 TiB. */
static int frames_fit(void)
{
	if ((u64)max_pfn <= UINT32_MAX)
		return 0;
	pr_err("RAM ends at frame 0x%lx, beyond 16 TiB: use mem= to leave the rest out", max_pfn);
	return -EINVAL;
}

/* High memory is reached through page tables. Without them it is left out, highmem= or not. */
static int high_memory_fits(void)
{
	if (kernel_paging || highend_pfn == highstart_pfn)
		return 0;
	pr_err("high memory without page tables: leave highmem= out");
	return -EINVAL;
}

static int build_pages(void)
{
	int err = free_area_build();

	if (!err)
		err = memmap_init();
	if (err)
		pr_err("not enough memory for the page array and the zones (%lu pages of RAM)",
		       (unsigned long)PFN_DOWN(memblock_phys_mem_size()));
	return err;
}

static unsigned long vm_total_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone->present_pages;
	return pages;
}

static const char *policy_zone_name(void)
{
	struct zone *zone;
	int highest = ZONE_DMA;

	for_each_populated_zone(zone)
		if (zone->idx < ZONE_MOVABLE && zone->idx > highest)
			highest = zone->idx;
	return zone_names[highest];
}

static unsigned long image_kb(phys_addr_t start, phys_addr_t end)
{
	return (unsigned long)((end - start) >> 10);
}

/* .init may lie inside the data: not counted twice. */
static unsigned long rwdata_kb(const struct kmm_image *img)
{
	bool inside = img->init >= img->data && img->einit <= img->edata;

	return image_kb(img->data, img->edata) - (inside ? image_kb(img->init, img->einit) : 0);
}

static void mem_init_print_info(const struct kmm_image *img)
{
	unsigned long present = vm_total_pages(), highmem = 0;
	struct zone *zone;
	char high[48] = "";

	for_each_populated_zone(zone)
		highmem += zone->idx == ZONE_HIGHMEM ? zone->managed_pages : 0;
	if (zone_possible(ZONE_HIGHMEM))
		scnprintf(high, sizeof(high), ", %luK highmem", highmem << (PAGE_SHIFT - 10));
	pr_info("Memory: %luK/%luK available (%luK kernel code, %luK rwdata, %luK rodata, "
		"%luK init, %luK bss, %luK reserved, 0K cma-reserved%s)",
		totalram_pages << (PAGE_SHIFT - 10), present << (PAGE_SHIFT - 10),
		image_kb(img->text, img->etext), rwdata_kb(img),
		image_kb(img->rodata, img->erodata), image_kb(img->init, img->einit),
		image_kb(img->bss, img->ebss),
		(present - totalram_pages) << (PAGE_SHIFT - 10), high);
}

/* The areas of kernel addresses beside the direct map. */
static int open_kernel_areas(void)
{
	int err = vmalloc_init();

	if (!err)
		err = percpu_init_late();
	if (!err)
		err = kmap_init();
	return err ? err : stack_init();
}

static int open_page_allocator(const struct kmm_machine *m)
{
	int err = setup_per_cpu_areas();

	if (err)
		return err;
	build_all_zonelists();
	pr_info("Built %u zonelists, mobility grouping %s.  Total pages: %lu", num_online_nodes(),
		page_group_by_mobility_disabled ? "off" : "on", vm_total_pages());
	pr_info("Policy zone: %s", policy_zone_name());
	pr_info("Kernel command line: %s", boot_command_line);
	print_unknown_bootoptions();
	report_meminit();
	memmap_free_all();
	kernel_tables_from_pages();
	mem_init_print_info(&m->image);
	layout_print();
	init_per_zone_wmark_min();
	fast_paths_update();
	e820__reserve_resources_late();
	err = kmem_cache_init();
	if (!err)
		err = open_kernel_areas();
	if (!err)
		check_early_ioremap_leak();
	return err;
}

int kmm_boot(const struct kmm_machine *m)
{
	int err = machine_sane(m);

	if (err)
		return err;
	nr_cpu_ids = m->nr_cpus;
	set_symbol_source(m->symbol);
	pr_info("kmm version " KMM_VERSION);
	boot_options.nohighmem = !m->paging.mode;
	err = setup_memory(m);
	if (!err)
		err = frames_fit();
	if (!err)
		err = high_memory_fits();
	if (!err)
		err = build_pages();
	if (!err)
		err = open_page_allocator(m);
	if (!err)
		kernel_protect(m);
	return err;
}
