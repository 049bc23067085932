/* SPDX-License-Identifier: MIT */
/*
 * kmm/stack.h - kernel stacks: of threads, and of each CPU's interrupts and exceptions.
 *
 *	never mapped   base                                        base + size   never mapped
 *	| guard page  | 0x57AC6E9D ... zeroes ...  <--- grows down ---  | guard page |
 *
 * Where the page tables are kmm's a stack lies in vmalloc space, and running over its end stops the
 * machine with a line that names it: "BUG: TASK stack guard page was hit at ...". Elsewhere it is a
 * block of pages, and only the magic number at its end tells, later.
 *
 * Stacks are zeroed, also those used before. Names: Linux 6.1 (kernel/fork.c, sched/task_stack.h).
 */
#ifndef KMM_STACK_H
#define KMM_STACK_H

#include <kmm/config.h>
#include <kmm/types.h>

/* Pages of a thread's stack, as a power of two: 16 KiB on AMD64, 8 KiB on IA-32, as Linux's. */
#ifndef KMM_THREAD_SIZE_ORDER
#if UINTPTR_MAX > 0xffffffffu
#define KMM_THREAD_SIZE_ORDER	2
#else
#define KMM_THREAD_SIZE_ORDER	1
#endif
#endif
#define THREAD_SIZE_ORDER	KMM_THREAD_SIZE_ORDER
#define THREAD_SIZE		(PAGE_SIZE << THREAD_SIZE_ORDER)
#define MAX_STACK_ORDER		2
#define THREAD_ALIGN		PAGE_SIZE	/* nobody finds a stack by masking a pointer */

#define STACK_END_MAGIC		0x57AC6E9D
#define NR_CACHED_STACKS	2		/* per CPU */

struct vm_struct;

/* A stack, in the structure of whoever runs on it. base NULL: none. */
struct kernel_stack {
	void *base;			/* lowest byte */
	struct vm_struct *vm;		/* its addresses and pages; NULL: pages of the direct map */
	unsigned int order;
};

static inline size_t stack_size(const struct kernel_stack *s)
{
	return PAGE_SIZE << s->order;
}
/* stack_top - where the stack pointer starts. */
static inline uintptr_t stack_top(const struct kernel_stack *s)
{
	return (uintptr_t)s->base + stack_size(s);
}

/*
 * alloc_thread_stack - a stack of 1 << order pages (THREAD_SIZE_ORDER, or 0 ... MAX_STACK_ORDER)
 * for *s, from those this CPU keeps or new, with memory of a node. -ENOMEM. Process context.
 * free_thread_stack - its end; the CPU keeps up to NR_CACHED_STACKS. None may run on it. s->base
 * may be NULL. Process context.
 * free_stack_cache - give back what the CPUs keep. Process context, no lock held.
 */
int alloc_thread_stack(struct kernel_stack *s, unsigned int order, int node) __must_check;
void free_thread_stack(struct kernel_stack *s);
void free_stack_cache(void);

/*
 * task_stack_end_corrupted - has the magic number at the stack's end been overwritten?
 * stack_not_used - bytes next to the end that no one has ever written. Any context.
 */
bool task_stack_end_corrupted(const struct kernel_stack *s);
size_t stack_not_used(const struct kernel_stack *s);

/*
 * A CPU's own stacks: of interrupts, and of the exceptions that may come when the stack in use is
 * no good. IA-32's processor switches to another stack for double faults only.
 * cpu_stack - NULL base where the machine has none of this kind, or its page tables are not kmm's.
 */
enum cpu_stack_kind {
	STACK_IRQ, STACK_SOFTIRQ, STACK_DF, STACK_NMI, STACK_DB, STACK_MCE, NR_CPU_STACKS
};
const struct kernel_stack *cpu_stack(unsigned int cpu, enum cpu_stack_kind kind);

/* kernel_stack_kb - KiB in use as threads' stacks, of a node; NUMA_NO_NODE: of all nodes. */
unsigned long kernel_stack_kb(int node);

#endif
