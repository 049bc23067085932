/* SPDX-License-Identifier: MIT */
/*
 * mm/kernel/stack.h - what stack.c tells oops.c.
 */
#ifndef MM_KERNEL_STACK_H
#define MM_KERNEL_STACK_H

#include <kmm/stack.h>

#define VM_KERNEL_STACK	0x00010000u	/* vm_struct.flags: between two guard pages */

struct stack_info {
	const char *name;		/* "TASK", "IRQ", "#DF" ... */
	uintptr_t begin, end;
};

/* stack_guard_hit - is addr in the guard page below a stack: has it overflowed? Any context. */
bool stack_guard_hit(uintptr_t addr, struct stack_info *info);

/* current_stack_end_corrupted - of the thread's stack that sp points into, if any. Any context. */
bool current_stack_end_corrupted(uintptr_t sp);

#endif
