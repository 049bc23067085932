// SPDX-License-Identifier: MIT
/*
 * cpu.c - one processor made ready: segments, the stacks of exceptions, control registers.
 *
 * Segments are flat and all of ring 0. A CPU's GDT and TSS are in its room:
 *
 *	GDT  code, data          the same on all CPUs
 *	     TSS ----------> TSS: AMD64, stacks of the exceptions that must not use the one in use:
 *	     (IA-32)              #DF, NMI, #MC; IA-32, where the processor puts what it did
 *	     #DF's TSS ----> TSS: a whole task, taken up at a double fault
 *	     %fs's base ---> pc_cpus[n]      (AMD64: the base is a register, MSR_GS_BASE)
 *
 * Control registers are what <kmm/platform.h> wants: WP, so that read-only holds for the kernel
 * too; PSE, PGE, PCIDE and NXE as start/ found and announced them; the PAT. Besides, SMEP and SMAP
 * where there are: the kernel neither runs nor touches what belongs to processes (nosmep, nosmap).
 * The FPU is off (TS): nobody saves its registers, so whoever uses it is reported at once.
 */
#include "cmdline.h"
#include "cpu.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "pc.h"
#include "smp.h"
#include "trap.h"
#include "x86.h"

#define PAT_LINUX	0x0407050600070106ull	/* WB WC UC- UC, WB WP UC- WT */
#define CPUID_MCE	(1u << 7)		/* leaf 1, EDX */
#define CPUID_PAT	(1u << 16)
#define CPUID_SMEP	(1u << 7)		/* leaf 7, EBX */
#define CPUID_SMAP	(1u << 20)
#define CPUID_UMIP	(1u << 2)		/* leaf 7, ECX */

#define DESC_CODE64	0x00af9b000000ffffull
#define DESC_CODE32	0x00cf9b000000ffffull
#define DESC_DATA	0x00cf93000000ffffull
#define DESC_TSS	0x0000890000000000ull	/* 32 or 64 bits, not in use */

struct pc_cpu pc_cpus[PC_MAX_CPUS];

/* ---- segments ---- */

static u64 with_base(u64 descriptor, uintptr_t base)
{
	u64 b = base;

	return descriptor | (b & 0xffffff) << 16 | (b >> 24 & 0xff) << 56;
}

static uintptr_t stack_end(const struct cpu_tables *t, unsigned int which)
{
	return (uintptr_t)t->stack[which] + TRAP_STACK_SIZE;
}

static void set_tss(struct cpu_tables *t, unsigned int selector, const struct tss *tss)
{
	t->gdt[selector / 8] = with_base(DESC_TSS, (uintptr_t)tss) | (sizeof(*tss) - 1);
#ifdef __x86_64__
	t->gdt[selector / 8 + 1] = (u64)(uintptr_t)tss >> 32;
#endif
}

#ifdef __x86_64__

static void fill_tables(struct cpu_tables *t, struct pc_cpu *cpu)
{
	unsigned int i;

	(void)cpu;
	t->gdt[KERNEL_CS / 8] = DESC_CODE64;
	t->gdt[KERNEL_DS / 8] = DESC_DATA;
	set_tss(t, TSS_SELECTOR, &t->tss);
	for (i = 0; i < NR_IST; i++)
		t->tss.ist[i] = stack_end(t, i);
	t->tss.io_map = sizeof(t->tss);
}

static void load_segments(struct pc_cpu *cpu)
{
	__asm__ volatile("push %0\n\tlea 1f(%%rip), %%rax\n\tpush %%rax\n\tlretq\n1:"
			 : : "i"(KERNEL_CS) : "rax", "memory");
	__asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%ss\n\t"
			 "mov %1, %%fs\n\tmov %1, %%gs"
			 : : "r"(KERNEL_DS), "r"(0) : "memory");
	wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
}

#else

static void fill_tables(struct cpu_tables *t, struct pc_cpu *cpu)
{
	t->gdt[KERNEL_CS / 8] = DESC_CODE32;
	t->gdt[KERNEL_DS / 8] = DESC_DATA;
	t->gdt[CPU_SELECTOR / 8] = with_base(DESC_DATA, (uintptr_t)cpu);
	set_tss(t, TSS_SELECTOR, &t->tss);
	set_tss(t, DF_SELECTOR, &t->df);
	t->tss.io_map = sizeof(t->tss);
	t->df = (struct tss){
		.io_map = sizeof(t->df),
		.ip = (u32)(uintptr_t)double_fault_task, .sp = (u32)stack_end(t, IST_DF),
		.flags = 2, .cr3 = (u32)read_cr3(),
		.cs = KERNEL_CS, .ds = KERNEL_DS, .es = KERNEL_DS, .ss = KERNEL_DS,
		.fs = CPU_SELECTOR,
	};
}

