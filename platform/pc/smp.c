// SPDX-License-Identifier: MIT
/*
 * smp.c - the other processors: started, taken into the core, taken out of it, given work.
 *
 * Starting. A processor that is not the first waits for two interrupts from another: INIT, a reset,
 * and STARTUP, whose vector names the page below 1 MiB where it begins in real mode. There lies a
 * copy of trampoline.S, which climbs to the mode and the first tables of this processor and calls
 * smp_ap_entry() on the CPU's idle stack. One is started at a time.
 *
 *	CPU 0				CPU n
 *	apic_id[n], trampoline
 *	INIT, wait 10 ms
 *	STARTUP			--->	real mode ... smp_ap_entry(n): segments, APIC, idle thread
 *	(200 us later once more)	timer, into the core if that is on
 *	wait for online		<---	online, idle loop
 *
 * Into the core: say so in in_core, then load its tables, interrupts off: who changes tables in
 * between asks this CPU too. From then on it answers kmm_cpu_call().
 *
 * Out of it (smp_core_off()) must work whatever the CPUs are doing: tests stop machines in the
 * middle of anything. Two steps, each waited for, as nobody may touch a CPU's queue while another
 * CPU still runs threads:
 *
 *	1	LEAVE to each: it drops what it was doing and waits on its idle stack
 *	2	the queues are made anew; each loads the first tables and idles
 *
 * LEAVE is an interrupt like others, held in local sections. The end of one may never come: where
 * it waits for a lock, whose owner may have left the core before. So a CPU that waits looks for
 * LEAVE by itself: in kmm_cpu_relax(), and parked. One that does not answer within LEAVE_MS, going
 * in circles in a section, is given up for good.
 *
 * Work. Each CPU has a *worker*, a thread that does one job at a time for smp_run(). A job
 * belongs to the worker's CPU, not to a stack: a machine that stops may leave the stack of who
 * gave it.
 */
#include <kmm/platform.h>
#include <kmm/printk.h>
#include <kmm/tlbflush.h>

#include "apic.h"
#include "lib/string.h"
#include "smp.h"
#include "stop.h"
#include "x86.h"

#define INIT_US		10000u
#define STARTUP_US	200u
#define ONLINE_MS	10000u		/* long: a PC that is a program may stand meanwhile */
#define LEAVE_MS	10000u
#define NS_PER_MS	1000000ull
#define EFER_COPIED	0x901u		/* SCE, LME, NXE */
#define HANDOVER_TRIES	64u

struct cpu_room cpu_rooms[PC_MAX_CPUS] __attribute__((section(".bss.cpus")));

/* trampoline.S: its bytes, and what is filled in. */
extern const u8 trampoline_start[], trampoline_end[];
struct trampoline_args {
	u32 gdt_base;			/* linear addresses of its own parts */
	u32 jump32;
	u16 cs32, unused32;
	u32 jump64;
	u16 cs64, unused64;
	u32 cr0, cr3, cr4;
	u32 efer;			/* 0: the processor has none */
	u64 stack, entry;
} __attribute__((packed));
extern const u8 trampoline_args[], trampoline_gdt[], trampoline_32[], trampoline_64[];

struct job {
	void (*fn)(void *arg);
	void *arg;
	struct task *giver;
	bool taken;			/* a: somebody has this worker to himself */
	bool todo, done;		/* a */
	bool idle;			/* a: the worker needs the giver no more */
};

enum leave { STAYS, LEAVES, WAITS, GOES };

static struct per_cpu {
	struct task *worker;
	struct job job;
	u32 leave;			/* a: enum leave */
} cpus[PC_MAX_CPUS];

static int worker(void *data);

static unsigned int core_cpus;		/* of the core that is on; 0: it is off */
static unsigned int starting;		/* index of the CPU that starts now */

bool smp_core_is_on(void)
{
	return core_cpus;
}

/* Wait for *what to become value; false: it has not in time. */
static bool await(const u32 *what, u32 value, unsigned int ms)
{
	u64 end = clock_real_ns() + ms * NS_PER_MS;

	while (__atomic_load_n(what, __ATOMIC_ACQUIRE) != value) {
		if (clock_real_ns() > end)
			return false;
		__builtin_ia32_pause();
	}
	return true;
}

/* ---- into the core and out of it ---- */

static void join_core(void *arg)
{
	struct pc_cpu *self = this_pc_cpu();

	(void)arg;
	if (self->in_core)
		return;
	__atomic_store_n(&self->in_core, true, __ATOMIC_SEQ_CST);
	initialize_tlbstate_and_flush();
}

