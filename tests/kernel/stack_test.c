// SPDX-License-Identifier: MIT
/*
 * stack_test.c - kernel stacks: what they are made of, kept and given back, and what is said when
 * one is too small. Code really runs on them (makecontext()), until it runs over their end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include <kmm/fault_inject.h>
#include <kmm/stack.h>

#include "mm/kernel/stack.h"
#include "tests/kernel/vmalloc_machine.h"

#define STACK_MACHINE(...) VMALLOC_MACHINE_ON(.mem = 64 * MIB, __VA_ARGS__)

static bool is_mapped(uintptr_t addr)
{
	enum pg_level level;
	ptep_t p = lookup_address(addr, &level);

	return pte_present(ptep_get(kernel_pgtable.fmt, p));
}

static unsigned long not_zero(const void *from, size_t size)
{
	const unsigned long *p = from;
	unsigned long n = 0;
	size_t i;

	for (i = 0; i < size / sizeof(*p); i++)
		n += p[i] != 0;
	return n;
}

static long file_number(const char *path, const char *name)
{
	char *text = malloc(INTROSPECT_MAX), *at;
	long value = -1;

	if (introspect_read_text(path, text, INTROSPECT_MAX) > 0) {
		at = strstr(text, name);
		value = at ? atol(at + strlen(name)) : -1;
	}
	free(text);
	return value;
}

/* --- what they are --- */

static void check_new(const struct kernel_stack *s, unsigned int order)
{
	uintptr_t base = (uintptr_t)s->base, top = stack_top(s), at;
	unsigned int unmapped = 0;

	is_int(top - base, PAGE_SIZE << order, "order %u: its size", order);
	ok(IS_ALIGNED(base, THREAD_ALIGN) && is_vmalloc_addr(s->base), "in vmalloc space");
	ok(!is_mapped(base - PAGE_SIZE) && !is_mapped(top), "a guard page on both sides");
	for (at = base; at < top; at += PAGE_SIZE)
		unmapped += !is_mapped(at) ||
			    vmalloc_to_page((void *)at) != s->vm->few[(at - base) / PAGE_SIZE];
	is_int(unmapped, 0, "its pages between them");
	is_int(not_zero((char *)s->base + sizeof(long), (PAGE_SIZE << order) - sizeof(long)), 0,
	       "zeroed");
	is_int(*(unsigned long *)s->base, STACK_END_MAGIC, "with the magic number at its end");
	ok(!task_stack_end_corrupted(s), "which is in order");
	is_int(stack_not_used(s), PAGE_SIZE << order, "nothing of it is used");
}

static void test_new(void)
{
	struct kernel_stack s[MAX_STACK_ORDER + 1];
	unsigned long kb = 0;
	unsigned int order;

	if (!STACK_MACHINE(.nodes = 2))
		return;
	is_int(kernel_stack_kb(NUMA_NO_NODE), 0, "no thread has a stack yet");
	for (order = 0; order <= MAX_STACK_ORDER; order++) {
		is_int(alloc_thread_stack(&s[order], order, 1), 0, "order %u", order);
		check_new(&s[order], order);
		is_int(page_to_nid(s[order].vm->few[0]), 1, "from the node that was asked for");
		kb += 4ul << order;
		is_int(kernel_stack_kb(1), kb, "counted for the node");
	}
	is_int(kernel_stack_kb(0), 0, "and for no other");
	is_int(file_number("/proc/meminfo", "KernelStack:"), (long)kb, "KernelStack in meminfo");
	is_int(file_number("/proc/vmstat", "nr_kernel_stack"), (long)kb, "nr_kernel_stack");
	is_int(file_number("/sys/devices/system/node/node1/meminfo", "KernelStack:"), (long)kb,
	       "KernelStack of the node");
	for (order = 0; order <= MAX_STACK_ORDER; order++) {
		((unsigned long *)s[order].base)[8] = 1;
		is_int(stack_not_used(&s[order]), 8 * sizeof(long), "the high-water mark");
		((unsigned long *)s[order].base)[0] = 1;
		ok(task_stack_end_corrupted(&s[order]), "a damaged end is seen");
		free_thread_stack(&s[order]);
		ok(!s[order].base, "freed");
	}
	is_int(kernel_stack_kb(NUMA_NO_NODE), 0, "no thread has a stack any more");
	free_thread_stack(&s[0]);
	pass("freeing none is nothing");
}

