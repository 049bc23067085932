// SPDX-License-Identifier: MIT
/*
 * sched.c - kernel threads.
 *
 * A *thread* (struct task) is a stack and what is left on it while another runs. The struct lies at
 * the top of the stack:
 *
 *	base                                                  base + size
 *	| magic | never used ...   <--- grows down --- | struct task |
 *
 * so a thread takes no memory but its stack. It belongs to one CPU for life. Each CPU has a *run
 * queue*: the threads that could run but do not, first come first served; those that sleep for a
 * time, the earliest first; and the *idle thread*, which runs when there is no other: it is what
 * the CPU came up with, and halts the CPU until an interrupt.
 *
 *	       create           wake_up_process()             schedule()
 *	(none) ------> sleeping -----------------> in queue <----------> running ---> ended
 *	                   ^                          tick, cond_resched()  |  exit   kthread_stop()
 *	                   +------------------------------------------------+
 *	                          set_current_state(), schedule()
 *
 * No wake-up is lost: a thread first writes its state, then looks at what it waits for, then
 * calls schedule(), which reads the state again under the queue's lock; who wakes first makes
 * true what is waited for, then takes the lock and writes the state. A thread that is *preempted*
 * stays in the queue whatever its state says: it has not finished looking.
 *
 * Preemption. When a thread has run for SLICE_TICKS ticks and others wait, the tick sets resched,
 * and the interrupt's end switches. The interrupt's frame stays on the thread's stack until it
 * runs again. Interrupts are held in local sections (pc_inline.h), so a thread in one is never
 * preempted; preempt_disable() counts, in the thread, other reasons not to. Nor is one that has
 * local mappings (kmap_local_page()): they are a stack of the CPU's.
 *
 * Switching (switch_*.S) happens with the queue's lock held and interrupts off; whoever runs next
 * releases the lock. A thread's on_cpu says that its stack is in use: kthread_stop() waits for its
 * end before it frees the stack the thread ended on.
 *
 * When the core is switched off its stacks vanish, so threads do: sched_forget(). Which they were
 * nobody needs to know; the queues are made anew.
 *
 * Locks: a queue's, taken with interrupts off; never two at a time. A CPU that faults under one
 * gives it back on its way out: sched_drop_locks(). Time: clock_real_ns(), as a test's own clock
 * may stand still.
 *
 * Source of the ideas: Linux's kernel/sched and kernel/kthread.c of the early years; for the lock
 * held across a switch, Unix sixth edition's swtch() as xv6 has it.
 */
#include <kmm/err.h>
#include <kmm/highmem.h>
#include <kmm/numa.h>
#include <kmm/printk.h>
#include <kmm/stack.h>

#include "lib/list.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "owner.h"
#include "smp.h"
#include "trap.h"
#include "x86.h"

#define TASK_DEAD	3
#define SLICE_TICKS	2
#define OWN_STACK	(16u << 10)
#define NR_OWN_STACKS	4
#define NS_PER_MS	1000000u

/* q: the queue's lock; o: own thread only; a: atomic. */
struct task {
	void *sp;			/* while it does not run; first: switch_*.S */
	struct list_head run;		/* q: in the queue */
	struct list_head timer;		/* q: among the sleepers */
	u64 deadline;			/* q */
	int state;			/* a */
	bool queued, timed;		/* q: which lists it is in */
	bool on_cpu;			/* a: its stack is in use */
	bool ended;			/* a */
	bool should_stop;		/* a */
	unsigned int preempt;		/* o: preempt_disable() */
	unsigned int cpu;
	int (*fn)(void *data);
	void *data;
	int exit_code;
	struct task *stopper;		/* a: waits in kthread_stop() */
	struct kernel_stack stack;	/* the core's; base NULL: the platform's */
	uintptr_t begin, end;		/* of the stack, whosever it is */
	char name[TASK_NAME_LEN];
} ____cacheline_aligned;

