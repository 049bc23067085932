/* SPDX-License-Identifier: MIT */
/*
 * image.S - the way into the image, and what start/ writes into it. start/ jumps to image_entry
 * with the first tables on; where the stack and all else is, the image knows, being relocated.
 */
	.text
	.globl	image_entry
	.type	image_entry, @function
image_entry:
#ifdef __x86_64__
	leaq	pc_boot_stack_end(%rip), %rsp
	xorl	%ebp, %ebp
#else
	movl	$pc_boot_stack_end, %esp
	xorl	%ebp, %ebp
#endif
	call	pc_start
	ud2
	.size	image_entry, . - image_entry

	.section .bss.first, "aw", @nobits
	.balign	4096
	.globl	pc_first_tables
pc_first_tables:
	.skip	10 * 4096

	.section .bss.room, "aw", @nobits	/* not cleared */
	.balign	4096
	.globl	pc_early, pc_boot_guard, pc_boot_stack, pc_boot_stack_end
pc_early:
	.skip	PC_EARLY_SIZE
pc_boot_guard:			/* core.c: nothing is mapped there */
	.skip	4096
pc_boot_stack:
	.skip	32768
pc_boot_stack_end:

	.bss
	.balign	8
	.globl	pc_place
	.type	pc_place, @object
pc_place:
	.skip	14 * 8
	.size	pc_place, . - pc_place

	.section .note.GNU-stack, "", @progbits
