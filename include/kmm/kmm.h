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
	phys_addr_t init, einit;	/* given back after the boot; inside data, or apart */
};

/*
 * How the machine translates addresses. Where mode is 0, the page tables are not kmm's: RAM is
 * reached at page_offset, there is no vmalloc area, vmalloc() fails and no function of
 * "address translation" in <kmm/platform.h> is called.
 *
 * A *kernel address* is what the processor (or its model) translates, a *pointer* what this
 * program dereferences: pointer + address_bias == kernel address. On real hardware the bias is 0.
 */
enum kmm_paging_mode {		/* the values of arch/x86/pgtable.h's enum paging_mode */
	KMM_PAGING_NONE, KMM_PAGING_32, KMM_PAGING_PAE, KMM_PAGING_4LEVEL, KMM_PAGING_5LEVEL
};

#define KMM_CPU_PSE	(1u << 0)	/* 4M/2M pages */
#define KMM_CPU_PGE	(1u << 1)	/* global pages */
#define KMM_CPU_NX	(1u << 2)	/* no-execute */
#define KMM_CPU_GBPAGES	(1u << 3)	/* 1G pages */
#define KMM_CPU_PCID	(1u << 4)	/* tagged TLB entries */

struct kmm_paging {
	enum kmm_paging_mode mode;
	u32 cpu;			/* KMM_CPU_* */
	u8 phys_bits;			/* of physical addresses; 0: as many as entries hold */
	u64 address_bias;		/* added to a pointer (modulo 2^64; IA-32: 2^32) */
	u64 window_start, window_end;	/* the kernel addresses there can be; 0, 0: all */
	/*
	 * AMD64: kernel address in the text area at which the image's first byte runs, as far from
	 * a multiple of 2 MiB as its physical address is; 0: where the core likes (nothing runs
	 * there). IA-32's image runs in the direct map.
	 */
	u64 image_address;
	/*
	 * RAM that can be written before there are page tables: the first tables are put there
	 * (Linux: brk). Page aligned, at least 64 KiB; usable RAM, or part of the image.
	 */
	phys_addr_t early_phys;
	size_t early_size;
	void *early_virt;
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

	struct kmm_paging paging;

	/*
	 * Without paging: the pointer to physical 0, best a multiple of 4 MiB: frees of objects are
	 * slower where slabs do not lie at multiples of their size. With: IA-32's split, 0xc0000000
	 * (or 0), 0x80000000 or 0x40000000; not used on AMD64, where the core chooses.
	 */
	uintptr_t page_offset;
	phys_addr_t direct_map_end;	/* RAM from here on has no direct address (high memory);
					 * with paging a bound below the layout's own, 0: none */
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