struct queue {
	u32 owner;			/* a: who has the lock */
	bool resched;			/* q, own CPU: switch at the interrupt's end */
	unsigned int slice;		/* own CPU: ticks left */
	struct list_head ready, sleepers;
	struct task *current;		/* written by own CPU, q */
	struct task *last;		/* own CPU: who was switched from */
	struct task idle;
};

static struct queue queues[PC_MAX_CPUS];
static struct task *main_task;
struct pc_main_room pc_main_room __attribute__((section(".bss.room"), aligned(PAGE_SIZE)));

/* For threads that are made while the core is off. */
static struct own_stack {
	u8 bytes[OWN_STACK];
} own_stacks[NR_OWN_STACKS] __attribute__((aligned(64)));
static struct task *own_users[NR_OWN_STACKS];	/* a: NULL: free */

extern char pc_boot_stack[], pc_boot_stack_end[];	/* pc.ld */

/* switch_*.S */
void sched_switch(struct task *prev, struct task *next);
void sched_jump(uintptr_t stack_top, void (*fn)(void)) __noreturn;

/* ---- small things ---- */

static struct queue *this_queue(void)
{
	return &queues[this_pc_cpu()->hardware];
}

/*
 * This CPU has faulted with the lock in its hands, maybe on a list that is broken: its threads are
 * lost, but for the one that runs and the main one, by which the machine's end is survived.
 */
static void salvage(struct queue *q)
{
	INIT_LIST_HEAD(&q->ready);
	INIT_LIST_HEAD(&q->sleepers);
	q->current->queued = q->current->timed = false;
	if (!main_task || q != &queues[main_task->cpu] || main_task == q->current)
		return;
	main_task->timed = false;
	main_task->queued = main_task->state == TASK_RUNNING;
	if (main_task->queued)
		list_add_tail(&main_task->run, &q->ready);
}

/* Waits without kmm_cpu_relax(), which may come back here. */
static void lock(struct queue *q)
{
	bool faulted = owner_is_me(&q->owner);

	while (!owner_try(&q->owner))
		__builtin_ia32_pause();
	if (unlikely(faulted))
		salvage(q);
}

static void unlock(struct queue *q)
{
	owner_drop(&q->owner);
}

struct task *current_task(void)
{
	return this_pc_cpu()->current;
}

bool task_is_idle(const struct task *task)
{
	return task == &queues[task->cpu].idle;
}

const char *task_name(const struct task *task)
{
	return task ? task->name : "boot";
}

bool sched_stack(uintptr_t addr, uintptr_t *begin, uintptr_t *end)
{
	const struct task *t = current_task();
	unsigned int i;

	for (i = 0; t && i < 2; i++, t = &this_queue()->idle)
		if (addr >= t->begin && addr < t->end) {
			*begin = t->begin;
			*end = t->end;
			return true;
		}
	*begin = (uintptr_t)pc_boot_stack;
	*end = (uintptr_t)pc_boot_stack_end;
	return addr >= *begin && addr < *end;
}

/* Is this CPU's thread one that may be made to wait for others, interrupts and sections aside? */
static bool is_preemptible(const struct pc_cpu *cpu)
{
	const struct task *t = cpu->current;

	return t && !t->preempt && !task_is_idle(t) && !(cpu->in_core && kmap_local_depth());
}

/* May this CPU run another thread now, and come back later? */
static bool may_switch(void)
{
	const struct pc_cpu *cpu = this_pc_cpu();
	unsigned long flags;

	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	return flags & EFLAGS_IF && is_preemptible(cpu) && !cpu->in_irq &&
	       !(cpu->section & ~PC_SECTION_NONE);
}

/* ---- queues: their lock held ---- */

static void enqueue(struct queue *q, struct task *t)
{
	KMM_BUG_ON(t->queued || task_is_idle(t));
	list_add_tail(&t->run, &q->ready);
	t->queued = true;
}

