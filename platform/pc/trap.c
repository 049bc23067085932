// SPDX-License-Identifier: MIT
/*
 * trap.c - exceptions and interrupts: who gets them, and what is said when nobody can go on.
 *
 *	vector 0 ... 31		exceptions of the processor
 *	  #PF			the core's kmm_page_fault(), which reports or lets try again
 *				(image=apart: the shadow of its root may have been old)
 *	  #DF			the stack is no good: if it ran over its end, a page fault like any
 *				other, only late; else the end
 *	  NMI			told, and that is all
 *	  the others		an oops in Linux's form, and the end
 *	vector 32 ... 255	interrupts: handlers set by trap_set()
 *
 * All come with interrupts off and run on the stack in use, but for #DF, and on AMD64 NMI and #MC
 * (cpu.c).
 *
 * Interrupts and local sections. A section does not switch interrupts off (pc_inline.h). One that
 * comes meanwhile is acknowledged and held: its bit in `held`, bit 31 of the section word cleared.
 * The end of the outermost section finds 0 there and runs what is held, as if it came now:
 *
 *	section	80000001	80000002   00000002   00000001   00000000 -> pc_section_held()
 *			inner section  interrupt   inner end  outer end
 *
 * Reports read what may not be there (code bytes, stacks): by pc_probe(), whose fault is no error.
 *
 * The text of oopses is Linux 6.1's (arch/x86/kernel/traps.c, dumpstack.c).
 */
#include <kmm/fault.h>
#include <kmm/printk.h>

#include "apart.h"
#include "cpu.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "machine.h"
#include "owner.h"
#include "smp.h"
#include "trap.h"
#include "x86.h"

#define GATE_INTERRUPT	0x8e00u
#define GATE_TASK	0x8500u
#define HELD_FIRST	0x20	/* vector of bit 0 of pc_cpu.held */
#define HELD_VECTORS	32
#define PIC_VECTORS	0x30	/* the old interrupt controller's, should it ever send any */
#define PORT_B		0x61
#define DIGITS		(2 * (int)sizeof(void *))

#ifdef __x86_64__
struct gate {
	u16 offset0, selector;
	u16 type;
	u16 offset16;
	u32 offset32, reserved;
} __attribute__((packed));
extern const char pc_probe_load[] __asm__("pc_probe");
#else
struct gate {
	u16 offset0, selector;
	u16 type;
	u16 offset16;
} __attribute__((packed));
extern const char pc_probe_load[];
#endif

static struct gate idt[NR_VECTORS] __attribute__((aligned(16)));
static void (*handlers[NR_VECTORS])(struct pt_regs *regs);
static const struct pt_regs *reporting[PC_MAX_CPUS];
static u32 reporter;		/* a: whose exception is told */

/* ---- the table ---- */

static void set_gate(unsigned int vector, unsigned int type, unsigned int ist)
{
	uintptr_t entry = (uintptr_t)trap_entries + vector * TRAP_ENTRY_SIZE;

	idt[vector] = (struct gate){
		.offset0 = (u16)entry, .selector = KERNEL_CS,
		.type = (u16)(type | ist), .offset16 = (u16)(entry >> 16),
#ifdef __x86_64__
		.offset32 = (u32)(entry >> 32),
#endif
	};
}

static void fill_idt(void)
{
	unsigned int v;

	for (v = 0; v < NR_VECTORS; v++)
		set_gate(v, GATE_INTERRUPT, 0);
#ifdef __x86_64__
	set_gate(TRAP_DF, GATE_INTERRUPT, IST_DF + 1);
	set_gate(TRAP_NMI, GATE_INTERRUPT, IST_NMI + 1);
	set_gate(TRAP_MC, GATE_INTERRUPT, IST_MCE + 1);
#else
	idt[TRAP_DF] = (struct gate){ .selector = DF_SELECTOR, .type = GATE_TASK };
#endif
}

/*
 * The two old interrupt controllers (8259): the BIOS lets them interrupt on vectors that are
 * exceptions. Moved away and silenced; the local APICs are used.
 */
static void silence_pic(void)
{
	static const struct { u8 port, value; } steps[] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, PIC_VECTORS }, { 0xa1, PIC_VECTORS + 8 },
		{ 0x21, 0x04 }, { 0xa1, 0x02 }, { 0x21, 0x01 }, { 0xa1, 0x01 },
		{ 0x21, 0xff }, { 0xa1, 0xff },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		outb(steps[i].port, steps[i].value);
}

