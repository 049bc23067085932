/* SPDX-License-Identifier: MIT */
/*
 * kmm/platform.h - the contract: everything the core asks of the machine under it.
 *
 * An embedder writes these functions and nothing else. The smallest set, for
 * one CPU and RAM that is all directly addressable, is examples/embed.
 * The idea of one port header with conditions per function is mimalloc's.
 *
 * Words. A *CPU* is a number below the machine's nr_cpus. A *local section* is
 * the code between kmm_local_irq_save() and kmm_local_irq_restore(); while a
 * CPU is in one, nothing else of the core may run on that CPU.
 *
 * Hot functions may be given as inline code: compile the core with
 * -DKMM_PLATFORM_INLINE='"file.h"'; that header then defines (static inline)
 * kmm_cpu, kmm_local_irq_save and kmm_local_irq_restore. It may have kmm_mmu_changed and
 * kmm_tlb_flush_local too: then it defines KMM_MMU_CHANGED_INLINE, KMM_TLB_FLUSH_LOCAL_INLINE.
 *
 * Beside these the core needs what every freestanding compiler needs: memcpy,
 * memmove, memset, memcmp, strlen, strcmp, strncmp. lib/string.c has them for
 * an embedder without a C library.
 */
#ifndef KMM_PLATFORM_H
#define KMM_PLATFORM_H

#include <kmm/config.h>
#include <kmm/types.h>

#ifdef KMM_PLATFORM_INLINE
#include KMM_PLATFORM_INLINE
#else
/*
 * kmm_cpu - the CPU this code runs on.
 * Pre: none. Post: below nr_cpus; stays true until the end of a local section
 * that encloses the call. Cost matters: it is on every fast path.
 */
unsigned int kmm_cpu(void);

/*
 * kmm_local_irq_save / kmm_local_irq_restore - open and close a local section.
 * On real hardware: interrupts (and preemption) off, state returned. Where a
 * CPU is a thread that nothing interrupts, both do nothing. They nest; restore
 * takes the value its own save returned. No sleeping inside.
 */
unsigned long kmm_local_irq_save(void);
void kmm_local_irq_restore(unsigned long flags);
#endif

/*
 * kmm_cpu_relax - called over and over while the core waits for a lock, mostly
 * inside a local section. Should give the processor away when CPUs outnumber
 * processors. Must not run requests of kmm_cpu_call().
 *
 * kmm_cpu_poll - called by the slow paths, outside local sections and with no lock
 * held: the moment to run requests of kmm_cpu_call() to this CPU, where they do not
 * come as interrupts. Called over and over while the core waits for another CPU's work, or
 * for a lock that is held for long (its owner may allocate): a platform with a scheduler lets
 * others run.
 */
void kmm_cpu_relax(void);
void kmm_cpu_poll(void);

/*
 * kmm_cpu_call - run fn(arg) on a CPU, outside its local sections, and wait. If that is the
 * CPU the caller runs on (or has come to run on), fn is simply called.
 * Pre: the caller holds no lock and is in no local section.
 * Post: true: fn has run to its end, and all it wrote is visible here.
 *       false: fn has not run and will not (that CPU is off or does not answer);
 *       the core then does without.
 * Two CPUs may call each other at the same time; this must not deadlock.
 */
bool kmm_cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg) __must_check;

/*
 * kmm_cpu_run_all - run fn(arg) once on every CPU at the same time, the caller's
 * included, and return when all have ended. A platform may use fewer CPUs, down
 * to the caller alone: fn shares out its work by itself.
 * Pre: as kmm_cpu_call(). Used to initialise large memories.
 */
void kmm_cpu_run_all(void (*fn)(void *arg), void *arg);

/*
 * kmm_console_write - one line of text, without its newline, of the given level
 * (<kmm/printk.h>). Pre: any context, even inside a local section; must not call the core.
 */
void kmm_console_write(int level, const char *text, size_t len);

