// SPDX-License-Identifier: MIT
/*
 * ipi.c - one CPU has another do something: kmm_cpu_call(), kmm_tlb_shootdown().
 *
 * A *request* is a function, its argument, and how many CPUs still have to answer. It lies on the
 * stack of who asks, together with a *letter* for each CPU asked: the link by which it hangs in
 * that CPU's box.
 *
 *	box[1] --> letter --> letter		any CPU puts letters in (compare-and-exchange),
 *	             |           |		the owner takes all at once (exchange)
 *	             v           v
 *	          request     request
 *
 * Who asks then sends an interrupt and waits. The interrupt's handler empties the box. So does
 * the wait: a CPU that waits, in whatever context, answers meanwhile, so that any number of CPUs
 * may ask one another in any pattern. Nobody else empties boxes; a CPU that waits for a lock
 * outside of local sections is interrupted, and one inside will not wait for long: the asker
 * holds no lock that is taken in local sections.
 *
 * What the asked function does runs as in an interrupt (in_irq is raised), also when the box is
 * emptied by a wait. It may not ask in turn: kmm_cpu_call() then says false.
 *
 * Which CPUs can be asked: those that take part in the core (in_core). ipi_call() reaches every one
 * that is online, for the platform's own ends.
 *
 * When a machine has stopped (pc_world.stopped), stacks are left by jumps, and the letters on
 * them are void. Boxes are then not opened any more; smp_core_off() empties them.
 *
 * Where one processor plays all CPUs (pc_world.one_processor) a request is a function call with the
 * number changed.
 *
 * kmm_cpu_run_all() is no matter of interrupts: it shares out long work, to threads.
 */
#include <kmm/platform.h>

#include "smp.h"
#include "x86.h"

#define REMIND_MS	10

struct request {
	void (*fn)(void *arg);
	void *arg;
	unsigned int left;		/* a: CPUs that have not answered */
};

struct letter {
	struct letter *next;
	struct request *request;
};

static struct letter *boxes[PC_MAX_CPUS];	/* a */

/* ---- answering ---- */

/* Interrupts are off. */
static void empty_box(struct pc_cpu *self)
{
	struct letter **box = &boxes[self->hardware], *l, *next;

	if (!__atomic_load_n(box, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&pc_world.stopped, __ATOMIC_ACQUIRE))
		return;
	self->in_irq++;
	for (l = __atomic_exchange_n(box, NULL, __ATOMIC_ACQUIRE); l; l = next) {
		struct request *r = l->request;

		next = l->next;		/* once answered, it is gone */
		r->fn(r->arg);
		__atomic_fetch_sub(&r->left, 1, __ATOMIC_RELEASE);
	}
	self->in_irq--;
}

void ipi_discard(unsigned int hardware)
{
	__atomic_store_n(&boxes[hardware], NULL, __ATOMIC_RELAXED);
}

static void on_call(struct pt_regs *regs)
{
	(void)regs;
	empty_box(this_pc_cpu());
}

static void on_reschedule(struct pt_regs *regs)
{
	(void)regs;	/* the idle loop looks at its queue by itself */
}

void ipi_init(void)
{
	trap_set(VECTOR_CALL, on_call);
	trap_set(VECTOR_RESCHEDULE, on_reschedule);
}

/* ---- asking ---- */

