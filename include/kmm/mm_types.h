/* SPDX-License-Identifier: MIT */
/*
 * kmm/mm_types.h - an address space, as far as its page tables and the TLBs go.
 *
 * Whoever has a struct mm_struct that is not init_mm calls mm_init_context() before the first
 * switch_mm() to it, and mm_destroy_context() when no CPU runs it any more (<kmm/tlbflush.h>).
 * Letters behind fields: c constant after mm_init_context(), a atomic, p page_table_lock.
 */
#ifndef KMM_MM_TYPES_H
#define KMM_MM_TYPES_H

#include <kmm/cpumask.h>
#include <kmm/spinlock.h>
#include <kmm/types.h>

/*
 * ctx_id: a number that no other address space ever had or will have: TLB entries are known by it.
 * tlb_gen: how often something has been changed that TLBs may remember; goes up *after* the
 * page tables have been written and *before* anybody is told to flush.
 */
typedef struct {
	u64 ctx_id;			/* c */
	u64 tlb_gen;			/* a */
} mm_context_t;

/*
 * A root other than init_mm's has the kernel's half copied from it. That is not enough for ever:
 * the kernel's own root gets an entry when an area is used for the first time (vmalloc, per-CPU
 * memory), and with two levels when a large page is split or made. Until whoever makes processes
 * copies these too, or has them all made at boot, only init_mm is to be loaded.
 */
struct mm_struct {
	phys_addr_t pgd;		/* c: the root table */
	mm_context_t context;
	struct cpumask cpu_bitmap;	/* a: CPUs that have it loaded and are told of changes */
	spinlock_t page_table_lock;	/* who makes tables, or entries that others write too */
};

#define mm_cpumask(mm)		(&(mm)->cpu_bitmap)

/* The kernel's own: no user addresses. Its tables are kernel_pgtable's (mm/kernel/internal.h). */
extern struct mm_struct init_mm;

/* A range of user addresses. What else a process's area is comes with mmap(). */
struct vm_area_struct {
	uintptr_t vm_start, vm_end;	/* end exclusive */
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
};

#endif
