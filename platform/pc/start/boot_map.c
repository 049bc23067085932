// SPDX-License-Identifier: MIT
/*
 * boot_map.c - the zero page read. Source: the Linux/x86 boot protocol; what E801h and 88h leave
 * unsaid (memory below 1 MiB) is taken to be what every PC has.
 */
#include "boot_map.h"

#define LOW_MEMORY_END	0x9f000u
#define MIB		0x100000u

#ifdef PC_AMD64
u64 boot_reach = 0xffffffff;
#else
u64 boot_reach = 0xbfffffff;
#endif

/* Where the n-th link lies, or the one before it that is out of reach; 0: the list is shorter. */
static u64 link_at(const struct boot_params *bp, unsigned int n)
{
	u64 at = bp->hdr.setup_data;

	while (n-- && at && at <= boot_reach)
		at = ((const struct setup_data *)(uintptr_t)at)->next;
	return at;
}

const struct setup_data *boot_setup_data(const struct boot_params *bp, unsigned int n)
{
	u64 at = n < BOOT_MAX_LINKS ? link_at(bp, n) : 0;

	return at <= boot_reach ? (const void *)(uintptr_t)at : NULL;
}

u64 boot_setup_data_lost(const struct boot_params *bp)
{
	u64 at = link_at(bp, BOOT_MAX_LINKS - 1);

	return at > boot_reach ? at : 0;
}

static unsigned int take(const struct boot_e820_entry *from, unsigned int nr, struct e820_entry *e,
			 unsigned int room)
{
	unsigned int n;

	for (n = 0; n < nr && n < room; n++)
		e[n] = (struct e820_entry){ from[n].addr, from[n].size, from[n].type };
	return n;
}

/* Only a size is known. */
static unsigned int by_size(u64 kib_above_1m, struct e820_entry *e, unsigned int room)
{
	if (!kib_above_1m || room < 2)
		return 0;
	e[0] = (struct e820_entry){ 0, LOW_MEMORY_END, E820_TYPE_RAM };
	e[1] = (struct e820_entry){ MIB, kib_above_1m << 10, E820_TYPE_RAM };
	return 2;
}

void boot_clean(struct boot_params *bp)
{
	if (!bp->sentinel)
		return;
	bp->acpi_rsdp_addr = 0;
	bp->ext_ramdisk_image = bp->ext_ramdisk_size = bp->ext_cmd_line_ptr = 0;
	bp->memory_source = MEMORY_BY_LOADER;
	bp->sentinel = 0;
}

unsigned int boot_map(const struct boot_params *bp, struct e820_entry *e, unsigned int room)
{
	const struct setup_data *link;
	unsigned int n, i;

	n = min((unsigned int)bp->e820_entries, (unsigned int)BOOT_MAX_E820);
	if (!n)
		return by_size(max((u32)bp->ext_mem_k, (u32)bp->alt_mem_k), e, room);
	n = take(bp->e820_table, n, e, room);
	for (i = 0; (link = boot_setup_data(bp, i)); i++)
		if (link->type == SETUP_E820_EXT)
			n += take((const void *)(link + 1),
				  link->len / (u32)sizeof(struct boot_e820_entry), e + n, room - n);
	return n;
}

const char *boot_map_source(const struct boot_params *bp)
{
	switch (bp->memory_source) {
	case MEMORY_BY_E820:
		return "BIOS-e820";
	case MEMORY_BY_E801:
		return "BIOS-e801";
	case MEMORY_BY_88:
		return "BIOS-88";
	default:
		return "boot_params";
	}
}

u64 boot_initrd(const struct boot_params *bp, u64 *size)
{
	*size = bp->hdr.ramdisk_size | (u64)bp->ext_ramdisk_size << 32;
	return *size ? bp->hdr.ramdisk_image | (u64)bp->ext_ramdisk_image << 32 : 0;
}

u64 boot_cmdline(const struct boot_params *bp)
{
	return bp->hdr.cmd_line_ptr | (u64)bp->ext_cmd_line_ptr << 32;
}
