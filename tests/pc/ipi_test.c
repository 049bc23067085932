// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * ipi_test - real CPUs that have one another do something: calls and shootdowns, all to all at
 * once, into local sections, while waiting, into machines that stop.
 */
#include <string.h>

#include <kmm/fixmap.h>
#include <kmm/stack.h>
#include <kmm/tlbflush.h>

#include "tests/pc/cpus.h"

/* ---- one call ---- */

struct asked {
	unsigned int cpu, in_irq, depth, times;
	bool nested;
};

static void note(void *arg)
{
	struct asked *a = arg;

	a->cpu = kmm_cpu();
	a->in_irq = this_pc_cpu()->in_irq;
	a->depth = this_pc_cpu()->section & ~PC_SECTION_NONE;
	a->times++;
}

static void ask_in_turn(void *arg)
{
	struct asked *a = arg, other = { .times = 0 };

	note(a);
	a->nested = kmm_cpu_call(0, note, &other) || other.times;
}

static void test_one(void)
{
	struct asked a = { .times = 0 };
	unsigned int cpu, right = 0;

	if (!cpus_on())
		return;
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		a = (struct asked){ .times = 0 };
		right += kmm_cpu_call(cpu, note, &a) && a.cpu == cpu && a.times == 1 && !a.depth &&
			 !a.in_irq == !cpu;
	}
	is_int(right, nr_cpus, "each CPU runs what it is asked, once, in no local section");
	a.times = 0;
	ok(!kmm_cpu_call(nr_cpus, note, &a), "no CPU that the machine has not");
	ok(!kmm_cpu_call(NR_CPUS, note, &a), "none that cannot be");
	is_int(a.times, 0, "nobody was asked");
	if (nr_cpus > 1) {
		a = (struct asked){ .nested = true };
		ok(kmm_cpu_call(1, ask_in_turn, &a) && !a.nested, "who is asked asks nobody");
	} else {
		skip(1, "one CPU");
	}
}

/* CPUs of the PC that do not belong to the machine. */
static void test_outside(void)
{
	unsigned long all[NR_CPUS / 8 / sizeof(long)];
	struct asked a = { .times = 0 };

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 1, .threads = true))
		return;
	memset(all, 0xff, sizeof(all));
	ok(!kmm_cpu_call(1, note, &a), "a CPU outside of the machine does not answer");
	kmm_tlb_shootdown(all, note, &a);
	is_int(a.times, a.cpu == 0, "a shootdown to all of them reaches nobody else");
	host_power_off();
	ok(!kmm_cpu_call(0, note, &a) || a.cpu == 0, "no machine: at most ourselves");
}

/* ---- all to all ---- */

#define CALLS		200u
#define SHOTS		100u

static unsigned int answered[MOST_CPUS], wrong, ready;
static bool by_shootdown;

static void answer(void *arg)
{
	if (arg && (unsigned int)(uintptr_t)arg - 1 != kmm_cpu())
		add(&wrong, 1);
	add(&answered[kmm_cpu()], 1);
}

static void shoot(unsigned int cpu)
{
	unsigned long cpus[NR_CPUS / 8 / sizeof(long)] = { 0 };
	unsigned int i;

	for (i = 0; i < nr_cpus; i++)
		if (i != kmm_cpu())
			cpus[0] |= 1ul << i;
	(void)cpu;
	kmm_tlb_shootdown(cpus, answer, NULL);
}

static int ask_everybody(void *data)
{
	unsigned int i, cpu;
	struct prng rng;

	(void)data;
	prng_seed(&rng, kmm_cpu() + 7);
	add(&ready, 1);
	while (load(&ready) < nr_cpus)
		kmm_cpu_poll();
	for (i = 0; i < CALLS; i++) {
		cpu = prng_below(&rng, nr_cpus);
		if (by_shootdown)
			shoot(cpu);
		else if (!kmm_cpu_call(cpu, answer, (void *)(uintptr_t)(cpu + 1)))
			add(&wrong, 1);
	}
	return (int)CALLS;
}

static void storm(bool shootdowns, unsigned int want)
{
	struct task *t[MOST_CPUS];
	unsigned int cpu, sum = 0, n;
	u64 start = clock_real_ns();

	memset(answered, 0, sizeof(answered));
	wrong = ready = 0;
	by_shootdown = shootdowns;
	n = start_on_each(ask_everybody, NULL, t);
	is_int(stop_each(t, n), n * CALLS, "all CPUs %s all at once",
	       shootdowns ? "shoot" : "call");
	for (cpu = 0; cpu < nr_cpus; cpu++)
		sum += answered[cpu];
	is_int(sum, want, "every request is answered once");
	is_int(wrong, 0, "by the CPU that was asked");
	diag("%u us a request", (unsigned int)(clock_real_ns() - start) / 1000 / CALLS / nr_cpus);
}

