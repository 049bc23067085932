/* SPDX-License-Identifier: MIT */
/*
 * bootparam.h - the zero page: what a loader and the setup code hand over, in the layout of the
 * Linux/x86 boot protocol (version 2.15). Only the fields that somebody here reads or writes have
 * names. Compiled for 16, 32 and 64 bits: no pointers, no padding.
 */
#ifndef KMM_PC_BOOTPARAM_H
#define KMM_PC_BOOTPARAM_H

#include <kmm/types.h>

#define BOOT_HDR_MAGIC		0x53726448u	/* "HdrS" */
#define BOOT_MAX_E820		128		/* entries in the zero page itself */
#define BOOT_CMDLINE_SIZE	2047		/* the longest command line, its NUL not counted */

/* The header that begins at byte 0x1f1 of the image's first sector. */
struct setup_header {
	u8 setup_sects;
	u16 root_flags;
	u32 syssize;
	u16 ram_size;
	u16 vid_mode;
	u16 root_dev;
	u16 boot_flag;
	u16 jump;
	u32 header;
	u16 version;
	u32 realmode_swtch;
	u16 start_sys_seg;
	u16 kernel_version;
	u8 type_of_loader;
	u8 loadflags;
	u16 setup_move_size;
	u32 code32_start;
	u32 ramdisk_image;
	u32 ramdisk_size;
	u32 bootsect_kludge;
	u16 heap_end_ptr;
	u8 ext_loader_ver;
	u8 ext_loader_type;
	u32 cmd_line_ptr;
	u32 initrd_addr_max;
	u32 kernel_alignment;
	u8 relocatable_kernel;
	u8 min_alignment;
	u16 xloadflags;
	u32 cmdline_size;
	u32 hardware_subarch;
	u64 hardware_subarch_data;
	u32 payload_offset;
	u32 payload_length;
	u64 setup_data;
	u64 pref_address;
	u32 init_size;
	u32 handover_offset;
	u32 kernel_info_offset;
} __attribute__((packed));

struct boot_e820_entry {
	u64 addr;
	u64 size;
	u32 type;
} __attribute__((packed));

/* Who filled in the memory map; a loader leaves memory_source 0. */
enum boot_memory_source {
	MEMORY_BY_LOADER, MEMORY_BY_E820, MEMORY_BY_E801, MEMORY_BY_88
};

struct boot_params {
	u8 orig_x, orig_y;			/* 0x000: the cursor on a text screen */
	u16 ext_mem_k;				/* 0x002: INT 15h, 88h: KiB above 1 MiB */
	u8 pad1[0x070 - 0x004];
	u64 acpi_rsdp_addr;			/* 0x070 */
	u8 pad2[0x0c0 - 0x078];
	u32 ext_ramdisk_image;			/* 0x0c0: upper halves */
	u32 ext_ramdisk_size;
	u32 ext_cmd_line_ptr;
	u8 pad3[0x1e0 - 0x0cc];
	u32 alt_mem_k;				/* 0x1e0: INT 15h, E801h: KiB above 1 MiB */
	u8 pad4[0x1e8 - 0x1e4];
	u8 e820_entries;			/* 0x1e8 */
	u8 pad5[0x1ef - 0x1e9];
	u8 sentinel;				/* 0x1ef: not 0: the page was not cleared */
	u8 memory_source;			/* 0x1f0: enum boot_memory_source */
	struct setup_header hdr;		/* 0x1f1 */
	u8 pad6[0x2d0 - 0x1f1 - sizeof(struct setup_header)];
	struct boot_e820_entry e820_table[BOOT_MAX_E820];	/* 0x2d0 */
	u8 pad7[0x1000 - 0x2d0 - BOOT_MAX_E820 * sizeof(struct boot_e820_entry)];
} __attribute__((packed, aligned(4)));

/* One link of the list hdr.setup_data begins. */
struct setup_data {
	u64 next;
	u32 type;
	u32 len;				/* of the data that follow */
} __attribute__((packed));
#define SETUP_E820_EXT	1			/* more struct boot_e820_entry */

#define BOOT_FIELD_IS(field, at) \
	_Static_assert(offsetof(struct boot_params, field) == (at), #field)
BOOT_FIELD_IS(acpi_rsdp_addr, 0x070);
BOOT_FIELD_IS(ext_ramdisk_image, 0x0c0);
BOOT_FIELD_IS(alt_mem_k, 0x1e0);
BOOT_FIELD_IS(e820_entries, 0x1e8);
BOOT_FIELD_IS(hdr, 0x1f1);
BOOT_FIELD_IS(hdr.header, 0x202);
BOOT_FIELD_IS(hdr.cmd_line_ptr, 0x228);
BOOT_FIELD_IS(hdr.setup_data, 0x250);
BOOT_FIELD_IS(hdr.kernel_info_offset, 0x268);
BOOT_FIELD_IS(e820_table, 0x2d0);
_Static_assert(sizeof(struct boot_params) == 4096, "the zero page is a page");

#endif
