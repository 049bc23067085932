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
 * kmm_cpu, kmm_local_irq_save and kmm_local_irq_restore.
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
 * come as interrupts. Called over and over while the core waits for another CPU's work.
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
 * kmm_memmap_back - make the virtual range [virt, virt + size) readable and
 * writable memory, backed by the RAM at phys. Called at boot, once for each part
 * of the page array, only when the machine gave a vmemmap address
 * (kmm_machine.vmemmap); a machine without one gets its page array inside the
 * direct map and never sees this call.
 * Pre: all three are multiples of PAGE_SIZE; the RAM is reserved for this.
 * Post: true, or false when the machine cannot (the boot then stops with a report).
 */
bool kmm_memmap_back(void *virt, phys_addr_t phys, size_t size) __must_check;

/*
 * kmm_map_frame / kmm_unmap_frame - a short look at one page frame above the
 * direct map (high memory of a 32-bit machine); at most two at a time a CPU,
 * released in the reverse order. Pre: phys is a multiple of PAGE_SIZE and RAM;
 * inside a local section. Never fails. A machine whose direct map covers all RAM is never asked.
 */
void *kmm_map_frame(phys_addr_t phys);
void kmm_unmap_frame(void *virt);

/* kmm_dump_stack - print the call trace of the caller, by printk; may print nothing. */
void kmm_dump_stack(void);

#endif
