/* SPDX-License-Identifier: MIT */
/*
 * kmm/tlbflush.h - make TLBs forget, and say which address space a CPU runs.
 *
 * Write the page tables, then flush, then let go of what was mapped: until the flush returns, any
 * CPU may still reach the old page. mm/kernel/tlb.c tells how little has to be done for that.
 * Names, and what is counted, are Linux 6.1's for x86 (its Documentation/core-api/cachetlb.rst).
 *
 *	flush_tlb_all()                         every CPU, everything, global entries too
 *	flush_tlb_kernel_range(start, end)      every CPU, kernel addresses
 *	flush_tlb_mm(mm)                        the CPUs that run mm: all of mm's
 *	flush_tlb_mm_range(mm, start, end, ..)  the same, a range
 *	flush_tlb_range(vma, start, end), flush_tlb_page(vma, addr)
 *	local_flush_tlb(), flush_tlb_one_kernel(addr)     this CPU only
 *
 * The order around fork():
 *	flush_cache_dup_mm(parent);
 *	copy the tables, taking the write right from the parent's private writable pages;
 *	flush_tlb_mm(parent);           before the child runs or the parent goes on: a CPU that
 *	                                still could write would write the child's page too
 *	the child: mm_init_context(); nothing to flush, no CPU has ever run it.
 *
 * Context, unless said otherwise: no local section, no lock held that is taken in local sections
 * (other CPUs are waited for). Never fails. Without paging by kmm all of it does nothing.
 */
#ifndef KMM_TLBFLUSH_H
#define KMM_TLBFLUSH_H

#include <kmm/mm_types.h>
#include <kmm/pgtable_types.h>

struct page;

#define TLB_FLUSH_ALL		UINTPTR_MAX

/*
 * Ranges of more pages than this become a full flush. 33 as in Linux; tunable as
 * /sys/kernel/debug/x86/tlb_single_page_flush_ceiling.
 */
extern unsigned long tlb_single_page_flush_ceiling;

/* tlb_counted - the page tables are kmm's: /proc/vmstat has nr_tlb_*. */
bool tlb_counted(void);

void flush_tlb_all(void);

/*
 * initialize_tlbstate_and_flush - a CPU begins to use the kernel's page tables and knows nothing
 * else. The boot does it on the first CPU; each other calls it before anything else of the core.
 * This CPU.
 */
void initialize_tlbstate_and_flush(void);

/* Kernel pointers, any alignment; end exclusive, TLB_FLUSH_ALL: to the end. */
void flush_tlb_kernel_range(uintptr_t start, uintptr_t end);

/*
 * flush_tlb_mm_range - user addresses [start, end) of mm, mapped with pages of 1 << stride_shift
 * bytes; end TLB_FLUSH_ALL: all. freed_tables: page tables are about to be freed too, so that
 * CPUs which keep mm loaded lazily must let go of it now. Not for init_mm.
 */
void flush_tlb_mm_range(struct mm_struct *mm, uintptr_t start, uintptr_t end,
			unsigned int stride_shift, bool freed_tables);

static inline void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL, 0, true);
}
static inline void flush_tlb_range(const struct vm_area_struct *vma, uintptr_t start, uintptr_t end)
{
	flush_tlb_mm_range(vma->vm_mm, start, end, PAGE_SHIFT, false);
}
static inline void flush_tlb_page(const struct vm_area_struct *vma, uintptr_t addr)
{
	flush_tlb_mm_range(vma->vm_mm, addr, addr + PAGE_SIZE, PAGE_SHIFT, false);
}

/*
 * This CPU only; any context. flush_tlb_one_kernel - one kernel page (of any size) at a pointer.
 * local_flush_tlb - all that is not global, of the address space loaded. __flush_tlb_all - all.
 */
void flush_tlb_one_kernel(uintptr_t addr);
void local_flush_tlb(void);
void __flush_tlb_all(void);

/*
 * switch_mm - this CPU runs next from now on. prev is there for Linux's signature: what is loaded
 * is known here. switch_mm_irqs_off - for callers in a local section already.
 * enter_lazy_tlb - this CPU goes to run a kernel thread: mm stays loaded, flushes of it are not
 * sent here and made up for by the next switch_mm(). leave_mm - load init_mm now (deep idle).
 * Context: any; not from within a flush.
 */
void switch_mm(struct mm_struct *prev, struct mm_struct *next);
void switch_mm_irqs_off(struct mm_struct *prev, struct mm_struct *next);
void enter_lazy_tlb(struct mm_struct *mm);
void leave_mm(void);

/*
 * mm_init_context - a new address space with the root table pgd (physical), on no CPU yet.
 * mm_destroy_context - no CPU keeps it loaded lazily afterwards: its tables may be freed. The
 * caller has seen to it that none runs it.
 */
void mm_init_context(struct mm_struct *mm, phys_addr_t pgd);
void mm_destroy_context(struct mm_struct *mm);

/* current_loaded_mm - what this CPU has loaded, lazily or not: for checks. */
struct mm_struct *current_loaded_mm(void);

/*
 * Caches of data: x86's are indexed by physical address, so there is nothing to do. The calls stand
 * where other processors need them, so that callers are right everywhere.
 */
static inline void flush_cache_all(void) { }
static inline void flush_cache_mm(struct mm_struct *mm) { (void)mm; }
static inline void flush_cache_dup_mm(struct mm_struct *mm) { (void)mm; }
static inline void flush_cache_range(const struct vm_area_struct *vma, uintptr_t start,
				     uintptr_t end)
{
	(void)vma, (void)start, (void)end;
}
static inline void flush_cache_page(const struct vm_area_struct *vma, uintptr_t addr,
				    unsigned long pfn)
{
	(void)vma, (void)addr, (void)pfn;
}
static inline void flush_cache_vmap(uintptr_t start, uintptr_t end) { (void)start, (void)end; }
static inline void flush_cache_vunmap(uintptr_t start, uintptr_t end) { (void)start, (void)end; }
static inline void flush_dcache_page(struct page *page) { (void)page; }
static inline void flush_icache_range(uintptr_t start, uintptr_t end) { (void)start, (void)end; }
/* update_mmu_cache - an entry for addr has been made present: x86 finds it by itself. */
static inline void update_mmu_cache(const struct vm_area_struct *vma, uintptr_t addr,
				    const void *ptep)
{
	(void)vma, (void)addr, (void)ptep;
}

#endif