static struct task *next_task(struct queue *q)
{
	struct task *t;

	if (list_empty(&q->ready))
		return &q->idle;
	t = container_of(q->ready.next, struct task, run);
	list_del(&t->run);
	t->queued = false;
	return t;
}

static void stop_timing(struct task *t)
{
	if (t->timed)
		list_del(&t->timer);
	t->timed = false;
}

static void start_timing(struct queue *q, struct task *t, u64 deadline)
{
	struct list_head *at = q->sleepers.prev;

	t->deadline = deadline;
	while (at != &q->sleepers && container_of(at, struct task, timer)->deadline > deadline)
		at = at->prev;
	list_add(&t->timer, at);
	t->timed = true;
}

static bool wake(struct queue *q, struct task *t)
{
	int state = __atomic_load_n(&t->state, __ATOMIC_SEQ_CST);

	if (state != TASK_INTERRUPTIBLE && state != TASK_UNINTERRUPTIBLE)
		return false;
	__atomic_store_n(&t->state, TASK_RUNNING, __ATOMIC_SEQ_CST);
	if (t != q->current && !t->queued)
		enqueue(q, t);
	return true;
}

static void wake_sleepers(struct queue *q, u64 now)
{
	while (!list_empty(&q->sleepers)) {
		struct task *t = container_of(q->sleepers.next, struct task, timer);

		if (t->deadline > now)
			break;
		stop_timing(t);
		wake(q, t);
	}
}

/* ---- switching ---- */

/* The first thing that runs after a switch, on the stack of who runs now. */
static void finish_switch(void)
{
	struct queue *q = this_queue();

	__atomic_store_n(&q->last->on_cpu, false, __ATOMIC_RELEASE);
	unlock(q);
}

static void check_stack(const struct task *t)
{
	if (unlikely(*(const u32 *)t->begin != STACK_END_MAGIC))
		panic("stack of thread %s on CPU %u has overflowed", t->name, t->cpu);
}

static void switch_to(struct queue *q, struct task *prev, struct task *next)
{
	q->current = next;
	q->last = prev;
	this_pc_cpu()->current = next;
	next->on_cpu = true;
	sched_switch(prev, next);
	finish_switch();
}

/* Interrupts are off. preempted: it goes on whatever its state is. */
static void run_another(bool preempted)
{
	struct queue *q = this_queue();
	struct task *prev = q->current, *next;

	check_stack(prev);	/* panics: before the lock, which the way out takes */
	lock(q);
	if (!task_is_idle(prev) &&
	    (preempted || __atomic_load_n(&prev->state, __ATOMIC_SEQ_CST) == TASK_RUNNING))
		enqueue(q, prev);
	next = next_task(q);
	q->resched = false;
	q->slice = SLICE_TICKS;
	if (next == prev)
		unlock(q);
	else
		switch_to(q, prev, next);
}

void schedule(void)
{
	const struct pc_cpu *cpu = this_pc_cpu();
	unsigned long flags = irq_save();

	KMM_BUG_ON(cpu->in_irq || cpu->section & ~PC_SECTION_NONE);
	run_another(false);
	irq_restore(flags);
	if (unlikely(pc_world.stopped) && pc_world.relax)
		pc_world.relax();
}

void cond_resched(void)
{
	struct queue *q = this_queue();

	if (list_empty(&q->ready) || !may_switch())
		return;
	irq_save();
	run_another(true);
	irq_restore(EFLAGS_IF);
}

void sched_irq_exit(void)
{
	const struct pc_cpu *cpu = this_pc_cpu();

	if (queues[cpu->hardware].resched && is_preemptible(cpu))
		run_another(true);
}

void sched_tick(void)
{
	struct queue *q = this_queue();

	if (!q->current)
		return;
	lock(q);
	wake_sleepers(q, clock_real_ns());
	if (q->slice)
		q->slice--;
	if (!q->slice && !list_empty(&q->ready))
		q->resched = true;
	unlock(q);
}

