// SPDX-License-Identifier: MIT
/*
 * stack.c - kernel stacks.
 *
 *	vm->addr     base                       base + size
 *	 |   guard   |  page  |  page  |   guard   |          a vmalloc area, VM_KERNEL_STACK
 *
 * vmalloc's areas have a guard page behind them. A stack grows down, so it needs one in front:
 * the area is a page larger than the stack, and its first page is never mapped. (Linux relies on
 * the guard page of the area below; but not every area has one.) The area's vm_struct owns the
 * pages: vfree() ends all.
 *
 * Making one costs addresses, pages, page tables and later a share of a TLB flush, so each CPU
 * keeps NR_CACHED_STACKS that were freed on it and hands them out again, cleared. One slot is one
 * vm_struct; its own CPU uses them, in local sections. free_stack_cache() asks each CPU for its
 * own.
 *
 * Without paging a stack is a block of pages, and nothing is kept.
 *
 * CPUs' own stacks are made at boot. They have no magic number: nobody looks.
 *
 * What is counted (KernelStack) is what threads have; neither what is kept nor CPUs' own. As in
 * Linux.
 *
 * Looking up the stack at an address (oopses) goes through vmalloc's tree, whose lock may be held
 * by the code that faulted: it is tried for a while, then done without.
 *
 * Source of the idea: A. Lutomirski's CONFIG_VMAP_STACK.
 */
#include <kmm/errno.h>
#include <kmm/numa.h>
#include <kmm/vmalloc.h>

#include "internal.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "stack.h"
#include "vmap_area.h"

#define STACK_GFP	(GFP_KERNEL | __GFP_ZERO)
#define MOST_PAGES	(1u << MAX_STACK_ORDER)
#define LOCK_TRIES	1000u

_Static_assert(MOST_PAGES <= VM_FEW_PAGES, "a vm_struct holds a stack's pages itself");
_Static_assert(THREAD_SIZE_ORDER <= MAX_STACK_ORDER, "an order that there is");

static __kmm_state struct vm_struct *kept[NR_CPUS][NR_CACHED_STACKS];	/* own CPU, local section */
static __kmm_state struct kernel_stack cpu_stacks[NR_CPUS][NR_CPU_STACKS];	/* c after boot */
static __kmm_state unsigned long stack_kb[MAX_NUMNODES];	/* a */

/* ---- one stack ---- */

static uintptr_t vm_base(const struct vm_struct *vm)
{
	return (uintptr_t)vm->addr + PAGE_SIZE;
}

static size_t vm_stack_size(const struct vm_struct *vm)
{
	return (size_t)vm->nr_pages << PAGE_SHIFT;
}

/* An area for a stack, with its pages, not mapped yet; NULL: no memory. */
static struct vm_struct *stack_area(unsigned int nr, int node, const void *caller)
{
	struct vm_struct *vm = get_vm_area_caller((nr + 1ul) << PAGE_SHIFT,
						  VM_ALLOC | VM_KERNEL_STACK, caller);
	struct page *page;

	if (!vm)
		return NULL;
	WRITE_ONCE(vm->pages, vm->few);
	while (vm->nr_pages < nr) {
		page = alloc_pages_node(node, STACK_GFP | __GFP_HIGHMEM, 0);
		if (!page)
			break;
		vm->few[vm->nr_pages] = page;
		WRITE_ONCE(vm->nr_pages, vm->nr_pages + 1);
	}
	vmalloc_account(vm->nr_pages);
	if (vm->nr_pages == nr)
		return vm;
	vfree(vm->addr);
	return NULL;
}

static struct vm_struct *new_stack(unsigned int order, int node, const void *caller)
{
	struct vm_struct *vm = stack_area(1u << order, node, caller);

	if (!vm)
		return NULL;
	if (vmap_pages_range_noflush(vm_base(vm), vm_base(vm) + vm_stack_size(vm), PAGE_KERNEL,
				     vm->few, PAGE_SHIFT)) {
		vfree(vm->addr);
		return NULL;
	}
	return vm;
}

/* ---- what CPUs keep ---- */

static struct vm_struct *take_kept(unsigned int order)
{
	unsigned long flags = kmm_local_irq_save();
	struct vm_struct **slot = kept[kmm_cpu()], *vm = NULL;
	unsigned int i;

	for (i = 0; i < NR_CACHED_STACKS && !vm; i++)
		if (slot[i] && slot[i]->nr_pages == 1u << order) {
			vm = slot[i];
			WRITE_ONCE(slot[i], NULL);
		}
	kmm_local_irq_restore(flags);
	return vm;
}

