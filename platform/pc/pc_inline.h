/* SPDX-License-Identifier: MIT */
/*
 * pc_inline.h - the hot part of the platform contract, compiled into the core: an instruction or
 * three. A CPU's segment register (%gs on AMD64, %fs on IA-32) points to its struct pc_cpu, whose
 * first word is its own address; its number and its section word follow.
 *
 * A local section does not switch interrupts off (pushf, cli and popf are slow, and six
 * instructions): it counts, in the *section word*, how many of them this CPU is in. An interrupt
 * that comes meanwhile is held: its vector is noted, the processor goes on; leaving the outermost
 * section runs what was held.
 *
 *	bit 31		nothing is held
 *	bits 0-30	nesting
 *
 * So the word becomes 0 exactly when the outermost section ends and something is held: one
 * decrement and one jump that is hardly ever taken. The idea is PowerPC Linux's lazy interrupt
 * masking, the word x86 Linux's preempt count.
 */
#ifndef KMM_PC_INLINE_H
#define KMM_PC_INLINE_H

struct pc_cpu;

#ifdef __x86_64__
#define PC_SEG	"%%gs:"
#define PC_SPACE	__seg_gs
#else
#define PC_SEG	"%%fs:"
#define PC_SPACE	volatile __seg_fs	/* registers are few: read again, do not keep */
#endif

#define PC_NUMBER	(sizeof(void *))	/* offsets in struct pc_cpu */
#define PC_SECTION	(sizeof(void *) + 4)
#define PC_SECTION_NONE	0x80000000u		/* in no section, nothing held */

/*
 * What was held is run by pc_section_held() (trap.c), through pc_section_held_entry
 * (entry_*.S), which keeps all registers: so the compiler sees no call, and a fast path needs no
 * stack frame because of it.
 */
static inline struct pc_cpu *pc_inline_self(void)
{
	struct pc_cpu *self;

	__asm__ volatile("mov " PC_SEG "0, %0" : "=r"(self));
	return self;
}

/*
 * A load the compiler knows, not assembly: so it knows that the register's upper half is clear,
 * which an index needs, and that inside a local section the number stays what it was.
 */
static inline unsigned int kmm_cpu(void)
{
	return *(const unsigned int PC_SPACE *)PC_NUMBER;
}

static inline unsigned long kmm_local_irq_save(void)
{
	__asm__ volatile("incl " PC_SEG "%c0" : : "i"(PC_SECTION) : "memory", "cc");
	return 0;
}

static inline void kmm_local_irq_restore(unsigned long flags)
{
	(void)flags;
	__asm__ volatile("decl " PC_SEG "%c0\n\tjz 2f\n1:\n\t"
			 ".pushsection .text.unlikely, \"ax\"\n2:\tcall pc_section_held_entry\n\t"
			 "jmp 1b\n\t.popsection"
			 : : "i"(PC_SECTION) : "memory", "cc");
}

/* Nothing to do: processors walk the tables by themselves. */
#define KMM_MMU_CHANGED_INLINE
static inline void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local)
{
	(void)start, (void)end, (void)local;
}

/* Its table stays: what a CPU's own root says (image=apart) need not be looked at. */
#define KMM_TLB_FLUSH_LOCAL_INLINE
static inline void kmm_tlb_flush_local(uintptr_t addr)
{
	__asm__ volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

#endif
