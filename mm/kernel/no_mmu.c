// SPDX-License-Identifier: MIT
/*
 * no_mmu.c - "address translation" of <kmm/platform.h> for machines without paging.
 *
 * Nobody calls these there, and an embedder should not have to write functions that nobody
 * calls. Each is a weak definition: a platform's own takes its place at the link. A machine
 * that says it has paging and forgets one of them is stopped with that function's name.
 */
#include <kmm/platform.h>
#include <kmm/printk.h>

#define __weak __attribute__((weak))

static void __noreturn __cold missing(const char *function)
{
	panic("the machine has page tables, but its platform has no %s()", function);
}

__weak void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	(void)root, (void)pcid, (void)keep;
	missing("kmm_mmu_load");
}

#ifndef KMM_MMU_CHANGED_INLINE
__weak void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local)
{
	(void)start, (void)end, (void)local;
	missing("kmm_mmu_changed");
}
#endif

__weak void kmm_tlb_flush_one(uintptr_t addr)
{
	(void)addr;
	missing("kmm_tlb_flush_one");
}

__weak void kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid)
{
	(void)addr, (void)pcid;
	missing("kmm_tlb_flush_user_one");
}

__weak void kmm_tlb_flush_pcid(unsigned int pcid)
{
	(void)pcid;
	missing("kmm_tlb_flush_pcid");
}

__weak void kmm_tlb_flush_all(void)
{
	missing("kmm_tlb_flush_all");
}

__weak void kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg)
{
	(void)cpus, (void)fn, (void)arg;
	missing("kmm_tlb_shootdown");
}