static void test_storms(void)
{
	if (!cpus_on())
		return;
	storm(false, nr_cpus * CALLS);
	storm(true, nr_cpus * (nr_cpus - 1) * CALLS);
}

/* ---- local sections ---- */

static struct {
	unsigned int inside, interrupted, visits, quit;
} section[MOST_CPUS];

static int open_and_close(void *data)
{
	unsigned int cpu = kmm_cpu(), i;

	(void)data;
	while (!load(&section[cpu].quit)) {
		unsigned long flags = kmm_local_irq_save(), inner;

		section[cpu].inside = 1;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		inner = kmm_local_irq_save();
		for (i = 0; i < 50; i++)
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
		kmm_local_irq_restore(inner);
		section[cpu].visits++;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		section[cpu].inside = 0;
		kmm_local_irq_restore(flags);
	}
	return 0;
}

static void look_inside(void *arg)
{
	unsigned int cpu = kmm_cpu();

	(void)arg;
	section[cpu].interrupted += section[cpu].inside;
	answered[cpu]++;
}

static void test_sections(void)
{
	unsigned long cpus[NR_CPUS / 8 / sizeof(long)] = { 0 };
	unsigned int cpu, i, interrupted = 0, sum = 0;
	struct task *t[MOST_CPUS];

	if (!cpus_on())
		return;
	memset(section, 0, sizeof(section));
	memset(answered, 0, sizeof(answered));
	start_on_each(open_and_close, NULL, t);
	store(&section[0].quit, 1);	/* this CPU shoots */
	for (cpu = 1; cpu < nr_cpus; cpu++)
		cpus[0] |= 1ul << cpu;
	for (i = 0; i < SHOTS; i++)
		kmm_tlb_shootdown(cpus, look_inside, NULL);
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		store(&section[cpu].quit, 1);
		interrupted += section[cpu].interrupted;
		sum += answered[cpu];
	}
	stop_each(t, nr_cpus);
	is_int(interrupted, 0, "no request is answered inside a local section");
	is_int(sum, (nr_cpus - 1) * SHOTS, "every one is answered behind it");
}

/* ---- answered while waiting ---- */

static spinlock_t held;
static unsigned int waiting;

static int wait_for_lock(void *data)
{
	(void)data;
	add(&waiting, 1);
	spin_lock(&held);
	spin_unlock(&held);
	return 1;
}

static void test_waiting(void)
{
	struct task *t[MOST_CPUS];
	struct asked a = { .times = 0 };
	unsigned int cpu, n, got = 0;

	if (!cpus_on())
		return;
	waiting = 0;
	spin_lock(&held);
	n = start_on_each(wait_for_lock, NULL, t);
	wait_until(&waiting, nr_cpus);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		got += kmm_cpu_call(cpu, note, &a);
	is_int(got, nr_cpus, "CPUs that wait for a lock answer");
	spin_unlock(&held);
	is_int(stop_each(t, n), n, "and get the lock");
}

/* ---- what it is all for ---- */

static const unsigned int *window;
static unsigned int stale, wanted;

static void read_window(void *arg)
{
	(void)arg;
	if (__atomic_load_n(window, __ATOMIC_RELAXED) != wanted)
		add(&stale, 1);
}

/* One address, two pages in turn: after the flush nobody sees the old one. */
static void test_tlbs(void)
{
	struct page *page[2];
	unsigned int i;

	if (!cpus_on())
		return;
	window = (const unsigned int *)fix_to_virt(FIX_DBGP_BASE);
	stale = 0;
	for (i = 0; i < 2; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		*(unsigned int *)page_address(page[i]) = i + 1;
	}
	for (i = 0; i < 40; i++) {
		set_fixmap(FIX_DBGP_BASE, page_to_phys(page[i % 2]));
		wanted = i % 2 + 1;
		smp_run_all(nr_cpus, read_window, NULL);
	}
	is_int(stale, 0, "no CPU reads by a translation that was flushed");
	clear_fixmap(FIX_DBGP_BASE);
	__free_page(page[0]);
	__free_page(page[1]);
}

static int allocate(void *data)
{
	struct pile pile = { .first = NULL };
	unsigned int i, want = (unsigned int)(uintptr_t)data;
	int ok_rounds = 0;

	for (i = 0; i < 20; i++) {
		pile_fill(&pile, GFP_KERNEL, 0, want);
		pile_free(&pile);
		drain_all_pages(NULL);
		ok_rounds++;
	}
	return ok_rounds;
}

