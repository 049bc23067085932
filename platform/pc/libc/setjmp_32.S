/* SPDX-License-Identifier: MIT */
/* setjmp_32.S - the registers that a call keeps, the stack, and where to go on. */
	.text
	.globl	setjmp
	.type	setjmp, @function
setjmp:
	mov	4(%esp), %ecx
	mov	%ebx, (%ecx)
	mov	%esi, 4(%ecx)
	mov	%edi, 8(%ecx)
	mov	%ebp, 12(%ecx)
	lea	4(%esp), %eax		/* as it is when setjmp() has returned */
	mov	%eax, 16(%ecx)
	mov	(%esp), %eax
	mov	%eax, 20(%ecx)
	xor	%eax, %eax
	ret
	.size	setjmp, . - setjmp

	.globl	longjmp
	.type	longjmp, @function
longjmp:
	mov	4(%esp), %ecx
	mov	8(%esp), %eax
	test	%eax, %eax
	jnz	1f
	inc	%eax			/* setjmp() returns 0 only the first time */
1:	mov	(%ecx), %ebx
	mov	4(%ecx), %esi
	mov	8(%ecx), %edi
	mov	12(%ecx), %ebp
	mov	16(%ecx), %esp
	jmp	*20(%ecx)
	.size	longjmp, . - longjmp
	.section .note.GNU-stack, "", @progbits
