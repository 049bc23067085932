/* SPDX-License-Identifier: MIT */
/*
 * sched.h - kernel threads: created, put to sleep, woken, ended; a run queue for each CPU. Names
 * and meaning are Linux's. As much as reclaim and compaction will need, and what tests use.
 *
 * A thread stays on its CPU. The timer takes the CPU away from a thread that has used its time
 * slice when it is in no local section and has not forbidden it (preempt_disable()).
 */
#ifndef KMM_PC_SCHED_H
#define KMM_PC_SCHED_H

#include <kmm/types.h>

struct task;

#define TASK_RUNNING		0
#define TASK_INTERRUPTIBLE	1
#define TASK_UNINTERRUPTIBLE	2

#define MAX_SCHEDULE_TIMEOUT	UINT64_MAX
#define TASK_NAME_LEN		16

/* sched_init - make what runs now the idle thread of this CPU. Once on each CPU. */
void sched_init(void);
void sched_idle(void) __attribute__((noreturn));	/* its loop */

/*
 * kthread_create_on_cpu - a thread that will run fn(data) on that CPU, asleep until
 * wake_up_process(). Its stack is the core's (<kmm/stack.h>) when the core is on, else one of the
 * platform's own, which are four. Power-off of the core ends all threads but main, on every CPU
 * that took part. ERR_PTR(-ENOMEM), ERR_PTR(-EINVAL). fn's result is the exit code. May sleep.
 * kthread_run_on_cpu - the same and wake it.
 * kthread_run_main - the thread that outlives the core: on the first CPU, its stack (128 KiB) in
 * the image. There is one.
 * kthread_stop - ask it to end (kthread_should_stop() becomes true, it is woken), wait, return the
 * exit code, free it. Every thread but the main one needs it once, also one that has ended by
 * itself. May sleep.
 */
struct task *kthread_create_on_cpu(int (*fn)(void *data), void *data, unsigned int cpu,
				   const char *name);
struct task *kthread_run_on_cpu(int (*fn)(void *data), void *data, unsigned int cpu,
				const char *name);
struct task *kthread_run_main(int (*fn)(void *data), void *data);
int kthread_stop(struct task *task);
bool kthread_should_stop(void);

/* current_task - NULL before sched_init(). task_name - of NULL too. Any context. */
struct task *current_task(void);
bool task_is_idle(const struct task *task);
const char *task_name(const struct task *task);

/*
 *	for (;;) {
 *		set_current_state(TASK_INTERRUPTIBLE);
 *		if (condition) break;
 *		schedule();
 *	}
 *	set_current_state(TASK_RUNNING);
 * wake_up_process - make it runnable; true if it slept. From any CPU and context.
 * schedule - let others run; asleep unless TASK_RUNNING. Not in a local section.
 * schedule_timeout - sleep at most so many ns; what is left. State as for schedule().
 * msleep - so many ms.
 * cond_resched - give the CPU away if somebody waits for it, and if it may be given away here: not
 * in interrupts, not in a local section, not on the idle thread. Any context.
 */
void set_current_state(int state);
bool wake_up_process(struct task *task);
void schedule(void);
u64 schedule_timeout(u64 ns);
void msleep(unsigned int ms);
void cond_resched(void);
void preempt_disable(void);
void preempt_enable(void);

/*
 * sched_tick - at the timer's interrupt. sched_irq_exit - trap.c, at the end of every interrupt,
 * when pc_cpu.in_irq is 0 again, interrupts off: may run other threads meanwhile.
 */
void sched_tick(void);
void sched_irq_exit(void);

/* sched_stack - bounds of the stack in use here that addr lies in: of this CPU's thread or of its
 * idle thread. Any context. */
bool sched_stack(uintptr_t addr, uintptr_t *begin, uintptr_t *end);

/*
 * sched_left - this CPU has come out of an exception or a wait by a jump, back to the thread it
 * runs: nothing that the thread was at goes on. By trap_left().
 */
void sched_left(void);

#endif