static void test_cpu_stacks(void)
{
	const bool wide = sizeof(void *) == 8;
	unsigned int cpu, kind, unguarded = 0, n = 0;
	const struct kernel_stack *s;

	if (!STACK_MACHINE(.cpus = 3))
		return;
	for (cpu = 0; cpu < 3; cpu++)
		for (kind = 0; kind < NR_CPU_STACKS; kind++) {
			s = cpu_stack(cpu, kind);
			if (!s->base)
				continue;
			n++;
			unguarded += is_mapped((uintptr_t)s->base - PAGE_SIZE) ||
				     is_mapped(stack_top(s)) || !is_mapped(stack_top(s) - 1);
		}
	is_int(n, wide ? 15 : 9, "three CPUs have these stacks of their own");
	is_int(unguarded, 0, "all guarded");
	is_int(stack_size(cpu_stack(2, STACK_IRQ)), wide ? 16384 : 8192, "for interrupts");
	is_int(stack_size(cpu_stack(0, STACK_DF)), wide ? 8192 : 4096, "for double faults");
	ok(!cpu_stack(0, STACK_SOFTIRQ)->base == wide, "IA-32: for softirqs");
	is_int(kernel_stack_kb(NUMA_NO_NODE), 0, "they are not counted, as in Linux");
}

/* --- what CPUs keep --- */

static void test_kept(void)
{
	struct kernel_stack s[4];
	struct vmalloc_state then;
	void *base[4];
	unsigned int i;

	if (!STACK_MACHINE(.cpus = 2))
		return;
	then = vmalloc_state();
	for (i = 0; i < 4; i++) {
		ok(!alloc_thread_stack(&s[i], THREAD_SIZE_ORDER, NUMA_NO_NODE), "stack %u", i);
		base[i] = s[i].base;
		memset(base[i], 0x5a, THREAD_SIZE);
	}
	for (i = 0; i < 3; i++)
		free_thread_stack(&s[i]);
	is_int(count_areas().busy, then.busy + 3, "of three freed two are kept");
	is_int(kernel_stack_kb(NUMA_NO_NODE), THREAD_SIZE >> 10, "which are not counted");
	host_set_cpu(1);
	ok(!alloc_thread_stack(&s[0], THREAD_SIZE_ORDER, NUMA_NO_NODE) && s[0].base != base[0] &&
	   s[0].base != base[1], "not by another CPU");
	free_thread_stack(&s[0]);
	host_set_cpu(0);
	ok(!alloc_thread_stack(&s[0], 0, NUMA_NO_NODE) && s[0].base != base[0] &&
	   s[0].base != base[1], "and not given out as smaller ones");
	free_thread_stack(&s[0]);
	for (i = 0; i < 2; i++)
		ok(!alloc_thread_stack(&s[i], THREAD_SIZE_ORDER, NUMA_NO_NODE) &&
		   (s[i].base == base[0] || s[i].base == base[1]), "they are given out again");
	ok(s[0].base != s[1].base, "once each");
	is_int(not_zero((char *)s[0].base + sizeof(long), THREAD_SIZE - sizeof(long)), 0, "zeroed");
	ok(!task_stack_end_corrupted(&s[0]), "with the magic number");
	for (i = 0; i < 4; i++)
		if (i != 2)
			free_thread_stack(&s[i]);
	free_stack_cache();
	nothing_left(&then, 8, "what all CPUs kept");
}

/* Every allocation inside is made to fail in turn. */
static void test_failing(void)
{
	struct vmalloc_state then;
	struct kernel_stack s;
	unsigned int i, failures = 0, wrong = 0;
	int err = -1;

	if (!STACK_MACHINE())
		return;
	ok(!alloc_thread_stack(&s, 2, NUMA_NO_NODE), "once, so that tables are there");
	free_thread_stack(&s);
	free_stack_cache();
	then = vmalloc_state();
	for (i = 0; i < 64 && err; i++) {
		fail_page_alloc.attr = (struct fault_attr){ .probability = 100, .interval = 1,
							    .times = 1, .space = i * PAGE_SIZE };
		fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
		fail_page_alloc.min_order = 0;
		fail_page_alloc_changed();
		err = alloc_thread_stack(&s, 2, NUMA_NO_NODE);
		failures += err == -ENOMEM;
		wrong += err && err != -ENOMEM;
		wrong += err && s.base;
		fail_page_alloc.attr.probability = 0;
		fail_page_alloc_changed();
		if (err)
			wrong += !nothing_left(&then, 4, "a page allocation failed");
	}
	ok(!err && failures >= 4, "%u allocations failed, then none was left to fail", failures);
	is_int(wrong, 0, "-ENOMEM, and nothing is kept");
	free_thread_stack(&s);
	failslab.attr = (struct fault_attr){ .probability = 100, .interval = 1, .times = 1 };
	failslab.ignore_gfp_reclaim = false;
	failslab_changed();
	free_stack_cache();
	is_int(alloc_thread_stack(&s, 0, NUMA_NO_NODE), -ENOMEM, "no vm_struct: -ENOMEM");
	failslab.attr.probability = 0;
	failslab_changed();
	nothing_left(&then, 4, "a failed vm_struct");
}

