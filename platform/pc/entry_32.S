/* SPDX-License-Identifier: MIT */
/*
 * entry_32.S - exceptions and interrupts, from the processor to trap_entry() and back.
 *
 * The processor has pushed eflags, cs and eip - the stack is the kernel's already, so it is not
 * switched - and for some exceptions an error code. Each vector's entry makes that the same for
 * all and says its number; then all registers are pushed: struct pt_regs (trap.h). Segment registers
 * are always the kernel's.
 *
 * A double fault comes as a task of its own: its registers are loaded from its TSS.
 *
 * C functions have their first three arguments in eax, edx and ecx (-mregparm=3).
 */
	.text

/* Vectors with an error code: 8 (not through these), 10 - 14, 17, 21, 29, 30. */
#define HAS_CODE(v)	(0x60227d00 >> (v) & 1)

	.globl trap_entries
	.balign 16
trap_entries:
	vector = 0
	.rept 256
	.balign 16
	.if vector < 32
	.if !HAS_CODE(vector)
	pushl $0
	.endif
	.else
	pushl $0
	.endif
	pushl $vector
	jmp trap_common
	vector = vector + 1
	.endr
	.balign 16

	.type trap_common, @function
trap_common:
	pushl %eax
	pushl %ebp
	pushl %edi
	pushl %esi
	pushl %edx
	pushl %ecx
	pushl %ebx
	cld
	movl %esp, %eax
	call trap_entry
	popl %ebx
	popl %ecx
	popl %edx
	popl %esi
	popl %edi
	popl %ebp
	popl %eax
	addl $8, %esp
	iretl
	.size trap_common, . - trap_common

	.globl double_fault_task
	.type double_fault_task, @function
double_fault_task:
	call double_fault
	.size double_fault_task, . - double_fault_task

/* pc_section_held() with all registers kept (pc_inline.h). */
	.globl pc_section_held_entry
	.hidden pc_section_held_entry
	.type pc_section_held_entry, @function
pc_section_held_entry:
	pushl %ebp
	movl %esp, %ebp
	andl $-16, %esp
	pushl %eax
	pushl %ecx
	pushl %edx
	pushl %edx
	cld
	call pc_section_held
	popl %edx
	popl %edx
	popl %ecx
	popl %eax
	leave
	ret
	.size pc_section_held_entry, . - pc_section_held_entry

/* bool pc_probe(uintptr_t addr, uintptr_t *word): the load may fault. */
	.globl pc_probe, pc_probe_failed, pc_probe_load
	.type pc_probe, @function
pc_probe:
pc_probe_load:
	movl (%eax), %eax
	movl %eax, (%edx)
	movl $1, %eax
	ret
pc_probe_failed:
	xorl %eax, %eax
	ret
	.size pc_probe, . - pc_probe

	.section .note.GNU-stack, "", @progbits
