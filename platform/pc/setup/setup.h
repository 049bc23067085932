/* SPDX-License-Identifier: MIT */
/*
 * setup.h - the setup code: what runs in real mode, from the loader's jump to protected mode.
 *
 *	header.S	the first sector, the header loaders read, the way into C
 *	main.c		the order of things
 *	memory.c	asks the BIOS what memory there is
 *	a20.c		opens the gate of address line 20
 *	bios.S		calls of the BIOS
 *	pmode.S		the switch to protected mode
 *
 * Compiled by gcc -m16: code for 32-bit registers that runs in 16-bit segments. All segment
 * registers hold the segment the loader chose, so a pointer is an offset below 64 KiB into it.
 * Source of the order: the Linux/x86 boot protocol and what PC BIOSes are known to want.
 */
#ifndef KMM_PC_SETUP_H
#define KMM_PC_SETUP_H

#include "../start/bootparam.h"
#include "../x86.h"

/* Registers before and after a call of the BIOS; es is the setup code's own segment. */
struct bios_regs {
	u32 eax, ebx, ecx, edx, esi, edi, flags;
};
#define BIOS_CARRY	1u		/* in flags: most calls say so that they failed */

/* bios_10 (video), bios_15 (system): the software interrupts of that number. */
void bios_10(struct bios_regs *r);
void bios_15(struct bios_regs *r);

/*
 * memory_detect - ask for the memory map in all three ways and leave the answers in the zero page,
 * as the boot protocol has them: e820_table, alt_mem_k, ext_mem_k; memory_source says which of
 * them is the best. distrust: how many of the best ways to leave out (0 ... 2).
 * memory_answer: where the BIOS writes each entry.
 */
extern struct boot_e820_entry memory_answer;
void memory_detect(struct boot_params *bp, unsigned int distrust);

/* a20_open - make address line 20 work; false: it cannot be done. */
bool a20_open(void);

/* protected_mode - enter at the 32-bit address entry, flat segments, esi = zero page (linear). */
void protected_mode(u32 entry, u32 zero_page) __noreturn;

#endif
