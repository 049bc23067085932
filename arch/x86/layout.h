/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/layout.h - what lies where in the kernel's part of an address space: data.
 *
 * All addresses are the processor's, ends exclusive (0: the end of the address space); an area
 * that a machine does not have is empty. Computed as Linux 6.1 does; layout.c draws them.
 */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#include "arch/x86/pgtable.h"

struct area { u64 start, end; };

/* Temporary mappings of high pages a CPU can have at once (Linux's KM_MAX_IDX). */
#define KM_MAX_IDX	16
/* early_ioremap()'s: slots, and pages of each. */
#define FIX_BTMAPS_SLOTS	8
#define NR_FIX_BTMAPS		64
/*
 * The fixmap's entries of one page each, without those of kmap_local_page(); what they are
 * lists enum fixed_addresses. Counted as in Debian's kernels: local APIC, 64 or 128 IO APICs, ...
 */
#define IA32_FIXED_ENTRIES	71
#define AMD64_FIXED_ENTRIES	646

/*
 * The fixmap in entries: entry n is the page at fixmap.end - n * PAGE_SIZE, so that entry 0 begins
 * where FIXADDR_TOP points. Permanent ones, then early_ioremap()'s in one page table, then the
 * rest.
 */
struct fixmap_entries {
	unsigned int kmap_begin, kmap_end;	/* kmap_local_page()'s; may be empty */
	unsigned int permanent;			/* so many; FIXADDR_START - FIXADDR_TOP in pages */
	unsigned int btmap_end, btmap_begin;	/* lowest and highest of early_ioremap()'s */
	unsigned int total;
};

struct kernel_layout {
	struct area direct;	/* PAGE_OFFSET: RAM up to high memory, or as much as there may be */
	struct area vmalloc;	/* VMALLOC_START, VMALLOC_END */
	struct area vmemmap;	/* the page array; 64 bits only */
	struct area kasan;	/* shadow; 64 bits only, and not where bases are random */
	struct area text;	/* __START_KERNEL_map; IA-32: empty, inside the direct map */
	struct area modules;	/* IA-32: the vmalloc area */
	struct area pkmap;	/* PKMAP_BASE; AMD64: only where there is high memory */
	struct area ldt, cpu_entry, espfix;
	struct area early_ioremap;	/* FIX_BTMAP: below the fixmap's permanent part */
	struct area fixmap;	/* FIXADDR_START, FIXADDR_TOP (where the highest page begins) */
	struct fixmap_entries fix;
	unsigned int last_pkmap;	/* LAST_PKMAP: entries of pkmap */
	u64 max_phys;		/* RAM beyond has no direct address: MAXMEM */
};

struct layout_request {
	enum paging_mode mode;
	u64 page_offset;	/* IA-32's split: 0xc0000000 (0: that), 0x80000000, 0x40000000 */
	u64 vmalloc_size;	/* vmalloc=, bytes; 0: not given */
	unsigned int nr_cpus;	/* for which the fixmap is built (NR_CPUS) */
	u64 max_phys;		/* a machine's own bound of the direct map; 0: none */
	u64 window_start, window_end;	/* addresses the machine can give; 0, 0: all */
	u64 ram_end;		/* second step: highest usable address */
	u64 lowmem_end;		/* second step: high_memory, physical; 0: MAXMEM (IA-32), ram_end */
	unsigned int page_struct_size;
	bool high_memory;	/* some RAM has no direct address */
	bool randomise;
	u64 (*random)(void);
};

/*
 * x86_layout_limit - first step, before RAM is known: how much RAM can have an address (MAXMEM);
 * 0 when vmalloc= leaves less than 64 MiB.
 * x86_layout - second step: everything. 0, or -EINVAL when it does not fit (the window is too
 * small; vmalloc= leaves no low memory; RAM that must have an address has none).
 */
u64 x86_layout_limit(const struct layout_request *r);
int x86_layout(struct kernel_layout *l, const struct layout_request *r) __must_check;

#endif
