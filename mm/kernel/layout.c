// SPDX-License-Identifier: MIT
/*
 * mm/kernel/layout.c - which addresses the kernel's areas have on this machine.
 *
 *	kmm_machine, options -> layout_request -> arch/x86/layout.c -> kernel_layout (addresses)
 *	                                                                     |
 *	                     <kmm/page_addr.h>: PAGE_OFFSET, VMALLOC_START ... (pointers)
 *
 * Two steps, because how much RAM has an address is asked before RAM is known:
 * layout_limit() gives direct_map_end, layout_place() all else.
 *
 * Options: vmalloc=nn (IA-32) is what low memory leaves free, nokaslr keeps AMD64's bases where
 * its manual has them. A vmalloc= that leaves less than 64 MiB of low memory is ignored.
 *
 * The fixmap is made for 32 CPUs (as Debian's 32-bit kernels), or for so many as the machine has,
 * rounded up to a power of two: on IA-32 it takes its room from low memory.
 */
#include <kmm/errno.h>
#include <kmm/param.h>
#include <kmm/zones.h>

#include "internal.h"

__kmm_state struct kernel_layout kernel_layout;
__kmm_state enum paging_mode kernel_paging;
__kmm_state unsigned int kernel_phys_bits;
__kmm_state struct kernel_areas kernel_areas;
__kmm_state u64 kernel_address_bias;
__kmm_state void *high_memory;

static __kmm_state struct layout_request request;
static __kmm_state struct kmm_image image;	/* for layout_print() */

#define NO_PAGING_DIRECT_MAP_END	((phys_addr_t)1 << 46)
#define FIXMAP_CPUS			32

static bool layout_is_ia32(void)
{
	return kernel_paging == PAGING_32 || kernel_paging == PAGING_PAE;
}

/* ---- first step ---- */

static unsigned int fixmap_cpus(unsigned int cpus)
{
	unsigned int n = FIXMAP_CPUS;

	while (n < cpus)
		n *= 2;
	return n;
}

static void make_request(const struct kmm_machine *m)
{
	request = (struct layout_request){
		.mode = kernel_paging,
		.page_offset = m->page_offset,
		.vmalloc_size = boot_options.vmalloc_size,
		.nr_cpus = fixmap_cpus(m->nr_cpus),
		.max_phys = ALIGN_DOWN(m->direct_map_end, PAGE_SIZE),
		.window_start = m->paging.window_start,
		.window_end = m->paging.window_end,
		.page_struct_size = sizeof(struct page),
		.randomise = !boot_options.nokaslr,
		.random = kmm_random,
	};
}

static void limit_without_paging(const struct kmm_machine *m)
{
	phys_addr_t end = m->direct_map_end ? m->direct_map_end : NO_PAGING_DIRECT_MAP_END;

	direct_map_end = ALIGN_DOWN(end, PAGE_SIZE);
	page_offset_base = m->page_offset;
}

static int mode_of(const struct kmm_machine *m)
{
	bool ia32 = m->paging.mode == KMM_PAGING_32 || m->paging.mode == KMM_PAGING_PAE;

	if (m->paging.mode == KMM_PAGING_NONE)
		return 0;
	if ((int)m->paging.mode < NR_PAGING_MODES && ia32 == (sizeof(void *) == 4))
		return 0;
	pr_err("machine: paging mode %d is not one of this processor's", (int)m->paging.mode);
	return -EINVAL;
}

int layout_limit(const struct kmm_machine *m)
{
	int err = mode_of(m);

	if (err)
		return err;
	kernel_paging = (enum paging_mode)m->paging.mode;
	kernel_phys_bits = m->paging.phys_bits;
	kernel_address_bias = kernel_paging ? m->paging.address_bias : 0;
	image = m->image;
	if (!kernel_paging) {
		limit_without_paging(m);
		return 0;
	}
	make_request(m);
	direct_map_end = (phys_addr_t)x86_layout_limit(&request);
	if (!direct_map_end && request.vmalloc_size) {
		pr_err("vmalloc=%lluMB results in <64MB lowmem, ignoring it!",
		       (unsigned long long)(request.vmalloc_size >> 20));
		request.vmalloc_size = 0;
		direct_map_end = (phys_addr_t)x86_layout_limit(&request);
	}
	if (direct_map_end)
		return 0;
	pr_err("machine: no room for a direct map at 0x%llx",
	       (unsigned long long)request.page_offset);
	return -EINVAL;
}