static void test_without_paging(void)
{
	enum paging_mode paging;
	struct kernel_stack s;
	unsigned long before;
	unsigned int order;

	if (!STACK_MACHINE())
		return;
	paging = kernel_paging;
	kernel_paging = PAGING_NONE;	/* for stack.c */
	drain_all_pages(NULL);
	before = nr_free_pages();
	for (order = 0; order <= MAX_STACK_ORDER; order++) {
		ok(!alloc_thread_stack(&s, order, NUMA_NO_NODE) && !s.vm, "no paging: order %u",
		   order);
		ok(s.base == page_address(virt_to_page(s.base)), "in the direct map");
		is_int(kernel_stack_kb(NUMA_NO_NODE), 4 << order, "counted");
		is_int(stack_not_used(&s), PAGE_SIZE << order, "zeroed");
		free_thread_stack(&s);
	}
	drain_all_pages(NULL);
	is_int(nr_free_pages(), before, "given back at once");
	kernel_paging = paging;
}

/* --- running on them --- */

static ucontext_t back;
static volatile unsigned int depth_reached;
static unsigned int depth_wanted;

/*
 * A function that needs stack, not to be made a loop of. AddressSanitizer would remember its
 * frames when it never returns.
 */
__attribute__((no_sanitize("address"))) static __noinline unsigned int deeper(unsigned int n)
{
	volatile unsigned char room[200];
	unsigned int i, sum = 0;

	for (i = 0; i < sizeof(room); i++)
		room[i] = (unsigned char)(n + i);
	depth_reached = n;
	if (n < depth_wanted)
		sum = deeper(n + 1);
	return sum + room[n % sizeof(room)];
}

static void on_stack(void)
{
	deeper(0);
}

/* Call deeper() to a depth, on that stack. */
static void run_on(const struct kernel_stack *s, unsigned int depth)
{
	ucontext_t there;

	depth_wanted = depth;
	getcontext(&there);
	there.uc_stack.ss_sp = s->base;
	there.uc_stack.ss_size = stack_size(s);
	there.uc_link = &back;
	makecontext(&there, on_stack, 0);
	swapcontext(&back, &there);
}

static void test_run(void)
{
	struct kernel_stack s;
	size_t before;

	if (!STACK_MACHINE())
		return;
	if (alloc_thread_stack(&s, 2, NUMA_NO_NODE)) {
		fail("a stack");
		return;
	}
	run_on(&s, 4);
	is_int(depth_reached, 4, "code runs on it");
	before = stack_not_used(&s);
	ok(before < stack_size(&s) && before > 4096, "%lu bytes are unused", (unsigned long)before);
	run_on(&s, 12);
	ok(stack_not_used(&s) < before - 1600, "and fewer the deeper it goes: %lu",
	   (unsigned long)stack_not_used(&s));
	ok(!task_stack_end_corrupted(&s), "the end is untouched");
	free_thread_stack(&s);
}

static void show_report(void)
{
	const char *report = strstr(host_dmesg(), "BUG:");

	diag("%s", report ? report : "no report");
}

static void overflow(void *stack)
{
	run_on(stack, 100000);
}