static bool keep(struct vm_struct *vm)
{
	unsigned long flags = kmm_local_irq_save();
	struct vm_struct **slot = kept[kmm_cpu()];
	bool done = false;
	unsigned int i;

	for (i = 0; i < NR_CACHED_STACKS && !done; i++)
		if (!slot[i]) {
			WRITE_ONCE(slot[i], vm);
			done = true;
		}
	kmm_local_irq_restore(flags);
	return done;
}

/* On the CPU whose stacks they are: they move to the list at *arg, to be freed outside. */
static void give_up_kept(void *arg)
{
	unsigned long flags = kmm_local_irq_save();
	struct vm_struct **slot = kept[kmm_cpu()], **list = arg;
	unsigned int i;

	for (i = 0; i < NR_CACHED_STACKS; i++)
		if (slot[i]) {
			slot[i]->next = *list;
			*list = slot[i];
			WRITE_ONCE(slot[i], NULL);
		}
	kmm_local_irq_restore(flags);
}

void free_stack_cache(void)
{
	struct vm_struct *list = NULL, *next;
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		(void)!kmm_cpu_call(cpu, give_up_kept, &list);
	for (; list; list = next) {
		next = list->next;
		vfree(list->addr);
	}
}

/* ---- threads' stacks ---- */

static void account(const struct kernel_stack *s, bool add)
{
	const unsigned long page_kb = PAGE_SIZE >> 10;
	unsigned int i;

	for (i = 0; i < 1u << s->order; i++) {
		struct page *page = s->vm ? s->vm->few[i] : virt_to_page(s->base) + i;

		__atomic_fetch_add(&stack_kb[page_to_nid(page)], add ? page_kb : -page_kb,
				   __ATOMIC_RELAXED);
	}
}

static void set_end_magic(const struct kernel_stack *s)
{
	*(unsigned long *)s->base = STACK_END_MAGIC;
}

static bool from_vmalloc(struct kernel_stack *s, int node, const void *caller)
{
	s->vm = take_kept(s->order);
	if (s->vm)
		memset((void *)vm_base(s->vm), 0, vm_stack_size(s->vm));
	else
		s->vm = new_stack(s->order, node, caller);
	s->base = s->vm ? (void *)vm_base(s->vm) : NULL;
	return s->base;
}

static bool from_pages(struct kernel_stack *s, int node)
{
	struct page *page = alloc_pages_node(node, STACK_GFP, s->order);

	s->base = page ? page_address(page) : NULL;
	return s->base;
}

int alloc_thread_stack(struct kernel_stack *s, unsigned int order, int node)
{
	const void *caller = __builtin_return_address(0);

	KMM_BUG_ON(order > MAX_STACK_ORDER);
	*s = (struct kernel_stack){ .order = order };
	if (kernel_paging ? !from_vmalloc(s, node, caller) : !from_pages(s, node))
		return -ENOMEM;
	set_end_magic(s);
	account(s, true);
	return 0;
}

void free_thread_stack(struct kernel_stack *s)
{
	if (!s->base)
		return;
	account(s, false);
	if (!s->vm)
		__free_pages(virt_to_page(s->base), s->order);
	else if (!keep(s->vm))
		vfree(s->vm->addr);
	*s = (struct kernel_stack){ .base = NULL };
}

bool task_stack_end_corrupted(const struct kernel_stack *s)
{
	return *(const unsigned long *)s->base != STACK_END_MAGIC;
}

size_t stack_not_used(const struct kernel_stack *s)
{
	const unsigned long *end = s->base, *top = (const unsigned long *)stack_top(s);
	const unsigned long *p = end + 1;

	while (p < top && !*p)
		p++;
	return (size_t)(p - end) * sizeof(*p);
}

unsigned long kernel_stack_kb(int node)
{
	unsigned long sum = 0;
	int nid;

	if (node != NUMA_NO_NODE)
		return READ_ONCE(stack_kb[node]);
	for (nid = 0; nid < MAX_NUMNODES; nid++)
		sum += READ_ONCE(stack_kb[nid]);
	return sum;
}

/* ---- CPUs' stacks ---- */

static const struct cpu_stack_type {
	const char *name;
	int order64, order32;		/* -1: the processor does not switch to one */
} cpu_stack_types[NR_CPU_STACKS] = {
	[STACK_IRQ] = { "IRQ", 2, 1 }, [STACK_SOFTIRQ] = { "SOFTIRQ", -1, 1 },
	[STACK_DF] = { "#DF", 1, 0 }, [STACK_NMI] = { "NMI", 1, -1 },
	[STACK_DB] = { "#DB", 1, -1 }, [STACK_MCE] = { "#MC", 1, -1 },
};

static int cpu_stack_order(unsigned int kind)
{
	const struct cpu_stack_type *t = &cpu_stack_types[kind];

	return sizeof(void *) == 8 ? t->order64 : t->order32;
}