void trap_init(bool first)
{
	struct table_pointer p = { sizeof(idt) - 1, (uintptr_t)idt };

	if (first) {
		fill_idt();
		silence_pic();
	}
	__asm__ volatile("lidt %0" : : "m"(p));
}

void trap_set(unsigned int vector, void (*fn)(struct pt_regs *regs))
{
	__atomic_store_n(&handlers[vector], fn, __ATOMIC_RELEASE);
}

/* ---- interrupts ---- */

static void deliver(struct pc_cpu *cpu, unsigned int vector, struct pt_regs *regs)
{
	void (*fn)(struct pt_regs *regs) = __atomic_load_n(&handlers[vector], __ATOMIC_ACQUIRE);

	cpu->in_irq++;
	if (fn)
		fn(regs);
	else if (vector != VECTOR_SPURIOUS)
		pr_warn("No irq handler for vector (CPU %u, vector %u)", kmm_cpu(), vector);
	cpu->in_irq--;
}

static bool is_held_kind(unsigned int vector)
{
	return vector >= HELD_FIRST && vector < HELD_FIRST + HELD_VECTORS;
}

/* The outermost section has ended. */
static void deliver_held(struct pc_cpu *cpu)
{
	u32 held = cpu->held;

	cpu->held = 0;
	cpu->section = PC_SECTION_NONE;
	for (; held; held &= held - 1)
		deliver(cpu, HELD_FIRST + (unsigned int)__builtin_ctz(held), NULL);
}

static void interrupt(struct pt_regs *regs)
{
	struct pc_cpu *cpu = this_pc_cpu();
	unsigned int vector = (unsigned int)regs->vector;

	if (vector != VECTOR_SPURIOUS)
		apic_eoi();
	if (cpu->section & ~PC_SECTION_NONE && is_held_kind(vector)) {
		cpu->held |= 1u << (vector - HELD_FIRST);
		cpu->section &= ~PC_SECTION_NONE;
		return;
	}
	if (!cpu->section)	/* it came just before pc_section_held() */
		deliver_held(cpu);
	deliver(cpu, vector, regs);
	if (!cpu->in_irq)
		sched_irq_exit();
}

void pc_section_held(void)
{
	unsigned long flags = irq_save();
	struct pc_cpu *cpu = this_pc_cpu();

	deliver_held(cpu);
	if (flags & EFLAGS_IF && !cpu->in_irq)
		sched_irq_exit();
	irq_restore(flags);
}

/* ---- reports ---- */

/* Linux's words; an exception that has none cannot come. */
static const char *const names[NR_EXCEPTIONS] = {
	[0] = "divide error", [1] = "debug", [3] = "int3", [4] = "overflow", [5] = "bounds",
	[6] = "invalid opcode", [7] = "device not available", [TRAP_DF] = "double fault",
	[9] = "coprocessor segment overrun", [10] = "invalid TSS", [11] = "segment not present",
	[12] = "stack segment", [TRAP_GP] = "general protection fault",
	[16] = "coprocessor fault", [17] = "alignment check", [TRAP_MC] = "machine check",
	[19] = "simd exception", [20] = "virtualization exception",
	[21] = "control protection fault",
};

const struct pt_regs *trap_regs(void)
{
	return reporting[this_pc_cpu()->hardware];
}

static void set_trap_regs(const struct pt_regs *regs)
{
	reporting[this_pc_cpu()->hardware] = regs;
}

void trap_forget(void)
{
	set_trap_regs(NULL);
	if (owner_is_me(&reporter))
		owner_drop(&reporter);
}

void trap_left(void)
{
	struct pc_cpu *cpu = this_pc_cpu();

	irq_save();
	trap_forget();
	cpu->in_irq = 0;
	cpu->held = 0;
	cpu->section = PC_SECTION_NONE;
	sched_left();
	irq_restore(EFLAGS_IF);
}

/* One report is enough: who comes later waits for the stop. */
static void become_reporter(void)
{
	while (!owner_try(&reporter))
		kmm_cpu_relax();
}

static void __noreturn die(const struct pt_regs *regs)
{
	const char *name = regs->vector < NR_EXCEPTIONS ? names[regs->vector] : NULL;

	if (trap_regs())
		kmm_stop("exception inside the report of an exception");
	set_trap_regs(regs);
	become_reporter();
	name = name ? name : "unknown exception";
	pr_emerg("%s: %04lx [#1] SMP", name, regs->error_code & 0xffff);
	pr_emerg("CPU: %u Comm: %s Not tainted kmm " KMM_VERSION, kmm_cpu(),
		 task_name(current_task()));
	show_regs(regs, true);
	show_trace(LOGLEVEL_EMERG, regs->ip, regs_sp(regs));
	pr_emerg("Kernel panic - not syncing: Fatal exception");
	pr_emerg("---[ end Kernel panic - not syncing: Fatal exception ]---");
	kmm_stop(name);
}

