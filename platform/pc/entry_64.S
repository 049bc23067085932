/* SPDX-License-Identifier: MIT */
/*
 * entry_64.S - exceptions and interrupts, from the processor to trap_entry() and back.
 *
 * The processor has pushed ss, rsp, rflags, cs and rip, with rsp rounded down to 16 first, and for
 * some exceptions an error code. Each vector's entry makes that the same for all and says its
 * number; then all registers are pushed: struct pt_regs (trap.h).
 */
	.text

/* Vectors with an error code: 8, 10 - 14, 17, 21, 29, 30. */
#define HAS_CODE(v)	(0x60227d00 >> (v) & 1)

	.globl trap_entries
	.balign 16
trap_entries:
	vector = 0
	.rept 256
	.balign 16
	.if vector < 32
	.if !HAS_CODE(vector)
	pushq $0
	.endif
	.else
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	vector = vector + 1
	.endr
	.balign 16

	.type trap_common, @function
trap_common:
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	movq %rsp, %rdi
	call trap_entry
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	addq $16, %rsp
	iretq
	.size trap_common, . - trap_common

/* pc_section_held() with all registers kept (pc_inline.h); the stack may be aligned anyhow. */
	.globl pc_section_held_entry
	.hidden pc_section_held_entry
	.type pc_section_held_entry, @function
pc_section_held_entry:
	pushq %rbp
	movq %rsp, %rbp
	andq $-16, %rsp
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r11
	cld
	call pc_section_held
	popq %r11
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rax
	leave
	ret
	.size pc_section_held_entry, . - pc_section_held_entry

/* bool pc_probe(uintptr_t addr, uintptr_t *word): the first instruction may fault. */
	.globl pc_probe, pc_probe_failed, pc_probe_load
	.type pc_probe, @function
pc_probe:
pc_probe_load:
	movq (%rdi), %rax
	movq %rax, (%rsi)
	movl $1, %eax
	ret
pc_probe_failed:
	xorl %eax, %eax
	ret
	.size pc_probe, . - pc_probe

	.section .note.GNU-stack, "", @progbits
