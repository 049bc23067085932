/* SPDX-License-Identifier: MIT */
/*
 * pc_place.h - what start/ did with the image; start/ writes it into the image that it has placed.
 * Laid out the same for 32 and 64 bits, since start/ is 32-bit code in both.
 *
 *	image_phys			 image_end		heap_end
 *	| text | rodata | data | init | .bss | rooms of CPUs |	heap   |
 *	mapped in one piece from image_virt on, by the first tables and by the core's
 */
#ifndef KMM_PC_PLACE_H
#define KMM_PC_PLACE_H

#include <kmm/types.h>

struct pc_place {
	u64 boot_params;		/* physical: the zero page, below 1 MiB or where the loader
					 * put it; inside what the first tables reach */
	u64 image_phys, image_end;	/* physical: from the first byte to the end of what is
					 * linked */
	u64 image_virt;			/* address of the first byte */
	u64 linked_phys, linked_virt;	/* the same as linked: nokaslr has them if it can be */
	u64 first_root;			/* physical: the first tables, in the image */
	u64 early_phys, early_size;	/* room for the core's first tables, in the image's .bss:
					 * 64 KiB at least, page aligned */
	u32 paging;			/* enum kmm_paging_mode: first tables and core alike */
	u32 cpu;			/* KMM_CPU_*, as switched on in CR4 and EFER */
	u64 tsc_protected;		/* the time stamp counter on entry to protected mode */
	u64 tsc_first_page;		/* when the core had given out its first page; by boot.c */
	u64 heap_end;			/* the heap lies behind the image, mapped as it is */
	u32 apart;			/* 1: image=apart: it runs at its physical address, in the
					 * lower half of the addresses; the core does not know of
					 * it, and has all memory that it leaves */
	u32 drawn;			/* 1: the place is random */
};
_Static_assert(sizeof(struct pc_place) == 14 * 8, "the same for 32 and 64 bits");

#endif
