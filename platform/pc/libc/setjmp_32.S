/* SPDX-License-Identifier: MIT */
/* setjmp_32.S - the registers that a call keeps, the stack, and where to go on. */
	.text
	.globl	setjmp
	.type	setjmp, @function
setjmp:
	mov	%ebx, (%eax)
	mov	%esi, 4(%eax)
	mov	%edi, 8(%eax)
	mov	%ebp, 12(%eax)
	lea	4(%esp), %ecx		/* as it is when setjmp() has returned */
	mov	%ecx, 16(%eax)
	mov	(%esp), %ecx
	mov	%ecx, 20(%eax)
	xor	%eax, %eax
	ret
	.size	setjmp, . - setjmp

	.globl	longjmp
	.type	longjmp, @function
longjmp:
	mov	%eax, %ecx
	mov	%edx, %eax
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
