/* SPDX-License-Identifier: MIT */
/*
 * x86.h - instructions that C has no words for, one function each, and the bits they deal in.
 * Names of instructions and registers are the manuals' (Intel SDM volumes 2 and 3).
 */
#ifndef KMM_PC_X86_H
#define KMM_PC_X86_H

#include <kmm/types.h>

#define CR0_MP		(1u << 1)
#define CR0_EM		(1u << 2)
#define CR0_TS		(1u << 3)
#define CR0_NE		(1u << 5)
#define CR0_WP		(1u << 16)
#define CR0_NW		(1u << 29)
#define CR0_CD		(1u << 30)

#define CR4_PSE		(1u << 4)
#define CR4_PAE		(1u << 5)
#define CR4_MCE		(1u << 6)
#define CR4_PGE		(1u << 7)
#define CR4_UMIP	(1u << 11)
#define CR4_LA57	(1u << 12)
#define CR4_PCIDE	(1u << 17)
#define CR4_SMEP	(1u << 20)
#define CR4_SMAP	(1u << 21)

#define CR3_NOFLUSH	((u64)1 << 63)
#define CR3_PCID	0xfffu

#define MSR_PAT		0x277
#define MSR_EFER	0xc0000080u
#define MSR_GS_BASE	0xc0000101u
#define EFER_NXE	(1u << 11)

#define EFLAGS_IF	(1u << 9)
#define EFLAGS_NT	(1u << 14)
#define EFLAGS_AC	(1u << 18)

static inline void outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outw(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

struct cpuid {
	u32 a, b, c, d;
};

static inline struct cpuid cpuid(u32 leaf, u32 part)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "a"(leaf), "c"(part));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

#define X86_REGISTER(name) \
static inline unsigned long read_##name(void) \
{ \
	unsigned long value; \
	__asm__ volatile("mov %%" #name ", %0" : "=r"(value) : : "memory"); \
	return value; \
} \
static inline void write_##name(unsigned long value) \
{ \
	__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
}
X86_REGISTER(cr0)
X86_REGISTER(cr2)
X86_REGISTER(cr3)
X86_REGISTER(cr4)

/* The limit and address of a descriptor table, as LGDT and LIDT take them. */
struct table_pointer {
	u16 limit;
	uintptr_t base;
} __attribute__((packed));

static inline void invlpg(uintptr_t addr)
{
	__asm__ volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

/* irq_save - interrupts off on the processor itself; what they were. irq_restore - back. */
static inline unsigned long irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("pushf\n\tpop %0\n\tcli" : "=rm"(flags) : : "memory");
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	if (flags & EFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
}

#endif