void preempt_disable(void)
{
	current_task()->preempt++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void preempt_enable(void)
{
	struct task *t = current_task();

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	KMM_BUG_ON(!t->preempt);
	if (!--t->preempt && this_queue()->resched)
		cond_resched();
}

/* ---- sleeping and waking ---- */

void set_current_state(int state)
{
	__atomic_store_n(&current_task()->state, state, __ATOMIC_SEQ_CST);
}

bool wake_up_process(struct task *t)
{
	struct queue *q = &queues[t->cpu];
	unsigned long flags = irq_save();
	bool woken, idle;

	lock(q);
	woken = wake(q, t);
	idle = woken && q->current == &q->idle;
	unlock(q);
	if (idle && q != this_queue())
		apic_send(pc_cpus[t->cpu].apic_id, VECTOR_RESCHEDULE);
	irq_restore(flags);
	return woken;
}

static void remove_timer(struct task *t)
{
	struct queue *q = &queues[t->cpu];
	unsigned long flags = irq_save();

	lock(q);
	stop_timing(t);
	unlock(q);
	irq_restore(flags);
}

u64 schedule_timeout(u64 ns)
{
	struct task *t = current_task();
	struct queue *q = &queues[t->cpu];
	u64 now = clock_real_ns(), deadline = now + ns < now ? UINT64_MAX : now + ns;
	unsigned long flags;

	if (ns == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return ns;
	}
	flags = irq_save();
	lock(q);
	start_timing(q, t, deadline);
	unlock(q);
	irq_restore(flags);
	schedule();
	remove_timer(t);
	now = clock_real_ns();
	return now < deadline ? deadline - now : 0;
}

void msleep(unsigned int ms)
{
	u64 left = (u64)ms * NS_PER_MS;

	while (left) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		left = schedule_timeout(left);
	}
}

/* ---- a thread's life ---- */

static void __noreturn end_current(int code)
{
	struct task *t = current_task(), *stopper;

	t->exit_code = code;
	irq_save();
	__atomic_store_n(&t->state, TASK_DEAD, __ATOMIC_SEQ_CST);
	__atomic_store_n(&t->ended, true, __ATOMIC_SEQ_CST);
	stopper = __atomic_load_n(&t->stopper, __ATOMIC_SEQ_CST);
	if (stopper)
		wake_up_process(stopper);
	schedule();
	panic("thread %s runs after its end", t->name);
}

/* Where the stack of a new thread returns to. */
static void thread_start(void)
{
	struct task *t = current_task();

	finish_switch();
	irq_restore(EFLAGS_IF);
	end_current(t->fn(t->data));
}

/*
 * As if it had called sched_switch() once: registers, where to return to, an end for call traces.
 */
static void fill_stack(struct task *t)
{
	const unsigned int registers = sizeof(void *) == 8 ? 6 : 4;
	uintptr_t *sp = (uintptr_t *)t;

	*--sp = 0;
	*--sp = (uintptr_t)thread_start;
	sp -= registers;
	memset(sp, 0, registers * sizeof(*sp));
	t->sp = sp;
}

static struct task *new_task(void *base, size_t size, unsigned int cpu, const char *name)
{
	uintptr_t at = ALIGN_DOWN((uintptr_t)base + size - sizeof(struct task), 64ul);
	struct task *t = (struct task *)at;

	*t = (struct task){
		.state = TASK_UNINTERRUPTIBLE, .cpu = cpu, .begin = (uintptr_t)base,
		.end = (uintptr_t)base + size,
	};
	*(u32 *)base = STACK_END_MAGIC;
	scnprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

static struct task *with_core_stack(unsigned int cpu, const char *name)
{
	struct kernel_stack stack;
	struct task *t;

