/* SPDX-License-Identifier: MIT */
/*
 * image.h - what the image says of itself in its first bytes, by pc.ld: offsets from there.
 */
#ifndef KMM_PC_START_IMAGE_H
#define KMM_PC_START_IMAGE_H

#include <kmm/types.h>

#define IMAGE_MAGIC	0x4d4d4b01u

struct image_head {
	u32 magic;
	u32 entry;
	u32 bss, bss_end;		/* to be cleared; before it lies what the file has */
	u32 end;
	u32 relocs, relocs_end;		/* the linker's list, see relocate() */
	u32 tables, early, early_end, place;	/* pc_first_tables, pc_early, pc_place */
	u32 linked_phys;
	u64 linked_virt;
};

#endif