/* ---- second step ---- */

/* Empty areas are 0 in both worlds. */
static uintptr_t area_start(struct area a)
{
	return a.start == a.end ? 0 : kernel_pointer(a.start);
}

static uintptr_t area_end(struct area a)
{
	return a.start == a.end ? 0 : kernel_pointer(a.end);
}

static void publish(const struct kernel_layout *l)
{
	page_offset_base = kernel_pointer(l->direct.start);
	kernel_areas = (struct kernel_areas){
		.vmalloc_start = area_start(l->vmalloc), .vmalloc_end = area_end(l->vmalloc),
		.vmemmap_start = area_start(l->vmemmap), .vmemmap_end = area_end(l->vmemmap),
		.modules_start = area_start(l->modules), .modules_end = area_end(l->modules),
		.pkmap_base = area_start(l->pkmap), .last_pkmap = l->last_pkmap,
		.fixaddr_start = area_start(l->fixmap), .fixaddr_top = area_end(l->fixmap),
	};
}

/* Beyond begins vmalloc, or nothing is mapped. No other area looks like a direct address. */
static phys_addr_t direct_end(const struct kernel_layout *l)
{
	if (layout_is_ia32() || request.high_memory)
		return request.lowmem_end;
	return min_t(phys_addr_t, direct_map_end, l->direct.end - l->direct.start);
}

int layout_place(const struct kmm_machine *m)
{
	int err = 0;

	if (kernel_paging) {
		request.ram_end = PFN_PHYS((u64)max_pfn);
		request.lowmem_end = PFN_PHYS((u64)max_low_pfn);
		request.high_memory = max_pfn > max_low_pfn;
		err = x86_layout(&kernel_layout, &request);
		if (err) {
			pr_err("machine: the kernel's areas do not fit its addresses 0x%llx-0x%llx",
			       (unsigned long long)m->paging.window_start,
			       (unsigned long long)m->paging.window_end);
			return err;
		}
		publish(&kernel_layout);
		direct_map_end = direct_end(&kernel_layout);
	}
	high_memory = (void *)(page_offset_base + (uintptr_t)PFN_PHYS((u64)max_low_pfn));
	return 0;
}

/* ---- "virtual kernel memory layout:" ---- */

/* One line, in the form and with the units of the 32-bit kernels that printed it. */
static void print_area(const char *name, u64 start, u64 end, char unit)
{
	unsigned int shift = unit == 'k' ? 10 : unit == 'M' ? 20 : 30;
	int digits = layout_is_ia32() ? 8 : 16;

	if (start != end)
		pr_info("%s : 0x%0*llx - 0x%0*llx   (%4llu %cB)", name, digits,
			(unsigned long long)start, digits, (unsigned long long)end,
			(unsigned long long)((end - start) >> shift), unit);
}

static void print_area_of(const char *name, struct area a, char unit)
{
	print_area(name, a.start, a.end, unit);
}

/* The image is known by physical addresses. */
static void print_image(void)
{
	u64 base = kernel_address(kernel_image_pointer(0));

	if (image.init != image.einit)
		print_area("      .init", base + image.init, base + image.einit, 'k');
	if (image.data != image.edata)
		print_area("      .data", base + image.etext, base + image.edata, 'k');
	if (image.text != image.etext)
		print_area("      .text", base + image.text, base + image.etext, 'k');
}

void layout_print(void)
{
	char large = layout_is_ia32() ? 'M' : 'G';

	if (!kernel_paging)
		return;
	pr_info("virtual kernel memory layout:");
	print_area_of("    fixmap ", kernel_layout.fixmap, 'k');
	print_area_of("  cpu_entry", kernel_layout.cpu_entry, 'k');
	print_area_of("    pkmap  ", kernel_layout.pkmap, 'k');
	if (!layout_is_ia32()) {
		print_area_of("    modules", kernel_layout.modules, 'M');
		print_area_of("    vmemmap", kernel_layout.vmemmap, large);
	}
	print_area_of("    vmalloc", kernel_layout.vmalloc, large);
	print_area("    lowmem ", kernel_layout.direct.start,
		   kernel_address((uintptr_t)high_memory), 'M');
	print_image();
}
