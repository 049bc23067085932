/* SPDX-License-Identifier: MIT */
/*
 * features.h - what the processor can, and what of it is switched on: the pure part, tested on any
 * host (tests/pc/start_test.c).
 */
#ifndef KMM_PC_START_FEATURES_H
#define KMM_PC_START_FEATURES_H

#include <kmm/types.h>

/* What CPUID said; 0 where it says nothing. */
struct cpu_features {
	u32 edx_1, ecx_1;		/* leaf 1 */
	u32 ebx_7, ecx_7;		/* leaf 7, part 0 */
	u32 edx_ext;			/* leaf 80000001h */
};

/* What the command line and the machine have to say. */
struct feature_wishes {
	bool amd64;			/* the image is a 64-bit one */
	bool no5lvl, nopae, noexec_off, nopcid, nogbpages, nosmep, nosmap;
	bool ram_above_4g;
};

/* What to switch on. */
struct cpu_choice {
	u32 paging;			/* enum kmm_paging_mode */
	u32 cpu;			/* KMM_CPU_* */
	u32 cr4;			/* without PCIDE, which can only be set in long mode */
	bool nx;			/* EFER.NXE */
	bool pcid;
};

/*
 * features_choose - NULL, or what is missing, as "a processor with ...". *choice is then unset.
 */
const char *features_choose(const struct cpu_features *f, const struct feature_wishes *w,
			    struct cpu_choice *choice);

#endif