void smp_core_on(unsigned int nr)
{
	unsigned int cpu;

	core_cpus = nr;
	apic_core_on();
	this_pc_cpu()->in_core = true;
	for (cpu = 1; cpu < nr && cpu < PC_MAX_CPUS && !pc_world.one_processor; cpu++)
		(void)ipi_call(cpu, join_core, NULL);
}

/* On the idle stack; the rest of this CPU's life. */
static void leave_core(void)
{
	struct pc_cpu *self = this_pc_cpu();
	struct per_cpu *c = &cpus[self->hardware];

	__atomic_store_n(&c->leave, WAITS, __ATOMIC_RELEASE);
	while (__atomic_load_n(&c->leave, __ATOMIC_ACQUIRE) != GOES)
		__builtin_ia32_pause();
	if (self->in_core)
		mmu_first_tables();
	self->in_core = false;
	__atomic_store_n(&c->leave, STAYS, __ATOMIC_RELEASE);
	irq_restore(EFLAGS_IF);
	sched_idle();
}

static bool shall_leave(void)
{
	return __atomic_load_n(&cpus[this_pc_cpu()->hardware].leave, __ATOMIC_ACQUIRE) == LEAVES;
}

void smp_leave(void)
{
	if (unlikely(shall_leave()))
		sched_start_over(leave_core);
}

static void on_leave(struct pt_regs *regs)
{
	(void)regs;
	smp_leave();
}

void smp_park(void)
{
	struct pc_cpu *self = this_pc_cpu();

	sched_drop_locks();
	if (!self->hardware && sched_rouse_main())
		sched_abandon();
	for (;;) {
		self->held = 0;
		self->section = PC_SECTION_NONE;
		smp_leave();
		irq_restore(EFLAGS_IF);
		__builtin_ia32_pause();
	}
}

/* The first CPU never parks: the main thread is there. Woken, it sees for itself (schedule()). */
static void on_stop(struct pt_regs *regs)
{
	const struct pc_cpu *self = this_pc_cpu();

	(void)regs;
	if (__atomic_load_n(&pc_stopping, __ATOMIC_ACQUIRE))
		pc_halt();
	if (!self->in_core || !pc_world.relax)
		return;		/* it comes late: all is over */
	if (self->hardware || !sched_rouse_main())
		pc_world.relax();
}

void smp_stop_others(void)
{
	apic_send_others(VECTOR_STOP);
}

static bool other_in_core(unsigned int cpu)
{
	return cpu != this_pc_cpu()->hardware && pc_cpus[cpu].in_core;
}

static void give_up(unsigned int cpu)
{
	pc_log(LOGLEVEL_ERR, "smp: CPU %u does not answer and is left alone", cpu);
	apic_command(pc_cpus[cpu].apic_id, APIC_ICR_INIT);
	pc_cpus[cpu].online = pc_cpus[cpu].in_core = false;
}

/* Send each to step 1 and wait for all; then to step 2. */
static void take_others_out(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < PC_MAX_CPUS; cpu++)
		if (other_in_core(cpu)) {
			__atomic_store_n(&cpus[cpu].leave, LEAVES, __ATOMIC_RELEASE);
			apic_send(pc_cpus[cpu].apic_id, VECTOR_LEAVE);
		}
	for (cpu = 0; cpu < PC_MAX_CPUS; cpu++)
		if (other_in_core(cpu) && !await(&cpus[cpu].leave, WAITS, LEAVE_MS))
			give_up(cpu);
}

static void make_worker(unsigned int cpu)
{
	cpus[cpu].job = (struct job){ .fn = NULL };
	cpus[cpu].worker = sched_new_worker(cpu, worker, &cpus[cpu]);
}

/* Nothing that was asked of a CPU, or ran there, is left; keep: but this thread. */
static void make_anew(unsigned int cpu, struct task *keep)
{
	ipi_discard(cpu);
	sched_forget(cpu, keep);
	make_worker(cpu);
}

static void let_others_go(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < PC_MAX_CPUS; cpu++)
		if (other_in_core(cpu)) {
			make_anew(cpu, NULL);
			__atomic_store_n(&cpus[cpu].leave, GOES, __ATOMIC_RELEASE);
			if (!await(&cpus[cpu].leave, STAYS, LEAVE_MS))
				give_up(cpu);
		}
}

