/* SPDX-License-Identifier: MIT */
/*
 * bios.S - a call of the BIOS with all registers from a struct bios_regs and back into it. The
 * BIOS may change every register, segments and the direction flag included.
 */
	.code16
	.text
	.macro	bios name, number
	.globl	\name
	.type	\name, @function
\name:
	pushl	%ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	20(%esp), %ebp
	movl	0(%ebp), %eax
	movl	4(%ebp), %ebx
	movl	8(%ebp), %ecx
	movl	12(%ebp), %edx
	movl	16(%ebp), %esi
	movl	20(%ebp), %edi
	int	$\number
	pushfl
	movw	%ss, %bp
	movw	%bp, %ds
	movw	%bp, %es
	movl	24(%esp), %ebp
	movl	%eax, 0(%ebp)
	movl	%ebx, 4(%ebp)
	movl	%ecx, 8(%ebp)
	movl	%edx, 12(%ebp)
	movl	%esi, 16(%ebp)
	movl	%edi, 20(%ebp)
	popl	24(%ebp)
	cld
	sti
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	retl
	.size	\name, . - \name
	.endm

	bios	bios_10, 0x10
	bios	bios_15, 0x15

	.section .note.GNU-stack, "", @progbits
