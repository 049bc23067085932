/* SPDX-License-Identifier: MIT */
/*
 * mm/kernel/tlb.h - what tlb.c knows of each CPU's TLB: for its own eyes, and for tests'.
 */
#ifndef MM_KERNEL_TLB_H
#define MM_KERNEL_TLB_H

#include <kmm/tlbflush.h>

/* Address spaces whose entries a CPU keeps apart: more would rarely be run again in time. */
#define TLB_NR_DYN_ASIDS	6

/* What a CPU's TLB has under one ASID: entries of ctx_id, none older than tlb_gen. */
struct tlb_context {
	u64 ctx_id;			/* 0: of nobody */
	u64 tlb_gen;
};

/* l: lock; o: written by this CPU under the lock, read by it without; a: atomic. */
struct tlb_state {
	spinlock_t lock;		/* taken in local sections */
	bool is_lazy;			/* a */
	u16 loaded_asid;		/* l */
	u16 next_asid;			/* l: given out next */
	struct mm_struct *loaded_mm;	/* l */
	struct tlb_context ctxs[TLB_NR_DYN_ASIDS];	/* l */
} ____cacheline_aligned;

extern struct tlb_state tlb_states[NR_CPUS];

/*
 * tlb_init - at boot, when kernel_pgtable has its root: every CPU is to have init_mm loaded, which
 * initialize_tlbstate_and_flush() then does.
 */
void tlb_init(u32 cpu_features);

#endif
