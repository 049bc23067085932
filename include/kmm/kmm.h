/* SPDX-License-Identifier: MIT */
/*
 * kmm/kmm.h - a machine's life: described, booted, put back to power-on.
 *
 * The platform fills a struct kmm_machine and calls kmm_boot(). From then on
 * the page API (<kmm/gfp.h>, <kmm/mm.h>) works on every CPU.
 *
 *	kmm_state_save(image)        once, before the first boot
 *	kmm_boot(&machine)           e820 -> memblock -> zones -> pages
 *	... alloc_pages() ...
 *	kmm_state_restore(image)     power-off; kmm_boot() may follow
 */
#ifndef KMM_KMM_H
#define KMM_KMM_H

#include <kmm/config.h>
#include <kmm/e820.h>
#include <kmm/numa.h>
#include <kmm/types.h>

#define KMM_VERSION "0.1.0"

/* Where the kernel's own image lies in RAM (physical, end exclusive; empty when start == end). */
struct kmm_image {
	phys_addr_t text, etext;	/* "Kernel code" */
	phys_addr_t rodata, erodata;	/* "Kernel rodata" */
	phys_addr_t data, edata;	/* "Kernel data" */
	phys_addr_t bss, ebss;		/* "Kernel bss" */
};

/* Everything the core is told about the machine. Borrowed for the time of kmm_boot() only. */
struct kmm_machine {
	const struct e820_entry
		*e820; /* as the firmware gave it: unsorted, overlapping, whatever */
	unsigned int nr_e820;
	const struct srat_mem *srat;	/* memory affinity; none: one node */
	unsigned int nr_srat;
	const u8 *slit; /* distances, nr_slit x nr_slit, row by row; NULL: 10 and 20 */
	unsigned int nr_slit;
	unsigned int nr_cpus;		/* 1 ... NR_CPUS */
	const s32 *cpu_node;		/* node of each CPU; NULL: spread evenly over the nodes */
	const char *cmdline;		/* Linux's boot parameters; NULL: none */
	struct kmm_image image;

	uintptr_t page_offset;		/* virtual address of physical 0 in the direct map */
	phys_addr_t direct_map_end;	/* RAM from here on has no direct address (high memory) */
	struct page *vmemmap; /* virtual address of the page array's entry for frame 0;
			       * NULL: no such space, the array is put in the direct map */
	uintptr_t vmemmap_end;

	/*
	 * Write "function+0x12/0x80" for a code address into buf, for reports; false: unknown. Any
	 * context; kept for the machine's life. NULL: addresses are printed as numbers.
	 */
	bool (*symbol)(uintptr_t addr, char *buf, size_t size);
};

/*
 * kmm_boot - bring up physical memory and the caches of objects on the given machine.
 * Context: one CPU, before any other function of the core; once per power-on.
 * Errors: 0, or with one pr_err() line -EINVAL when the description is unusable (no RAM, bad
 * numbers), -ENOMEM when there is too little memory for the core's own structures. The core is
 * then only fit for kmm_state_restore().
 * Source: the order of Linux's setup_arch() and mm_init().
 */
int kmm_boot(const struct kmm_machine *m) __must_check;

/*
 * kmm_state_size / kmm_state_save / kmm_state_restore - all mutable state of the
 * core outside of RAM, as one image of kmm_state_size() bytes. Save before the
 * first boot, restore to power off. RAM itself needs no clearing: the boot
 * believes nothing it finds there. Context: no other CPU in the core.
 */
size_t kmm_state_size(void);
void kmm_state_save(void *image);
void kmm_state_restore(const void *image);

extern unsigned int nr_cpu_ids;			/* CPUs of the booted machine */

#endif