static void test_overflow_of(unsigned int order)
{
	struct kernel_stack s;
	char line[128];

	if (!STACK_MACHINE())
		return;
	if (alloc_thread_stack(&s, order, NUMA_NO_NODE)) {
		fail("a stack");
		return;
	}
	ok(stops(overflow, &s), "order %u: running over the end stops the machine", order);
	ok(depth_reached > (PAGE_SIZE << order) / 1000 &&
	   depth_reached < (PAGE_SIZE << order) / 150, "after %u calls", depth_reached);
	snprintf(line, sizeof(line), "(stack is %0*llx..%0*llx)", 2 * (int)sizeof(void *),
		 (unsigned long long)kernel_address((uintptr_t)s.base), 2 * (int)sizeof(void *),
		 (unsigned long long)kernel_address(stack_top(&s)));
	ok(log_says("BUG: TASK stack guard page was hit at "), "it says which kind");
	ok(log_says(line), "and where the stack is");
	ok(log_says("stack guard page: 0000 [#1] SMP"), "as Linux does");
	ok(log_says("Kernel panic - not syncing: TASK stack guard hit"), "to the end");
	snprintf(line, sizeof(line), "is in the guard page below the TASK stack 0x%llx-0x%llx "
		 "(%u KiB), allocated by ",
		 (unsigned long long)kernel_address((uintptr_t)s.base),
		 (unsigned long long)kernel_address(stack_top(&s)), 4u << order);
	ok(log_says(line), "and whose it is");
	ok(!strncmp(host_stop_reason(), "BUG: TASK stack guard page was hit", 34), "the reason");
	if (!log_says(line) || order == THREAD_SIZE_ORDER)
		show_report();
}

static void test_overflow_0(void) { test_overflow_of(0); }
static void test_overflow_1(void) { test_overflow_of(1); }
static void test_overflow_2(void) { test_overflow_of(2); }

/* --- stray accesses, named --- */

static void poke(void *p)
{
	*(volatile char *)p = 1;
}

static void says(uintptr_t addr, const char *words)
{
	ok(stops(poke, (void *)addr), "%s: an oops", words);
	if (!ok(log_says(words), "it says \"%s\"", words))
		show_report();
}

static void test_above(void)
{
	struct kernel_stack s;

	if (STACK_MACHINE() && !alloc_thread_stack(&s, 1, NUMA_NO_NODE)) {
		says(stack_top(&s), " is in the guard page above the TASK stack 0x");
		ok(log_says("BUG: unable to handle page fault for address"), "no overflow");
	}
}

static void test_of_cpu(void)
{
	if (STACK_MACHINE(.cpus = 2)) {
		says((uintptr_t)cpu_stack(1, STACK_DF)->base - 1,
		     " is in the guard page below the #DF stack 0x");
		ok(log_says(", of CPU 1"), "and the CPU");
		ok(log_says("BUG: #DF stack guard page was hit at "), "as an overflow");
	}
}

static void test_of_nobody(void)
{
	struct kernel_stack s;

	if (STACK_MACHINE() && !alloc_thread_stack(&s, 0, NUMA_NO_NODE)) {
		uintptr_t base = (uintptr_t)s.base;

		free_thread_stack(&s);
		says(base - 8, " is in the guard page below the TASK stack 0x");
		ok(log_says(", in no use, kept by CPU 0"), "and that nobody uses it");
	}
}

static void test_freed(void)
{
	struct kernel_stack s;

	if (STACK_MACHINE() && !alloc_thread_stack(&s, 0, NUMA_NO_NODE)) {
		uintptr_t base = (uintptr_t)s.base;

		free_thread_stack(&s);
		free_stack_cache();
		vm_unmap_aliases();
		ok(stops(poke, (void *)base), "one that is gone is a fault");
		ok(!log_says("TASK stack"), "and no stack any more");
	}
}

/* The report looks at the stack it happened on. */
static volatile uintptr_t volatile_eight = 8;

static void wild_on_stack(void)
{
	poke((void *)volatile_eight);
}

static void run_wild(void *stack)
{
	const struct kernel_stack *s = stack;
	ucontext_t there;

	*(unsigned long *)s->base = 0;
	getcontext(&there);
	there.uc_stack.ss_sp = s->base;
	there.uc_stack.ss_size = stack_size(s);
	there.uc_link = &back;
	makecontext(&there, wild_on_stack, 0);
	swapcontext(&back, &there);
}

static void test_overrun(void)
{
	struct kernel_stack s;

	if (STACK_MACHINE() && !alloc_thread_stack(&s, 2, NUMA_NO_NODE)) {
		ok(stops(run_wild, &s), "a NULL pointer on a stack whose end is damaged");
		ok(log_says("BUG: kernel NULL pointer dereference, address: "), "is one");
		ok(log_says("Thread overran stack, or stack corrupted"), "and the stack is seen");
	}
}

int main(void)
{
	run_case(test_new);
	run_case(test_cpu_stacks);
	run_case(test_kept);
	run_case(test_failing);
	run_case(test_without_paging);
	run_case(test_run);
	run_case(test_overflow_0);
	run_case(test_overflow_1);
	run_case(test_overflow_2);
	run_case(test_above);
	run_case(test_of_cpu);
	run_case(test_of_nobody);
	run_case(test_freed);
	run_case(test_overrun);
	return done_testing();
}
