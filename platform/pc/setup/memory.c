// SPDX-License-Identifier: MIT
/*
 * memory.c - what memory there is, by the BIOS. Three ways, as old as PCs are:
 *
 *	INT 15h, E820h	(1994) a list of ranges with types, one a call
 *	INT 15h, E801h	(1994) KiB from 1 to 16 MiB, and 64-KiB blocks above
 *	INT 15h, 88h	(1984) KiB above 1 MiB, 63 MiB or less
 *
 * All three are asked; start/ takes the first that answered (boot_map.c). Source: Ralf Brown's
 * interrupt list and the ACPI specification, chapter 15.
 */
#include "setup.h"

#define SMAP	0x534d4150u
#define MIB16_K	(15 * 1024)		/* KiB from 1 to 16 MiB */

struct boot_e820_entry memory_answer;

static unsigned int ask_e820(struct boot_params *bp)
{
	struct bios_regs r = { .ebx = 0 };
	unsigned int n = 0;

	do {
		r.eax = 0xe820;
		r.ecx = sizeof(memory_answer);
		r.edx = SMAP;
		r.edi = (u32)(uintptr_t)&memory_answer;
		bios_15(&r);
		if (r.flags & BIOS_CARRY)	/* how some say that there is no more */
			break;
		if (r.eax != SMAP)		/* some lose it half-way: worth nothing then */
			return 0;
		bp->e820_table[n++] = memory_answer;
	} while (r.ebx && n < BOOT_MAX_E820);
	return n;
}

static u32 ask_e801(void)
{
	struct bios_regs r = { .eax = 0xe801 };
	u32 below, blocks;

	bios_15(&r);
	if (r.flags & BIOS_CARRY)
		return 0;
	/* Two pairs of registers, "extended" and "configured"; some BIOSes fill in one. */
	below = (r.ecx | r.edx) & 0xffff ? r.ecx & 0xffff : r.eax & 0xffff;
	blocks = (r.ecx | r.edx) & 0xffff ? r.edx & 0xffff : r.ebx & 0xffff;
	if (below > MIB16_K)
		return 0;
	/* A hole below 16 MiB ends what one number can say. */
	return below == MIB16_K ? below + (blocks << 6) : below;
}

static u16 ask_88(void)
{
	struct bios_regs r = { .eax = 0x8800 };

	bios_15(&r);
	return r.flags & BIOS_CARRY ? 0 : (u16)r.eax;
}

void memory_detect(struct boot_params *bp, unsigned int distrust)
{
	bp->e820_entries = (u8)(distrust >= 1 ? 0 : ask_e820(bp));
	bp->alt_mem_k = distrust >= 2 ? 0 : ask_e801();
	bp->ext_mem_k = ask_88();
	bp->memory_source = bp->e820_entries ? MEMORY_BY_E820 :
		bp->alt_mem_k ? MEMORY_BY_E801 : MEMORY_BY_88;
}