static void send(unsigned int hardware, struct letter *l, struct request *r)
{
	struct letter **box = &boxes[hardware];

	l->request = r;
	l->next = __atomic_load_n(box, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(box, &l->next, l, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		continue;
	if (!l->next)		/* else somebody else's interrupt is on its way */
		apic_send(pc_cpus[hardware].apic_id, VECTOR_CALL);
}

/* An interrupt that did not leave in time is lost: who has not opened his box is told again. */
static void remind(void)
{
	unsigned int cpu, self = this_pc_cpu()->hardware;

	for (cpu = 0; cpu < PC_MAX_CPUS; cpu++)
		if (cpu != self && __atomic_load_n(&boxes[cpu], __ATOMIC_RELAXED) &&
		    __atomic_load_n(&pc_cpus[cpu].online, __ATOMIC_RELAXED))
			apic_send(pc_cpus[cpu].apic_id, VECTOR_CALL);
}

static void wait_for_answers(const struct request *r)
{
	struct pc_cpu *self = this_pc_cpu();
	u64 told = rdtsc();
	unsigned long flags;

	while (__atomic_load_n(&r->left, __ATOMIC_ACQUIRE)) {
		flags = irq_save();
		if (!(self->section & ~PC_SECTION_NONE))
			empty_box(self);
		irq_restore(flags);
		if ((s64)(rdtsc() - told) > (s64)(REMIND_MS * clock_tsc_khz())) {
			remind();
			told = rdtsc();
		}
		kmm_cpu_relax();
	}
}

bool ipi_call(unsigned int hardware, void (*fn)(void *arg), void *arg)
{
	struct request r = { .fn = fn, .arg = arg, .left = 1 };
	struct letter l;

	if (hardware >= PC_MAX_CPUS ||
	    !__atomic_load_n(&pc_cpus[hardware].online, __ATOMIC_ACQUIRE))
		return false;
	if (hardware == this_pc_cpu()->hardware) {
		fn(arg);
		return true;
	}
	send(hardware, &l, &r);
	wait_for_answers(&r);
	return true;
}

static bool can_be_asked(unsigned int cpu)
{
	return cpu < PC_MAX_CPUS && __atomic_load_n(&pc_cpus[cpu].in_core, __ATOMIC_ACQUIRE);
}

bool kmm_cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	if (cpu == kmm_cpu()) {
		fn(arg);
		return true;
	}
	if (pc_world.one_processor) {
		if (cpu < pc_world.nr_cpus)
			pc_play(cpu, fn, arg);
		return cpu < pc_world.nr_cpus;
	}
	if (!can_be_asked(cpu) || this_pc_cpu()->in_irq)
		return false;
	return ipi_call(cpu, fn, arg);
}

static void play_each(const unsigned long *cpus, void (*fn)(void *arg), void *arg)
{
	const unsigned int bits = 8 * sizeof(*cpus);
	unsigned int cpu;

	for (cpu = 0; cpu < pc_world.nr_cpus; cpu++)
		if (cpus[cpu / bits] >> cpu % bits & 1)
			pc_play(cpu, fn, arg);
}

void kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg)
{
	const unsigned int bits = 8 * sizeof(*cpus), self = this_pc_cpu()->hardware;
	struct request r = { .fn = fn, .arg = arg, .left = 1 };
	struct letter letters[PC_MAX_CPUS];
	unsigned int cpu;

	if (pc_world.one_processor) {
		play_each(cpus, fn, arg);
		return;
	}
	for (cpu = 0; cpu < PC_MAX_CPUS; cpu++) {
		if (!(cpus[cpu / bits] >> cpu % bits & 1) || !can_be_asked(cpu))
			continue;
		if (cpu == self) {
			fn(arg);
			continue;
		}
		__atomic_fetch_add(&r.left, 1, __ATOMIC_RELAXED);
		send(cpu, &letters[cpu], &r);
	}
	__atomic_fetch_sub(&r.left, 1, __ATOMIC_RELEASE);	/* its own */
	wait_for_answers(&r);
}

/* ---- waiting for others ---- */

#define SPINS_PER_YIELD 128

void kmm_cpu_relax(void)
{
	struct pc_cpu *self = this_pc_cpu();

	if (unlikely(__atomic_load_n(&pc_stopping, __ATOMIC_RELAXED)))
		pc_halt();
	if (pc_world.relax)
		pc_world.relax();
	smp_leave();
	__builtin_ia32_pause();
	if (!(++self->spins % SPINS_PER_YIELD))
		cond_resched();	/* the lock's owner may be a thread of this CPU */
}

void kmm_cpu_poll(void)
{
	kmm_cpu_relax();
	cond_resched();
}