/* kmm_clock_ns - nanoseconds since some fixed moment, never going back. Any context. */
u64 kmm_clock_ns(void);

/*
 * kmm_random - 64 unpredictable bits (for shuffling, for secrets). A machine
 * that promises to repeat itself returns a seeded sequence. Any context.
 */
u64 kmm_random(void);

/*
 * kmm_stop - the machine cannot go on; the report has been printed. Does not
 * return to its caller (it may longjmp out of the machine, as tests do).
 */
void kmm_stop(const char *why) __noreturn;

/*
 * Address translation: only for a machine whose page tables are kmm's (kmm_machine.paging); others
 * need not define these. All of them are about the CPU that calls.
 *
 * The processor's own state is the platform's: before kmm_boot() on the first CPU, and on each
 * other one before it runs anything of the core, it sets CR0.WP (else read-only text is not),
 * CR4.PSE, PAE, PGE, PCIDE, LA57 and EFER.NXE as it announces in kmm_paging, and the PAT as
 * <kmm/pgtable_types.h> wants it. A CPU that starts later calls
 * initialize_tlbstate_and_flush() (<kmm/tlbflush.h>) first.
 *
 * kmm_mmu_load - translate with the tables at root (physical) from now on. pcid: the tag of entries
 * that are not global (0 without KMM_CPU_PCID); keep: those that have this tag already may stay,
 * else they go. x86: mov to CR3. Pre: local section. The first call is the moment paging by kmm
 * begins: from then on only what the tables map can be reached.
 *
 * kmm_mmu_changed - entries that translate the kernel's [start, end) (pointers, multiples of
 * PAGE_SIZE; end 0: the end) have just been written. x86: nothing to do, processors walk the
 * tables themselves; a machine that mirrors the tables or models a TLB looks at them now. It does
 * not stand for any flush. local: addresses that this CPU alone ever uses, until it flushes them
 * itself.
 *
 * kmm_tlb_flush_one - forget the translation of one page (pointer), of any size, global or not.
 * x86: INVLPG.
 * kmm_tlb_flush_user_one - the same for an address of a process, tag pcid. x86: INVLPG, INVPCID.
 * kmm_tlb_flush_local - as kmm_tlb_flush_one(), for a small page at an address that this CPU alone
 * ever uses, in a table that has been there since the boot.
 * kmm_tlb_flush_pcid - forget all that are not global and have this tag. x86: mov to CR3.
 * kmm_tlb_flush_all - forget everything, global entries too. x86: CR4.PGE off and
 * on; without PGE mov to CR3.
 * Context: any.
 *
 * kmm_tlb_shootdown - call fn(arg) as each CPU whose bit is set in cpus (NR_CPUS bits; never the
 * caller's own), and return when all have ended. On hardware: an interrupt to each, answered even
 * while that CPU waits for a lock with interrupts on. A machine whose TLBs can be reached from
 * outside may call fn here, kmm_cpu() saying the other CPU meanwhile: fn touches nothing but that
 * CPU's TLB and its state in mm/kernel/tlb.c, under that state's lock.
 * CPUs that are off are skipped; if the caller has come to run on one of them, fn is called.
 * Pre: not in a local section; no lock held that is taken in local sections. Never fails.
 */
void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep);
#ifndef KMM_MMU_CHANGED_INLINE
void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local);
#endif
void kmm_tlb_flush_one(uintptr_t addr);
#ifndef KMM_TLB_FLUSH_LOCAL_INLINE
static inline void kmm_tlb_flush_local(uintptr_t addr)
{
	kmm_tlb_flush_one(addr);
}
#endif
void kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid);
void kmm_tlb_flush_pcid(unsigned int pcid);
void kmm_tlb_flush_all(void);
void kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg);

/* kmm_dump_stack - print the call trace of the caller, by printk; may print nothing. */
void kmm_dump_stack(void);

#endif
