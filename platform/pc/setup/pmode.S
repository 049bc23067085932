/* SPDX-License-Identifier: MIT */
/*
 * pmode.S - void protected_mode(u32 entry, u32 zero_page): flat 4 GiB segments, interrupts off,
 * and away. Selectors are the boot protocol's: code 0x10, data 0x18.
 */
	.code16
	.text
	.globl	protected_mode
	.type	protected_mode, @function
protected_mode:
	cli
	movb	$0x80, %al	/* no NMI either: there is no table to take it with */
	outb	%al, $0x70
	movl	4(%esp), %edi
	movl	8(%esp), %esi
	xorl	%ebx, %ebx
	movw	%cs, %bx
	shll	$4, %ebx
	leal	gdt(%ebx), %eax
	movl	%eax, gdt_pointer + 2
	addl	%ebx, far_target
	lidtw	idt_pointer
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	jmp	1f
1:	.byte	0x66, 0xea	/* ljmpl $0x10, $2f as a linear address */
far_target:
	.long	2f
	.word	0x10

	.code32
2:	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movl	%edi, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	jmp	*%eax

	.section .data
	.balign	8
gdt:	.quad	0, 0
	.quad	0x00cf9b000000ffff	/* 0x10: code, 0 ... 4 GiB */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_pointer:
	.word	. - gdt - 1
	.long	0
idt_pointer:
	.word	0
	.long	0

	.section .note.GNU-stack, "", @progbits
