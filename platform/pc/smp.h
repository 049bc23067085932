/* SPDX-License-Identifier: MIT */
/*
 * smp.h - what belongs to each CPU and must outlive a power-off of the core: its room in the image.
 *
 * The rooms come last in the image (section .bss.cpus, not cleared), and those from
 * &cpu_rooms[pc_machine.nr_cpus] on are given to somebody else: nothing may be kept there.
 */
#ifndef KMM_PC_SMP_H
#define KMM_PC_SMP_H

#include "cpu.h"
#include "pc.h"

#define PC_IDLE_STACK	(16u << 10)
#define PC_WORKER_STACK	(32u << 10)
#define PC_MAIN_STACK	(128u << 10)

struct cpu_room {
	struct cpu_tables tables;
	u8 idle_guard[PAGE_SIZE], idle_stack[PC_IDLE_STACK];
	u8 worker_guard[PAGE_SIZE], worker_stack[PC_WORKER_STACK];
} __attribute__((aligned(PAGE_SIZE)));
extern struct cpu_room cpu_rooms[PC_MAX_CPUS];

/* The main thread's. Guards: pages below stacks, which core.c makes the core map nothing at. */
struct pc_main_room {
	u8 guard[PAGE_SIZE], stack[PC_MAIN_STACK];
};
extern struct pc_main_room pc_main_room;

/* ---- between smp.c, ipi.c and sched.c ---- */

/* smp_ap_entry - where trampoline.S ends. ipi_discard - what was asked of a CPU is void. */
void smp_ap_entry(void) __noreturn;
void ipi_discard(unsigned int hardware);

/* smp_leave - out of the core, never to return, if that is asked of this CPU; by whoever waits. */
void smp_leave(void);

/* The thread of smp_run() on that CPU, asleep. There is none yet, or it is forgotten. */
struct task *sched_new_worker(unsigned int cpu, int (*fn)(void *data), void *data);
/* The rest of a CPU's life begins on its idle stack: fn() there, what was on any stack is gone. */
void sched_start_over(void (*fn)(void)) __noreturn;
/*
 * A fault has been reported: whatever queue's lock this CPU had is free again, what that queue
 * held is lost. Others wait for it, interrupts off, that CPU itself among them.
 */
void sched_drop_locks(void);
/*
 * Wake the main thread, which is to see that the machine has stopped; false: it runs here and
 * now.
 */
bool sched_rouse_main(void);
/*
 * This CPU goes on with others: its thread never again; idle, or in an interrupt: that is
 * forgotten.
 */
void sched_abandon(void) __noreturn;
/* Every thread of that CPU but its idle one (and keep, if it is not NULL) is forgotten. */
void sched_forget(unsigned int hardware, struct task *keep);

#endif