static int alloc_cpu_stacks(unsigned int cpu)
{
	unsigned int kind;

	for (kind = 0; kind < NR_CPU_STACKS; kind++) {
		struct kernel_stack *s = &cpu_stacks[cpu][kind];
		int order = cpu_stack_order(kind);

		if (order < 0)
			continue;
		s->order = (unsigned int)order;
		s->vm = new_stack(s->order, cpu_to_node(cpu), stack_init);
		if (!s->vm)
			return -ENOMEM;
		s->base = (void *)vm_base(s->vm);
	}
	return 0;
}

int stack_init(void)
{
	unsigned int cpu;

	for (cpu = 0; kernel_paging && cpu < nr_cpu_ids; cpu++)
		if (alloc_cpu_stacks(cpu)) {
			pr_err("no memory for the interrupt stacks of CPU %u", cpu);
			return -ENOMEM;
		}
	return 0;
}

const struct kernel_stack *cpu_stack(unsigned int cpu, enum cpu_stack_kind kind)
{
	return &cpu_stacks[cpu][kind];
}

/* ---- for oopses ---- */

/* The stack whose area addr lies in: a copy of its vm_struct's figures. */
struct found_stack {
	uintptr_t begin, end;
	const void *caller;
};

static bool find_stack(uintptr_t addr, struct found_stack *found)
{
	unsigned long flags = kmm_local_irq_save();
	const struct vmap_area *va = NULL;
	unsigned int tries = 0;
	bool is_stack = false;

	while (!spin_trylock(&vmap_busy_lock) && ++tries < LOCK_TRIES)
		kmm_cpu_relax();
	if (tries < LOCK_TRIES) {
		va = find_vmap_area(addr);
		is_stack = va && !va->flags && va->vm->flags & VM_KERNEL_STACK;
		if (is_stack)
			*found = (struct found_stack){
				vm_base(va->vm), vm_base(va->vm) + vm_stack_size(va->vm),
				va->vm->caller,
			};
		spin_unlock(&vmap_busy_lock);
	}
	kmm_local_irq_restore(flags);
	return is_stack;
}

static const char *stack_name(uintptr_t begin, unsigned int *cpu)
{
	unsigned int kind;

	for (*cpu = 0; *cpu < nr_cpu_ids; ++*cpu)
		for (kind = 0; kind < NR_CPU_STACKS; kind++)
			if ((uintptr_t)cpu_stacks[*cpu][kind].base == begin)
				return cpu_stack_types[kind].name;
	return "TASK";
}

/* The CPU that keeps this stack, which nobody uses; nr_cpu_ids: none. */
static unsigned int keeper_of(uintptr_t begin)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (i = 0; i < NR_CACHED_STACKS; i++) {
			const struct vm_struct *vm = READ_ONCE(kept[cpu][i]);

			if (vm && vm_base(vm) == begin)
				return cpu;
		}
	return nr_cpu_ids;
}

bool stack_guard_hit(uintptr_t addr, struct stack_info *info)
{
	struct found_stack found;
	unsigned int cpu;

	if (!kernel_paging || !find_stack(addr, &found) || addr >= found.begin)
		return false;
	*info = (struct stack_info){ stack_name(found.begin, &cpu), found.begin, found.end };
	return true;
}

bool current_stack_end_corrupted(uintptr_t sp)
{
	struct found_stack found;
	unsigned int cpu;

	if (!kernel_paging || !sp || !find_stack(sp, &found) || sp < found.begin ||
	    stack_name(found.begin, &cpu)[0] != 'T')
		return false;
	return *(const unsigned long *)found.begin != STACK_END_MAGIC;
}

/* "in the guard page below the #DF stack 0x...-0x... (8 KiB), of CPU 1" */
bool stack_describe(uintptr_t addr, char *buf, size_t size)
{
	struct found_stack found;
	char caller[128], owner[160];
	const char *name, *where;
	unsigned int cpu, keeper;

	if (!kernel_paging || !find_stack(addr, &found))
		return false;
	name = stack_name(found.begin, &cpu);
	keeper = keeper_of(found.begin);
	where = addr < found.begin ? "in the guard page below" :
		addr >= found.end ? "in the guard page above" : "in";
	if (cpu < nr_cpu_ids)
		scnprintf(owner, sizeof(owner), "of CPU %u", cpu);
	else if (keeper < nr_cpu_ids)
		scnprintf(owner, sizeof(owner), "in no use, kept by CPU %u", keeper);
	else
		scnprintf(owner, sizeof(owner), "allocated by %s",
			  symbol_text((uintptr_t)found.caller, caller, sizeof(caller)));
	scnprintf(buf, size, "%s the %s stack 0x%llx-0x%llx (%lu KiB), %s", where, name,
		  (unsigned long long)kernel_address(found.begin),
		  (unsigned long long)kernel_address(found.end),
		  (unsigned long)(found.end - found.begin) >> 10, owner);
	return true;
}