/* ---- exceptions ---- */

static bool is_probe(struct pt_regs *regs)
{
	if (regs->ip != (uintptr_t)pc_probe_load)
		return false;
	regs->ip = (uintptr_t)pc_probe_failed;
	return true;
}

/* While the core is off, nobody knows more than the processor. */
static void __noreturn fault_without_core(const struct pt_regs *regs, uintptr_t addr)
{
	pr_emerg("BUG: unable to handle page fault for address: %0*lx", DIGITS,
		 (unsigned long)addr);
	die(regs);
}

static void core_fault(const struct pt_regs *regs, uintptr_t addr, unsigned int code)
{
	const struct pt_regs *outer = trap_regs();
	const struct kmm_fault f = {
		.addr = addr, .error_code = code, .ip = regs->ip, .sp = regs_sp(regs),
	};

	set_trap_regs(regs);
	kmm_page_fault(&f);
	set_trap_regs(outer);
}

static void page_fault(struct pt_regs *regs)
{
	uintptr_t addr = read_cr2();

	if (is_probe(regs))
		return;
	if (apart_renew())
		return;
	if (!pc_core_tables())
		fault_without_core(regs, addr);
	core_fault(regs, addr, (unsigned int)regs->error_code);
}

/* The push that failed was the processor's own, right below the stack pointer. */
static bool ran_over_stack(uintptr_t sp, uintptr_t addr)
{
	return addr - (sp - PAGE_SIZE) < 2 * PAGE_SIZE;
}

static void __noreturn report_double_fault(const struct pt_regs *regs)
{
	uintptr_t addr = read_cr2();
	struct pc_guard g;

	if (!pc_core_tables() || !ran_over_stack(regs_sp(regs), addr))
		die(regs);
	if (pc_guard_hit(addr, &g))	/* the core knows the other stacks */
		pr_emerg("BUG: %s stack guard page was hit at %0*lx (stack is %0*lx..%0*lx)",
			 g.whose, DIGITS, (unsigned long)addr, DIGITS, (unsigned long)g.begin,
			 DIGITS, (unsigned long)g.end);
	core_fault(regs, addr, X86_PF_WRITE);
	die(regs);
}

#ifndef __x86_64__
/*
 * This task will be left by a jump, if at all, never by a return: the CPU's own is the one that
 * runs, and this one is ready for the next double fault.
 */
static void leave_task(void)
{
	__asm__ volatile("pushf\n\tandl %0, (%%esp)\n\tpopf" : : "i"(~EFLAGS_NT) : "memory", "cc");
	cpu_load_task();
}

/* The task of a double fault: who faulted has left its registers in its TSS. */
void double_fault(void)
{
	const struct tss *t = &cpu_rooms[this_pc_cpu()->hardware].tables.tss;
	static struct pt_regs regs;	/* two at a time: the machine stops anyway */

	regs = (struct pt_regs){
		.bx = t->bx, .cx = t->cx, .dx = t->dx, .si = t->si, .di = t->di, .bp = t->bp,
		.ax = t->ax, .vector = TRAP_DF, .ip = t->ip, .cs = t->cs, .flags = t->flags,
		.sp = t->sp, .ss = t->ss,
	};
	leave_task();
	report_double_fault(&regs);
}
#endif

/*
 * Somebody pressed the button, or hardware complains by the old way. Straight to the log's port:
 * pc_world.line() may be what was interrupted, with its lock taken.
 */
static void nmi(void)
{
	char line[96];
	size_t n;

	if (__atomic_load_n(&pc_stopping, __ATOMIC_RELAXED))
		pc_halt();
	n = scnprintf(line, sizeof(line),
		      "Uhhuh. NMI received for unknown reason %02x on CPU %u.\n", inb(PORT_B),
		      kmm_cpu());
	serial_log_write(line, n);
}

static void exception(struct pt_regs *regs)
{
	switch (regs->vector) {
	case TRAP_PF:
		page_fault(regs);
		return;
	case TRAP_NMI:
		nmi();
		return;
	case TRAP_DF:
		report_double_fault(regs);
	case TRAP_GP:
		if (is_probe(regs))
			return;
		die(regs);
	default:
		die(regs);
	}
}

void trap_entry(struct pt_regs *regs)
{
	if (regs->vector < NR_EXCEPTIONS)
		exception(regs);
	else
		interrupt(regs);
}
