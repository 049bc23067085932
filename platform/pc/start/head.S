/* SPDX-License-Identifier: MIT */
/*
 * head.S - the two entries, and the jump into the image. Nothing here has an address of its own:
 * %ebp is where the first byte lies. All is in one section, so that the assembler knows distances.
 */
	.section .head, "awx", @progbits
	.globl	start32
start32:
	.code32
	cli
	cld
	leal	0x1e8(%esi), %esp	/* a stack of 4 bytes: in the zero page, before e820_entries */
	call	1f
1:	popl	%ebp
	subl	$(1b - start32), %ebp
	jmp	prepare

/* The boot protocol's 64-bit entry is the byte at 0x200: back to 32 bits, without paging. */
	.org	start32 + 0x200
#ifdef PC_AMD64
	.code64
	cli
	cld
	leaq	start32(%rip), %rbp
	leaq	(stack_end - start32)(%rbp), %rsp
	movq	%cr4, %rax
	andl	$~(1 << 17), %eax	/* PCIDE must go before paging does */
	movq	%rax, %cr4
	leaq	start_end(%rip), %rax
	pushq	%rax			/* struct high: image, params, load */
	pushq	%rsi
	pushq	%rbp
	movq	%rsp, %rdi
	call	high			/* all that was loaded above 4 GiB comes down */
	popq	%rbp
	popq	%rsi
	leaq	(stack_end - start32)(%rbp), %rsp
	leaq	(2f - start32)(%rbp), %rax
	jmp	*%rax
2:	leaq	(gdt - start32)(%rbp), %rax
	movq	%rax, (gdt_pointer + 2 - start32)(%rbp)
	lgdt	(gdt_pointer - start32)(%rbp)
	pushq	$0x10
	leaq	(1f - start32)(%rbp), %rax
	pushq	%rax
	lretq
	.code32
1:	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax	/* PG */
	movl	%eax, %cr0
	movl	$0xc0000080, %ecx	/* EFER: neither LME nor NXE */
	rdmsr
	andl	$~0x900, %eax
	wrmsr
	jmp	prepare

	.balign	16
high:	.incbin	PC_HIGH			/* start64/, as a flat file */
#endif

	.code32
prepare:
	leal	(stack_end - start32)(%ebp), %esp
	leal	(gdt - start32)(%ebp), %eax
	movl	%eax, (gdt_pointer + 2 - start32)(%ebp)
	lgdtl	(gdt_pointer - start32)(%ebp)
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	pushl	$0x10
	leal	(1f - start32)(%ebp), %eax
	pushl	%eax
	lretl
1:	movl	%cr0, %eax
	andl	$0x00000011, %eax	/* PE, ET: caches on, nothing emulated, no paging */
	movl	%eax, %cr0
	pushl	%ebp
	pushl	%esi
	xorl	%ebp, %ebp
	call	start_main
	ud2

/* void start_jump(const struct start_jump *j) */
	.globl	start_jump
	.hidden	start_jump
start_jump:
	movl	4(%esp), %ebx
	call	1f
1:	popl	%ebp
	subl	$(1b - start32), %ebp
	movl	12(%ebx), %eax
	testl	%eax, %eax
	jz	2f			/* a processor without any of these has no CR4 */
	movl	%eax, %cr4
2:	movl	8(%ebx), %eax
	movl	%eax, %cr3
	movl	16(%ebx), %edx		/* EFER.LME is bit 8, NXE bit 11 */
	shll	$8, %edx
	movl	20(%ebx), %eax
	shll	$11, %eax
	orl	%eax, %edx
	jz	3f
	movl	%edx, %edi
	movl	$0xc0000080, %ecx
	rdmsr
	orl	%edi, %eax
	wrmsr
3:	movl	%cr0, %eax
	orl	$0x80010022, %eax	/* PG, WP, NE, MP */
	movl	%eax, %cr0
	jmp	4f
4:
#ifdef PC_AMD64
	pushl	$0x08
	leal	(5f - start32)(%ebp), %eax
	pushl	%eax
	lretl
	.code64
5:	cmpl	$0, 24(%rbx)
	je	6f
	movq	%cr4, %rax
	orl	$(1 << 17), %eax	/* PCIDE */
	movq	%rax, %cr4
6:	movq	(%rbx), %rax
	jmp	*%rax
#else
	jmp	*(%ebx)
#endif

	.balign	16
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf9b000000ffff	/* 0x10: 32-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_pointer:
	.word	. - gdt - 1
	.long	0, 0

	.balign	16
stack:	.skip	16384
stack_end:

/* What a loader may look up (kernel_info_offset). */
	.globl	kernel_info
kernel_info:
	.ascii	"LToP"
	.long	16, 16
	.long	1			/* setup_type_max: SETUP_E820_EXT */

	.section .note.GNU-stack, "", @progbits
