/* SPDX-License-Identifier: MIT */
/*
 * cpu.h - what a processor needs to be told of its segments and stacks: one of each CPU, in its
 * room (smp.h). Selectors are the same on all CPUs.
 */
#ifndef KMM_PC_CPU_H
#define KMM_PC_CPU_H

#include <kmm/config.h>
#include <kmm/types.h>

#ifdef __x86_64__
#define KERNEL_CS	0x10	/* Linux's numbers */
#define KERNEL_DS	0x18
#define TSS_SELECTOR	0x40	/* two entries wide */
#else
#define KERNEL_CS	0x60
#define KERNEL_DS	0x68
#define TSS_SELECTOR	0x80
#define DF_SELECTOR	0xf8	/* the task that takes double faults */
#define CPU_SELECTOR	0xd8	/* %fs: base is the CPU's struct pc_cpu */
#endif
#define GDT_ENTRIES	32

#ifdef __x86_64__
struct tss {
	u32 reserved0;
	u64 sp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, io_map;
} __attribute__((packed));
enum { IST_DF, IST_NMI, IST_MCE, NR_IST };	/* the processor counts from 1 */
#else
struct tss {
	u32 back_link, sp0, ss0, sp1, ss1, sp2, ss2;
	u32 cr3, ip, flags, ax, cx, dx, bx, sp, bp, si, di;
	u32 es, cs, ss, ds, fs, gs, ldt;
	u16 trap, io_map;
} __attribute__((packed));
enum { IST_DF, NR_IST };
#endif

#define TRAP_STACK_SIZE	8192

struct cpu_tables {
	u8 stack[NR_IST][TRAP_STACK_SIZE];
	u8 shadow[PAGE_SIZE];		/* apart.c: of the root table in use */
	u64 gdt[GDT_ENTRIES];
	struct tss tss;
#ifndef __x86_64__
	struct tss df;
#endif
} __attribute__((aligned(PAGE_SIZE)));

#endif
