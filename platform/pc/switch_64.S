/* SPDX-License-Identifier: MIT */
/*
 * switch_64.S - one thread's registers for another's.
 *
 * What C lets a function change need not be kept: the rest goes onto the stack of the thread that
 * leaves, its stack pointer into the first word of its struct task. A new thread's stack has been
 * filled as if it had left once, to return into its first function.
 */
	.text

/* void sched_switch(struct task *prev, struct task *next) */
	.globl	sched_switch
	.type	sched_switch, @function
sched_switch:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	(%rsi), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	sched_switch, . - sched_switch

/* void sched_jump(uintptr_t stack_top, void (*fn)(void)) */
	.globl	sched_jump
	.type	sched_jump, @function
sched_jump:
	mov	%rdi, %rsp
	xor	%ebp, %ebp
	push	$0			/* where no call trace goes on */
	jmp	*%rsi
	.size	sched_jump, . - sched_jump

	.section .note.GNU-stack, "", @progbits