static void load_segments(struct pc_cpu *cpu)
{
	(void)cpu;
	__asm__ volatile("push %0\n\tpush $1f\n\tlret\n1:" : : "i"(KERNEL_CS) : "memory");
	__asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%ss\n\t"
			 "mov %1, %%fs\n\tmov %2, %%gs"
			 : : "r"(KERNEL_DS), "r"(CPU_SELECTOR), "r"(0) : "memory");
}

#endif

void cpu_load_task(void)
{
	struct cpu_tables *t = &cpu_rooms[this_pc_cpu()->hardware].tables;

	set_tss(t, TSS_SELECTOR, &t->tss);	/* the one loaded is marked as in use */
#ifndef __x86_64__
	set_tss(t, DF_SELECTOR, &t->df);
#endif
	__asm__ volatile("ltr %w0" : : "r"(TSS_SELECTOR) : "memory");
}

static void setup_segments(unsigned int index)
{
	struct cpu_tables *t = &cpu_rooms[index].tables;
	struct table_pointer gdt = { sizeof(t->gdt) - 1, (uintptr_t)t->gdt };

	memset(t->gdt, 0, sizeof(t->gdt));
	memset(&t->tss, 0, sizeof(t->tss));
	fill_tables(t, &pc_cpus[index]);
	__asm__ volatile("lgdt %0" : : "m"(gdt));
	load_segments(&pc_cpus[index]);
	cpu_load_task();
}

/* ---- control registers ---- */

static bool switched_off(const char *option)
{
	char value[8];

	return cmdline_value(pc_machine.cmdline, option, value, sizeof(value));
}

/* Of CPUID's leaf 7, what CR4 has a bit for. */
static unsigned long protections(void)
{
	struct cpuid c;
	unsigned long cr4 = 0;

	if (cpuid(0, 0).a < 7)
		return 0;
	c = cpuid(7, 0);
	if (c.b & CPUID_SMEP && !switched_off("nosmep"))
		cr4 |= CR4_SMEP;
	if (c.b & CPUID_SMAP && !switched_off("nosmap"))
		cr4 |= CR4_SMAP;
	return c.c & CPUID_UMIP ? cr4 | CR4_UMIP : cr4;
}

static unsigned long features(void)
{
	unsigned long cr4 = 0;

	if (pc_place.cpu & KMM_CPU_PSE)
		cr4 |= CR4_PSE;
	if (pc_place.cpu & KMM_CPU_PGE)
		cr4 |= CR4_PGE;
	if (pc_place.cpu & KMM_CPU_PCID)
		cr4 |= CR4_PCIDE;
	if (cpuid(1, 0).d & CPUID_MCE)
		cr4 |= CR4_MCE;
	return cr4;
}

/* What SMAP forbids stays forbidden. */
static void clear_ac(void)
{
	unsigned long flags;

	__asm__ volatile("pushf\n\tpop %0\n\tand %1, %0\n\tpush %0\n\tpopf"
			 : "=&r"(flags) : "r"(~(unsigned long)EFLAGS_AC) : "memory", "cc");
}

static void setup_registers(void)
{
	const unsigned long off = CR0_EM | CR0_CD | CR0_NW;
	unsigned long cr4;

	write_cr0((read_cr0() & ~off) | CR0_MP | CR0_NE | CR0_WP | CR0_TS);
	cr4 = read_cr4() | features() | protections();
	if (cr4)
		write_cr4(cr4);
	if (pc_place.cpu & KMM_CPU_NX)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	if (cpuid(1, 0).d & CPUID_PAT)
		wrmsr(MSR_PAT, PAT_LINUX);
}

void cpu_setup(unsigned int index)
{
	struct pc_cpu *cpu = &pc_cpus[index];

	cpu->self = cpu;
	cpu->number = cpu->hardware = index;
	cpu->section = PC_SECTION_NONE;
	setup_segments(index);
	trap_init(index == 0);
	clear_ac();
	setup_registers();
}

const char *cpu_protections(char *buf, size_t size)
{
	unsigned long cr4 = read_cr4();

	scnprintf(buf, size, "WP%s%s%s%s%s%s", pc_place.cpu & KMM_CPU_NX ? " NX" : "",
		  cr4 & CR4_PSE ? " PSE" : "", cr4 & CR4_PGE ? " PGE" : "",
		  cr4 & CR4_PCIDE ? " PCID" : "", cr4 & CR4_SMEP ? " SMEP" : "",
		  cr4 & CR4_SMAP ? " SMAP" : "");
	return buf;
}
