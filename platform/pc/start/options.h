/* SPDX-License-Identifier: MIT */
/*
 * options.h - what start/ wants to know of the command line. Pure; tested by
 * tests/pc/place_test.c. What follows " -- " is the program's and is not looked at.
 */
#ifndef KMM_PC_START_OPTIONS_H
#define KMM_PC_START_OPTIONS_H

#include <kmm/types.h>

#include "place.h"

#define OPTIONS_MAX_MEMMAP	8

struct start_options {
	bool nokaslr;			/* also by any memmap=, as they move memory around */
	bool apart;			/* image=apart */
	bool no5lvl, nopae, noexec_off, nopcid, nogbpages, nosmep, nosmap;
	u64 mem;			/* mem=; ~0: not given */
	u64 vmalloc;			/* vmalloc=; 0: not given */
	u64 highmem;			/* highmem=; 0: not given */
	u64 heap;			/* heap=; ~0: not given */
	struct place_range memmap[OPTIONS_MAX_MEMMAP];	/* memmap=N$S, N#S, N!S: no RAM */
	unsigned int nr_memmap;
};

void options_read(struct start_options *o, const char *cmdline);

#endif
