/* SPDX-License-Identifier: MIT */
/*
 * start.h - from protected mode to the image. start/ is a small program of its own, 32-bit code in
 * both flavours, that runs wherever the loader put it, without paging; the image follows it in
 * the file, not yet relocated.
 *
 *	the loader's	| start/ | image as linked (.bss left out) |	anywhere below 4 GiB
 *	the place	| image, relocated | .bss | heap |		found in the memory map
 *
 *	head.S		entries of 32 and 64 bits; the jump into the image
 *	main.c		the order of things
 *	boot_map.c	reads the zero page		place.c		looks for places
 *	options.c	reads the command line		features.c	reads CPUID's bits
 *	choose.c	which place it shall be		tables.c	the first page tables
 *	random.c	draws numbers			message.c	one line when it goes wrong
 *	../start64/	if the 64-bit entry was taken above 4 GiB: brings all below
 */
#ifndef KMM_PC_START_H
#define KMM_PC_START_H

#include "boot_map.h"
#include "features.h"
#include "image.h"
#include "options.h"
#include "pc_place.h"
#include "place.h"

/* What the processor is given when the image begins; head.S knows the offsets. */
struct start_jump {
	u64 entry;
	u32 cr3, cr4;
	u32 long_mode, nx, pcid;
};
_Static_assert(offsetof(struct start_jump, pcid) == 24, "head.S knows the offsets");

void start_main(struct boot_params *bp, char *load);
/* start_jump - into the image. Does not return. */
void start_jump(const struct start_jump *j) __noreturn;

/* stop - one line on screen and serial line, then nothing more. */
void stop(const struct boot_params *bp, const char *text, const char *more) __noreturn;

/* random_number - 32 bits nobody knows beforehand, as far as this machine can. */
u32 random_number(const struct cpu_features *f, const struct boot_params *bp);

#endif
