/* SPDX-License-Identifier: MIT */
/*
 * trap.h - what an exception or an interrupt saves, in the order in which entry_64.S and entry_32.S
 * push it, and what the parts of the processor's side tell one another.
 */
#ifndef KMM_PC_TRAP_H
#define KMM_PC_TRAP_H

#include <kmm/types.h>

#ifdef __x86_64__
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long vector, error_code;
	unsigned long ip, cs, flags, sp, ss;
};
#else
struct pt_regs {	/* the kernel's stack pointer is not saved: it is &sp */
	unsigned long bx, cx, dx, si, di, bp, ax;
	unsigned long vector, error_code;
	unsigned long ip, cs, flags;
	unsigned long sp, ss;
};
#endif

#define TRAP_NMI	2
#define TRAP_DF		8
#define TRAP_GP		13
#define TRAP_PF		14
#define TRAP_MC		18
#define NR_EXCEPTIONS	32
#define NR_VECTORS	256

/* regs_sp - the stack pointer. IA-32: a double fault's comes from a TSS, not by pushing. */
static inline uintptr_t regs_sp(const struct pt_regs *regs)
{
	if (sizeof(void *) == 8 || regs->vector == TRAP_DF)
		return regs->sp;
	return (uintptr_t)&regs->sp;
}

/* ---- entry_*.S ---- */

/* One entry a vector, TRAP_ENTRY_SIZE bytes each; all lead to trap_entry(). */
#define TRAP_ENTRY_SIZE	16
extern char trap_entries[];
void trap_entry(struct pt_regs *regs);
void pc_section_held(void);	/* by pc_section_held_entry, at the end of a local section */
extern char pc_probe_failed[];	/* where pc_probe() goes on when its first instruction faults */
void double_fault_task(void);	/* IA-32 */
void double_fault(void) __noreturn;

/* ---- trap.c, cpu.c, stack.c ---- */

/* trap_init - this CPU takes exceptions; first: the tables are made too. */
void trap_init(bool first);
/* trap_regs - of the exception that this CPU is reporting, NULL: none. */
const struct pt_regs *trap_regs(void);
/* trap_forget - this CPU reports no exception any more. */
void trap_forget(void);
/* cpu_load_task - this CPU's own task is the one that runs, whatever was; IA-32: double_fault() may
 * be entered again. */
void cpu_load_task(void);
/* cpu_protections - which of the processor's are on, in words: "WP NX PGE". */
const char *cpu_protections(char *buf, size_t size);
/* show_regs - registers and code bytes, as in Linux's oops; with_ip: from RIP on, else what
 * comes behind it and the stack pointer. */
void show_regs(const struct pt_regs *regs, bool with_ip);
/* show_trace - "Call Trace:" of whoever has this stack; ip: where it is. */
void show_trace(int level, uintptr_t ip, uintptr_t sp);

#endif
