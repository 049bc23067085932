/* SPDX-License-Identifier: MIT */
/*
 * switch_32.S - one thread's registers for another's: see switch_64.S.
 */
	.text

/* void sched_switch(struct task *prev, struct task *next) */
	.globl	sched_switch
	.type	sched_switch, @function
sched_switch:
	push	%ebp
	push	%ebx
	push	%esi
	push	%edi
	mov	%esp, (%eax)
	mov	(%edx), %esp
	pop	%edi
	pop	%esi
	pop	%ebx
	pop	%ebp
	ret
	.size	sched_switch, . - sched_switch

/* void sched_jump(uintptr_t stack_top, void (*fn)(void)) */
	.globl	sched_jump
	.type	sched_jump, @function
sched_jump:
	mov	%eax, %esp
	xor	%ebp, %ebp
	push	$0			/* where no call trace goes on */
	jmp	*%edx
	.size	sched_jump, . - sched_jump

	.section .note.GNU-stack, "", @progbits
