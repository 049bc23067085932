// SPDX-License-Identifier: MIT
/*
 * mm/kernel/kmap_local.c - an address for a high page, for a moment and one CPU.
 *
 *	fixmap   ... [CPU 0: 0 1 2 ... 15] [CPU 1: 0 1 2 ... 15] ...
 *	                       ^ depth: the next one made
 *
 * Each CPU has KM_MAX_IDX entries of the fixmap and uses them as a stack. Nobody else writes
 * these page-table entries or uses these addresses, so there is no lock, and only this CPU's TLB
 * has to forget one: at the unmap, so that a stray use of the old address is caught at once and
 * the next mapping has nothing to flush.
 *
 * An interrupt between any two instructions here finds the stack as it is or one deeper, and
 * leaves it so: the entry is taken before it is written and given back after it was forgotten.
 *
 * Limits: code that has local mappings stays on its CPU. Linux has them follow the task
 * (at a price when tasks are switched); here it is the caller's promise, and a mapping that is
 * undone on another CPU stops the machine.
 * Source of the idea: Linux 5.11's kmap_local by Thomas Gleixner, after Ingo Molnar's kmap_atomic.
 */
#include <kmm/highmem.h>

#include "fixmap.h"
#include "highmem.h"

struct slot {
	uintptr_t addr;			/* c: constant after the boot */
	ptep_t entry;			/* c; that translates it */
	struct kmap_stack *stack;	/* c; that it belongs to */
};

struct kmap_stack {
	struct slot *top;	/* this CPU's: of the last mapping made */
	struct slot *last;	/* c; equal to top: none left, or none at all */
} __attribute__((aligned(64)));

#define NOBODYS	1		/* as an address: of no page */
static __kmm_state u64 kernel_bits;	/* c: of an entry, PAGE_KERNEL as this CPU has it */

/* The first slot of each CPU is nobody's: the top of an empty stack. */
static __kmm_state struct kmap_stack kmap_stacks[NR_CPUS];
static __kmm_state struct slot slots[NR_CPUS][1 + KM_MAX_IDX];

static unsigned int depth_of(unsigned int cpu)
{
	const struct slot *top = kmap_stacks[cpu].top;

	return top ? (unsigned int)(top - &slots[cpu][0]) : 0;
}

unsigned int kmap_local_depth(void)
{
	return depth_of(kmm_cpu());
}

/* ---- rules broken, or nothing to do ---- */

/* A machine without high memory has no slots; but kmap_local_pfn() may ask for a low frame. */
static void __cold *no_slot(phys_addr_t phys)
{
	unsigned int cpu = kmm_cpu();

	if (depth_of(cpu))
		panic("kmap_local: CPU %u has %u local mappings, one more is too deep", cpu,
		      KM_MAX_IDX);
	if (phys >= direct_map_end)
		panic("kmap_local: no address for 0x%llx: this machine has no high memory",
		      (unsigned long long)phys);
	return __va(phys);
}

static void __noreturn __noinline __cold bad_unmap(uintptr_t addr)
{
	unsigned int slot = __virt_to_fix(addr) - kernel_layout.fix.kmap_begin, cpu = kmm_cpu();
	unsigned long long a = kernel_address(addr);

	if (slot >= kernel_layout.fix.kmap_end - kernel_layout.fix.kmap_begin)
		panic("kunmap_local(0x%llx): not an address of kmap_local_page()", a);
	if (slot / KM_MAX_IDX != cpu)
		panic("kunmap_local(0x%llx): mapped by CPU %u, unmapped by CPU %u", a,
		      slot / KM_MAX_IDX, cpu);
	if (slot % KM_MAX_IDX >= depth_of(cpu))
		panic("kunmap_local(0x%llx): not mapped (any more)", a);
	panic("kunmap_local(0x%llx): wrong order, 0x%llx was mapped after it", a,
	      (unsigned long long)kernel_address(kmap_stacks[cpu].top->addr));
}

/* ---- the pair ---- */

/* A slot more; NULL: there is none. */
static __always_inline struct slot *push_slot(void)
{
	struct kmap_stack *s = &kmap_stacks[kmm_cpu()];
	struct slot *slot = s->top;

	if (unlikely(slot == s->last))
		return NULL;
	WRITE_ONCE(s->top, ++slot);
	VM_BUG_ON(!pte_none(ptep_get(kernel_pgtable.fmt, slot->entry)));
	return slot;
}

void *kmap_local_high(phys_addr_t phys, pgprot_t prot)
{
	struct slot *slot = push_slot();

	if (unlikely(!slot))
		return no_slot(phys);
	fixmap_set_entry(slot->entry, phys | (pgprot_val(prot) & __supported_pte_mask));
	kmm_mmu_changed(slot->addr, slot->addr + PAGE_SIZE, true);
	return (void *)slot->addr;
}

void *kmap_local_high_page(const struct page *page)
{
	struct slot *slot = push_slot();

	if (unlikely(!slot))
		return no_slot(page_to_phys(page));
	if (is_narrow())
		own_pte_fill(&narrow_format, slot->entry, page, kernel_bits);
	else
		own_pte_fill(&wide_format, slot->entry, page, kernel_bits);
	kmm_mmu_changed(slot->addr, slot->addr + PAGE_SIZE, true);
	return (void *)slot->addr;
}

void kunmap_local_high(const void *virt)
{
	uintptr_t addr = (uintptr_t)virt & PAGE_MASK;
	struct slot *slot = kmap_stacks[kmm_cpu()].top;

	if (unlikely(slot->addr != addr))
		bad_unmap(addr);
	own_pte_clear(slot->entry, is_narrow());
	kmm_mmu_changed(addr, addr + PAGE_SIZE, true);
	kmm_tlb_flush_local(addr);
	WRITE_ONCE(slot->stack->top, slot - 1);
}

/* ---- the rest ---- */

void kmap_local_init(void)
{
	const struct fixmap_entries *fix = &kernel_layout.fix;
	unsigned int cpu, i, per_cpu;

	kernel_bits = pgprot_val(PAGE_KERNEL) & __supported_pte_mask;
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		unsigned int first = fix->kmap_begin + cpu * KM_MAX_IDX;
		struct slot *slot = &slots[cpu][0];

		per_cpu = first < fix->kmap_end ? KM_MAX_IDX : 0;
		slot->addr = NOBODYS;
		for (i = 1; i <= per_cpu; i++) {
			slot[i].addr = __fix_to_virt(first + i - 1);
			slot[i].entry = fixmap_pte(slot[i].addr);
			slot[i].stack = &kmap_stacks[cpu];
		}
		kmap_stacks[cpu] = (struct kmap_stack){ slot, slot + per_cpu };
	}
}

bool kmap_local_slot(uintptr_t addr, struct kmap_slot *slot)
{
	unsigned int n = __virt_to_fix(addr) - kernel_layout.fix.kmap_begin;
	pte_t e;

	if (addr - FIXADDR_START >= FIXADDR_TOP + PAGE_SIZE - FIXADDR_START ||
	    n >= kernel_layout.fix.kmap_end - kernel_layout.fix.kmap_begin || !fixmap_tables.nr)
		return false;
	e = ptep_get(kernel_pgtable.fmt, fixmap_pte(addr));
	slot->cpu = n / KM_MAX_IDX;
	slot->nr = n % KM_MAX_IDX;
	slot->mapped = pte_present(e);
	slot->pfn = PFN_DOWN(pte_phys(kernel_pgtable.fmt, e, PG_LEVEL_4K));
	return true;
}