void smp_core_off(void)
{
	unsigned long flags = irq_save();

	KMM_BUG_ON(this_pc_cpu()->hardware || this_pc_cpu()->in_irq);
	if (core_cpus) {
		take_others_out();
		let_others_go();
		if (current_task())
			make_anew(0, current_task());
	}
	core_cpus = 0;
	this_pc_cpu()->in_core = false;
	apic_core_off();
	irq_restore(flags);
}

/* ---- starting ---- */

void smp_ap_entry(void)
{
	unsigned int index = __atomic_load_n(&starting, __ATOMIC_ACQUIRE);

	cpu_setup(index);
	apic_init();
	sched_init();
	make_worker(index);
	timer_init();
	if (index < core_cpus && !pc_world.one_processor)
		join_core(NULL);
	__atomic_store_n(&pc_cpus[index].online, true, __ATOMIC_RELEASE);
	irq_restore(EFLAGS_IF);
	sched_idle();
}

static u32 offset(const u8 *part)
{
	return (u32)(part - trampoline_start);
}

/* The trampoline at its place, all but the stack filled in. NULL: out of reach. */
static struct trampoline_args *lay_trampoline(phys_addr_t low)
{
	u8 *page = pc_phys(low, PAGE_SIZE);
	struct trampoline_args *args;
	bool efer = sizeof(void *) == 8 || pc_place.cpu & KMM_CPU_NX;

	if (!page)
		return NULL;
	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	args = (struct trampoline_args *)(page + offset(trampoline_args));
	*args = (struct trampoline_args){
		.gdt_base = (u32)low + offset(trampoline_gdt),
		.jump32 = (u32)low + offset(trampoline_32),
		.jump64 = (u32)low + offset(trampoline_64),
		.cs32 = 0x08, .cs64 = 0x18,
		.cr0 = (u32)read_cr0() & ~(CR0_TS | CR0_EM),
		.cr3 = (u32)pc_place.first_root,
		.cr4 = (u32)read_cr4() & (CR4_PSE | CR4_PAE | CR4_LA57),
		.efer = efer ? (u32)rdmsr(MSR_EFER) & EFER_COPIED : 0,
		.entry = (uintptr_t)smp_ap_entry,
	};
	return args;
}

static bool start_cpu(unsigned int index, u32 id, phys_addr_t low, struct trampoline_args *args)
{
	struct pc_cpu *cpu = &pc_cpus[index];
	u64 end;

	cpu->apic_id = id;
	args->stack = (uintptr_t)cpu_rooms[index].idle_stack + PC_IDLE_STACK;
	__atomic_store_n(&starting, index, __ATOMIC_RELEASE);
	apic_command(id, APIC_ICR_INIT);
	clock_delay_us(INIT_US);
	apic_command(id, APIC_ICR_STARTUP | (u32)(low >> PAGE_SHIFT));
	clock_delay_us(STARTUP_US);
	apic_command(id, APIC_ICR_STARTUP | (u32)(low >> PAGE_SHIFT));
	end = clock_real_ns() + ONLINE_MS * NS_PER_MS;
	while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
		if (clock_real_ns() > end) {
			apic_command(id, APIC_ICR_INIT);
			pc_log(LOGLEVEL_ERR, "smp: CPU with APIC id %u does not start", id);
			return false;
		}
		__builtin_ia32_pause();
	}
	return true;
}

static s32 node_of_cpu(const struct acpi_info *info, u32 id)
{
	unsigned int i;

	for (i = 0; i < info->nr_cpus; i++)
		if (info->cpu[i].apic_id == id)
			return info->cpu[i].node;
	return NUMA_NO_NODE;
}

static void init_first(void)
{
	struct pc_cpu *self = this_pc_cpu();

	ipi_init();
	trap_set(VECTOR_STOP, on_stop);
	trap_set(VECTOR_LEAVE, on_leave);
	make_worker(0);
	self->apic_id = apic_id();
	__atomic_store_n(&self->online, true, __ATOMIC_RELEASE);
}

unsigned int smp_start(const struct acpi_info *info, phys_addr_t low)
{
	struct trampoline_args *args;
	unsigned int i, nr = 1, most = pc_machine.nr_cpus;

	init_first();
	pc_machine.cpu_node[0] = node_of_cpu(info, pc_cpus[0].apic_id);
	args = apic_there() && most > 1 && info->nr_cpus > 1 ? lay_trampoline(low) : NULL;
	for (i = 0; args && i < info->nr_cpus && nr < most; i++) {
		u32 id = info->cpu[i].apic_id;

		if (id == pc_cpus[0].apic_id || !start_cpu(nr, id, low, args))
			continue;
		pc_machine.cpu_node[nr++] = info->cpu[i].node;
	}
	pc_machine.nr_cpus = nr;
	pc_log(LOGLEVEL_NOTICE, "smp: Brought up %u CPU%s", nr, nr == 1 ? "" : "s");
	return nr;
}