	if (alloc_thread_stack(&stack, THREAD_SIZE_ORDER, NUMA_NO_NODE))
		return ERR_PTR(-ENOMEM);
	t = new_task(stack.base, stack_size(&stack), cpu, name);
	t->stack = stack;
	return t;
}

static struct task *with_own_stack(unsigned int cpu, const char *name)
{
	struct task *nobody, *claim = current_task();
	unsigned int i;

	for (i = 0; i < NR_OWN_STACKS; i++) {
		nobody = NULL;
		if (!__atomic_compare_exchange_n(&own_users[i], &nobody, claim, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		own_users[i] = new_task(own_stacks[i].bytes, OWN_STACK, cpu, name);
		return own_users[i];
	}
	return ERR_PTR(-ENOMEM);
}

static void free_own_stack(const struct task *t)
{
	unsigned int i;

	for (i = 0; i < NR_OWN_STACKS; i++)
		if (own_users[i] == t)
			__atomic_store_n(&own_users[i], NULL, __ATOMIC_RELEASE);
}

static struct task *set_going(struct task *t, int (*fn)(void *data), void *data)
{
	t->fn = fn;
	t->data = data;
	fill_stack(t);
	return t;
}

struct task *kthread_create_on_cpu(int (*fn)(void *data), void *data, unsigned int cpu,
				   const char *name)
{
	struct task *t;

	if (cpu >= PC_MAX_CPUS || !__atomic_load_n(&pc_cpus[cpu].online, __ATOMIC_ACQUIRE))
		return ERR_PTR(-EINVAL);
	if (!smp_core_is_on())
		t = with_own_stack(cpu, name);
	else if (pc_cpus[cpu].in_core)
		t = with_core_stack(cpu, name);
	else
		t = ERR_PTR(-EINVAL);	/* it could not reach its stack */
	return IS_ERR(t) ? t : set_going(t, fn, data);
}

struct task *kthread_run_on_cpu(int (*fn)(void *data), void *data, unsigned int cpu,
				const char *name)
{
	struct task *t = kthread_create_on_cpu(fn, data, cpu, name);

	if (!IS_ERR(t))
		wake_up_process(t);
	return t;
}

struct task *kthread_run_main(int (*fn)(void *data), void *data)
{
	main_task = new_task(pc_main_room.stack, PC_MAIN_STACK, 0, "main");
	wake_up_process(set_going(main_task, fn, data));
	return main_task;
}

struct task *sched_new_worker(unsigned int cpu, int (*fn)(void *data), void *data)
{
	char name[TASK_NAME_LEN];
	struct task *t;

	scnprintf(name, sizeof(name), "worker/%u", cpu);
	t = new_task(cpu_rooms[cpu].worker_stack, PC_WORKER_STACK, cpu, name);
	return set_going(t, fn, data);
}

static void free_task(struct task *t)
{
	struct kernel_stack stack = t->stack;	/* the task lies on it */

	if (stack.base)
		free_thread_stack(&stack);
	else
		free_own_stack(t);
}

int kthread_stop(struct task *t)
{
	int code;

	KMM_BUG_ON(t == current_task());
	__atomic_store_n(&t->stopper, current_task(), __ATOMIC_SEQ_CST);
	__atomic_store_n(&t->should_stop, true, __ATOMIC_SEQ_CST);
	wake_up_process(t);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (__atomic_load_n(&t->ended, __ATOMIC_SEQ_CST))
			break;
		schedule_timeout(100 * (u64)NS_PER_MS);
		kmm_cpu_poll();
	}
	set_current_state(TASK_RUNNING);
	while (__atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE))
		kmm_cpu_poll();
	code = t->exit_code;
	free_task(t);
	return code;
}

bool kthread_should_stop(void)
{
	return __atomic_load_n(&current_task()->should_stop, __ATOMIC_SEQ_CST);
}

/* ---- the idle thread ---- */

static void idle_bounds(struct task *idle, unsigned int hardware)
{
	u8 *room = cpu_rooms[hardware].idle_stack;

	idle->begin = hardware ? (uintptr_t)room : (uintptr_t)pc_boot_stack;
	idle->end = hardware ? (uintptr_t)room + PC_IDLE_STACK : (uintptr_t)pc_boot_stack_end;
	*(u32 *)idle->begin = STACK_END_MAGIC;
}

void sched_init(void)
{
	unsigned int hardware = this_pc_cpu()->hardware;
	struct queue *q = &queues[hardware];
	struct task *idle = &q->idle;

	INIT_LIST_HEAD(&q->ready);
	INIT_LIST_HEAD(&q->sleepers);
	*idle = (struct task){ .cpu = hardware, .on_cpu = true };
	idle_bounds(idle, hardware);
	scnprintf(idle->name, sizeof(idle->name), "swapper/%u", hardware);
	q->current = this_pc_cpu()->current = idle;
}

/*
 * Nothing to run, interrupts off: until an interrupt. Without ticks somebody must look at the
 * clock.
 */
static void wait_for_interrupt(struct queue *q)
{
	if (timer_ticks()) {
		__asm__ volatile("sti\n\thlt" : : : "memory");
		return;
	}
	lock(q);
	wake_sleepers(q, clock_real_ns());
	unlock(q);
	__asm__ volatile("sti\n\tpause" : : : "memory");
}

void sched_idle(void)
{
	struct queue *q = this_queue();

	KMM_BUG_ON(!task_is_idle(current_task()));
	for (;;) {
		irq_save();
		if (list_empty(&q->ready))
			wait_for_interrupt(q);
		else
			run_another(false);
		irq_restore(EFLAGS_IF);
	}
}

/* ---- out of the ordinary ---- */

static void leave_all(struct pc_cpu *cpu)
{
	cpu->in_irq = 0;
	cpu->held = 0;
	cpu->section = PC_SECTION_NONE;
	cpu->number = cpu->hardware;
	trap_forget();
}

void sched_start_over(void (*fn)(void))
{
	struct pc_cpu *cpu = this_pc_cpu();
	struct queue *q = &queues[cpu->hardware];

	irq_save();
	leave_all(cpu);
	q->current = cpu->current = &q->idle;
	sched_jump(q->idle.end, fn);
}

bool sched_rouse_main(void)
{
	if (current_task() == main_task)
		return false;
	wake_up_process(main_task);
	return true;
}

void sched_abandon(void)
{
	struct pc_cpu *cpu = this_pc_cpu();

	irq_save();
	leave_all(cpu);
	if (task_is_idle(cpu->current))
		sched_start_over(sched_idle);
	cpu->current->state = TASK_DEAD;
	run_another(false);
	panic("thread %s runs after its end", task_name(cpu->current));
}

void sched_drop_locks(void)
{
	struct queue *q;

	for (q = queues; q < queues + PC_MAX_CPUS; q++)
		if (owner_is_me(&q->owner)) {
			salvage(q);
			unlock(q);
		}
}

void sched_forget(unsigned int hardware, struct task *keep)
{
	struct queue *q = &queues[hardware];
	unsigned int i;

	unlock(q);	/* whoever had it: that CPU is stopped */
	INIT_LIST_HEAD(&q->ready);
	INIT_LIST_HEAD(&q->sleepers);
	q->resched = false;
	for (i = 0; i < NR_OWN_STACKS; i++)
		if (own_users[i] && own_users[i]->cpu == hardware)
			own_users[i] = NULL;
	q->idle.queued = q->idle.timed = false;
	if (keep)
		keep->queued = keep->timed = false;
}

void sched_left(void)
{
	struct task *t = current_task();

	sched_drop_locks();
	if (!t)
		return;
	t->preempt = 0;
	set_current_state(TASK_RUNNING);
	remove_timer(t);
}