static void test_drains(void)
{
	struct task *t[MOST_CPUS];
	unsigned long free;
	unsigned int n;

	if (!cpus_on())
		return;
	free_stack_cache();
	drain_all_pages(NULL);
	free = nr_free_pages();
	n = start_on_each(allocate, (void *)(uintptr_t)100, t);
	is_int(stop_each(t, n), 20 * n, "all CPUs allocate and drain all CPUs' lists");
	free_stack_cache();
	nothing_lost(free, "drains");
}

/* ---- an interrupt that is lost ---- */

static unsigned int lost, reached, helped;

/* The first one never gets to its handler. */
static void lose(struct pt_regs *regs)
{
	(void)regs;
	add(&lost, 1);
	ipi_init();
}

static void be_reached(void *arg)
{
	(void)arg;
	store(&reached, 1);
}

/* Should nobody else send it again: the test is to fail, not to hang. */
static int help(void *data)
{
	u64 end = clock_real_ns() + 20000 * MS;

	(void)data;
	while (!load(&reached) && clock_real_ns() < end)
		msleep(5);
	if (!load(&reached)) {
		store(&helped, 1);
		apic_send(pc_cpus[nr_cpus - 1].apic_id, VECTOR_CALL);
	}
	return 0;
}

static void test_lost(void)
{
	struct task *t;

	if (!cpus_on())
		return;
	if (nr_cpus == 1) {
		skip(3, "one CPU");
		return;
	}
	lost = reached = helped = 0;
	t = kthread_run_on_cpu(help, NULL, 0, "helps");
	trap_set(VECTOR_CALL, lose);
	ok(kmm_cpu_call(nr_cpus - 1, be_reached, NULL), "asked by an interrupt that is lost");
	is_int(load(&lost), 1, "it was");
	ok(load(&reached) && !load(&helped), "it is sent again");
	if (!IS_ERR(t))
		kthread_stop(t);
}

/* ---- into machines that stop ---- */

static void stop_here(void *arg)
{
	(void)arg;
	panic("CPU %u stops the machine", kmm_cpu());
}

static void have_it_stopped(void *arg)
{
	(void)!kmm_cpu_call((unsigned int)(uintptr_t)arg, stop_here, NULL);
}

static void stop_as_job(void *arg)
{
	smp_run((unsigned int)(uintptr_t)arg, stop_here, NULL);
}

static int stop_in_thread(void *data)
{
	stop_here(data);
	return 0;
}

static void stop_by_thread(void *arg)
{
	unsigned int cpu = (unsigned int)(uintptr_t)arg;

	kthread_stop(kthread_run_on_cpu(stop_in_thread, NULL, cpu, "stop"));
}

static void everybody_stops(void *arg)
{
	smp_run_all((unsigned int)(uintptr_t)arg + 1, stop_here, NULL);
}

static int wait_in_section(void *data)
{
	unsigned long flags = kmm_local_irq_save();

	(void)data;
	add(&waiting, 1);
	spin_lock(&held);
	kmm_local_irq_restore(flags);
	return 0;
}

/* The other CPUs wait, in local sections, for a lock that nobody gives back. */
static void stop_among_waiting(void *arg)
{
	struct task *t[MOST_CPUS];
	unsigned int cpu;

	(void)arg;
	waiting = 0;
	spin_lock(&held);
	for (cpu = 1; cpu < nr_cpus; cpu++)
		t[cpu] = kthread_run_on_cpu(wait_in_section, NULL, cpu, "waits");
	wait_until(&waiting, nr_cpus - 1);
	(void)t;
	stop_here(NULL);
}

static void try_stop(void (*fn)(void *), const char *words)
{
	unsigned int ran = 0;

	if (!cpus_on())
		return;
	ok(stops(fn, (void *)(uintptr_t)(nr_cpus - 1)), "%s stops the machine", words);
	host_power_off();
	held = (spinlock_t)SPIN_LOCK_UNLOCKED;
	memset(answered, 0, sizeof(answered));
	if (!cpus_on())
		return;
	smp_run_all(nr_cpus, answer, NULL);
	while (ran < nr_cpus && answered[ran] == 1)
		ran++;
	is_int(ran, nr_cpus, "the next machine has all its CPUs");
	host_power_off();
}

static void test_stops(void)
{
	try_stop(stop_here, "main");
	try_stop(have_it_stopped, "a CPU that is asked");
	try_stop(stop_as_job, "a job");
	try_stop(stop_by_thread, "a thread");
	try_stop(everybody_stops, "everybody at once");
	try_stop(stop_among_waiting, "main among CPUs that wait in local sections");
}

int main(void)
{
	run_case(test_one);
	run_case(test_outside);
	run_case(test_storms);
	run_case(test_sections);
	run_case(test_waiting);
	run_case(test_tlbs);
	run_case(test_drains);
	run_case(test_lost);
	run_case(test_stops);
	return done_testing();
}