/* ---- work ---- */

static int worker(void *data)
{
	struct per_cpu *c = data;
	struct job *job = &c->job;

	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!__atomic_load_n(&job->todo, __ATOMIC_ACQUIRE)) {
			schedule();
			continue;
		}
		set_current_state(TASK_RUNNING);
		job->fn(job->arg);
		__atomic_store_n(&job->todo, false, __ATOMIC_RELAXED);
		__atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
		wake_up_process(job->giver);
		__atomic_store_n(&job->idle, true, __ATOMIC_RELEASE);
	}
	return 0;
}

static bool take_worker(unsigned int cpu)
{
	return !__atomic_exchange_n(&cpus[cpu].job.taken, true, __ATOMIC_ACQUIRE);
}

static void give_job(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct per_cpu *c = &cpus[cpu];

	c->job.fn = fn;
	c->job.arg = arg;
	c->job.giver = current_task();
	c->job.done = c->job.idle = false;
	__atomic_store_n(&c->job.todo, true, __ATOMIC_RELEASE);
	wake_up_process(c->worker);
}

/* Until the job is done and the worker has woken its giver; then the worker is free again. */
static void wait_for_job(unsigned int cpu)
{
	struct job *job = &cpus[cpu].job;

	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (__atomic_load_n(&job->done, __ATOMIC_ACQUIRE))
			break;
		schedule_timeout(NS_PER_MS * 1000 / PC_HZ);
		if (pc_world.relax)
			pc_world.relax();
	}
	set_current_state(TASK_RUNNING);
	while (!__atomic_load_n(&job->idle, __ATOMIC_ACQUIRE))
		kmm_cpu_relax();
	__atomic_store_n(&job->taken, false, __ATOMIC_RELEASE);
}

/* Can somebody wait here for a thread of another CPU? */
static bool may_wait(void)
{
	const struct pc_cpu *self = this_pc_cpu();

	return self->current && !task_is_idle(self->current) && !self->in_irq;
}

void smp_run(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	if (cpu == this_pc_cpu()->hardware) {
		fn(arg);
		return;
	}
	KMM_BUG_ON(!may_wait() || cpu >= PC_MAX_CPUS || !pc_cpus[cpu].online);
	while (!take_worker(cpu))
		kmm_cpu_poll();
	give_job(cpu, fn, arg);
	wait_for_job(cpu);
}

void smp_run_all(unsigned int nr, void (*fn)(void *arg), void *arg)
{
	unsigned int cpu, self = this_pc_cpu()->hardware;

	KMM_BUG_ON(!may_wait());
	for (cpu = 0; cpu < nr; cpu++) {
		if (cpu == self)
			continue;
		KMM_BUG_ON(cpu >= PC_MAX_CPUS || !pc_cpus[cpu].online);
		while (!take_worker(cpu))
			kmm_cpu_poll();
		give_job(cpu, fn, arg);
	}
	fn(arg);
	for (cpu = 0; cpu < nr; cpu++)
		if (cpu != self)
			wait_for_job(cpu);
}

static bool try_worker(unsigned int cpu)
{
	unsigned int tries;

	for (tries = 0; tries < HANDOVER_TRIES; tries++) {
		if (take_worker(cpu))
			return true;
		kmm_cpu_poll();
	}
	return false;
}

/*
 * With those CPUs whose workers have nothing to do. While the core boots, the caller alone: the
 * others are started later. To start one takes 10 ms, about as long as to initialise all the pages
 * that a boot does not leave for later (8 GiB: mm/page/memmap.c); and before the core's tables map
 * the APIC nobody can be called to them.
 */
void kmm_cpu_run_all(void (*fn)(void *arg), void *arg)
{
	unsigned int cpu, self = this_pc_cpu()->hardware;
	bool helps[PC_MAX_CPUS] = { false };

	if (!pc_world.one_processor && may_wait())
		for (cpu = 0; cpu < core_cpus && cpu < PC_MAX_CPUS; cpu++)
			if (cpu != self && pc_cpus[cpu].in_core && try_worker(cpu)) {
				helps[cpu] = true;
				give_job(cpu, fn, arg);
			}
	fn(arg);
	for (cpu = 0; cpu < PC_MAX_CPUS; cpu++)
		if (helps[cpu])
			wait_for_job(cpu);
}
