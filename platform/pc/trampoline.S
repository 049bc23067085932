/* SPDX-License-Identifier: MIT */
/*
 * trampoline.S - where a processor begins: copied to a page below 1 MiB, entered in real mode with
 * %cs:0 at its first byte, left in the mode and on the first tables of the processor that started
 * it, by a jump to entry on a stack of its own (smp.c: struct trampoline_args).
 *
 * The code does not know where it lies: in real mode %cs says it, later %ebx holds it. Far jumps
 * want whole addresses; smp.c fills them in.
 */
	.section .rodata
	.globl	trampoline_start, trampoline_end, trampoline_args, trampoline_gdt
	.globl	trampoline_32, trampoline_64
	.balign	16

	.code16
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	xor	%ebx, %ebx
	mov	%ax, %bx
	shl	$4, %ebx
	lgdtl	gdt_pointer - trampoline_start
	mov	%cr0, %eax
	or	$1, %al				/* PE */
	mov	%eax, %cr0
	ljmpl	*(jump32 - trampoline_start)

	.code32
trampoline_32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	arg_cr4 - trampoline_start(%ebx), %eax
	mov	%eax, %cr4
	mov	arg_cr3 - trampoline_start(%ebx), %eax
	mov	%eax, %cr3
	mov	arg_efer - trampoline_start(%ebx), %eax
	test	%eax, %eax
	jz	1f
	xor	%edx, %edx
	mov	$0xc0000080, %ecx
	wrmsr
1:	mov	arg_cr0 - trampoline_start(%ebx), %eax
	mov	%eax, %cr0			/* paging; long mode, where EFER says so */
#ifdef __x86_64__
	ljmp	*jump64 - trampoline_start(%ebx)

	.code64
trampoline_64:
	mov	arg_stack - trampoline_start(%rbx), %rsp
	mov	arg_entry - trampoline_start(%rbx), %rax
	xor	%ebp, %ebp
	push	$0
	jmp	*%rax
#else
	jmp	trampoline_64
trampoline_64:
	mov	arg_stack - trampoline_start(%ebx), %esp
	mov	arg_entry - trampoline_start(%ebx), %eax
	xor	%ebp, %ebp
	push	$0
	jmp	*%eax
#endif

	.balign	8
trampoline_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff		/* 0x08: 32-bit code, all of memory */
	.quad	0x00cf93000000ffff		/* 0x10: data */
	.quad	0x00af9b000000ffff		/* 0x18: 64-bit code */
gdt_pointer:
	.word	. - trampoline_gdt - 1

	/* struct trampoline_args: its first word is the base that LGDT takes. */
trampoline_args:
	.long	0
jump32:	.long	0
	.word	0x08, 0
jump64:	.long	0
	.word	0x18, 0
arg_cr0: .long	0
arg_cr3: .long	0
arg_cr4: .long	0
arg_efer: .long	0
arg_stack: .quad 0
arg_entry: .quad 0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
