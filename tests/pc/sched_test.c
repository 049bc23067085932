// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * sched_test - kernel threads on real CPUs: made and ended, asleep and woken, timed, preempted, and
 * gone when the machine is switched off in the middle of it all.
 */
#include <string.h>

#include <kmm/highmem.h>
#include <kmm/stack.h>

#include "tests/pc/cpus.h"

/* ---- made and ended ---- */

static int say_where(void *data)
{
	unsigned int *seen = data;

	store(&seen[kmm_cpu()], 1 + (current_task() == this_pc_cpu()->current));
	return 10 + (int)kmm_cpu();
}

static void test_create(void)
{
	unsigned int seen[MOST_CPUS] = { 0 }, cpu, right = 0, early = 0;
	struct task *t[MOST_CPUS];
	int sum = 0;

	if (!cpus_on())
		return;
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		t[cpu] = kthread_create_on_cpu(say_where, seen, cpu, "a name that is too long");
		if (!ok(!IS_ERR(t[cpu]), "a thread on CPU %u", cpu))
			return;
	}
	msleep(20);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		early += load(&seen[cpu]);
	is_int(early, 0, "a new thread sleeps");
	is_str(task_name(t[0]), "a name that is ", "it has a name");
	for (cpu = 0; cpu < nr_cpus; cpu++)
		if (ok(wake_up_process(t[cpu]), "woken once"))
			sum += kthread_stop(t[cpu]);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		right += load(&seen[cpu]) == 2;
	is_int(right, nr_cpus, "each ran on its CPU");
	is_int(sum, 10 * nr_cpus + nr_cpus * (nr_cpus - 1) / 2, "exit codes come back");
}

static int return_at_once(void *data)
{
	(void)data;
	return 5;
}

static int until_stopped(void *data)
{
	unsigned int *wakes = data;

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
		add(wakes, 1);
	}
	return 6;
}

static void test_stop(void)
{
	unsigned int wakes = 0, last;
	struct task *t;

	if (!cpus_on())
		return;
	last = nr_cpus - 1;
	t = kthread_run_on_cpu(return_at_once, NULL, last, "ends");
	msleep(10);
	ok(!wake_up_process(t), "one that has ended cannot be woken");
	is_int(kthread_stop(t), 5, "and can be stopped");
	t = kthread_run_on_cpu(until_stopped, &wakes, last, "waits");
	msleep(10);
	is_int(load(&wakes), 0, "one that waits does not run");
	ok(wake_asleep(t), "woken");
	ok(wait_until(&wakes, 1), "it runs");
	is_int(kthread_stop(t), 6, "one that waits is stopped");
	is_int(kthread_stop(kthread_create_on_cpu(return_at_once, NULL, last, "new")), 5,
	       "one that was never woken runs once");
	ok(!kthread_should_stop(), "nobody stops main");
}

static void test_refused(void)
{
	struct pile pile = { .first = NULL };
	struct task *t;

	if (!cpus_on())
		return;
	is_int(PTR_ERR(kthread_create_on_cpu(return_at_once, NULL, PC_MAX_CPUS, "x")), -EINVAL,
	       "a CPU that cannot be");
	is_int(PTR_ERR(kthread_create_on_cpu(return_at_once, NULL, PC_MAX_CPUS - 1, "x")), -EINVAL,
	       "a CPU that is not there");
	free_stack_cache();
	pile_fill_all(&pile, GFP_KERNEL);
	t = kthread_create_on_cpu(return_at_once, NULL, 0, "x");
	is_int(PTR_ERR(t), -ENOMEM, "no memory for a stack");
	pile_free(&pile);
	t = kthread_run_on_cpu(return_at_once, NULL, 0, "x");
	ok(!IS_ERR(t) && kthread_stop(t) == 5, "memory again: a thread");
}

static int use_stack(void *data)
{
	volatile u8 bytes[THREAD_SIZE / 2];
	unsigned int i;

	(void)data;
	for (i = 0; i < sizeof(bytes); i += 64)
		bytes[i] = (u8)i;
	return bytes[64] == 64;
}

static void test_stacks(void)
{
	unsigned long kb;
	struct task *t[MOST_CPUS];
	unsigned int n;

	if (!cpus_on())
		return;
	kb = kernel_stack_kb(NUMA_NO_NODE);
	n = start_on_each(use_stack, NULL, t);
	is_int(n, nr_cpus, "threads with stacks of the core's");
	is_int(kernel_stack_kb(NUMA_NO_NODE) - kb, n * (THREAD_SIZE >> 10), "KernelStack has them");
	is_int(stop_each(t, n), n, "half of a stack can be used");
	is_int(kernel_stack_kb(NUMA_NO_NODE), kb, "all given back");
	free_stack_cache();
	page_alloc_check();
}

/* ---- asleep and woken ---- */

struct player {
	struct task *self, *other;
	unsigned int ball, played, rounds;	/* ball 1: it is ours */
	struct player *to;
};

static int play(void *data)
{
	struct player *p = data;

	while (p->played < p->rounds) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!load(&p->ball)) {
			schedule();
			continue;
		}
		set_current_state(TASK_RUNNING);
		store(&p->ball, 0);
		p->played++;
		store(&p->to->ball, 1);
		wake_up_process(p->to->self);
	}
	return (int)p->played;
}

static void ping_pong(unsigned int cpu_a, unsigned int cpu_b, unsigned int rounds)
{
	struct player a = { .rounds = rounds, .ball = 1 }, b = { .rounds = rounds, .to = &a };
	u64 start = clock_real_ns();

	a.to = &b;
	a.self = kthread_create_on_cpu(play, &a, cpu_a, "ping");
	b.self = kthread_create_on_cpu(play, &b, cpu_b, "pong");
	wake_up_process(a.self);
	wake_up_process(b.self);
	is_int(kthread_stop(a.self) + kthread_stop(b.self), 2 * rounds,
	       "%u rounds between CPU %u and CPU %u", rounds, cpu_a, cpu_b);
	diag("%u us a round", (unsigned int)(clock_real_ns() - start) / 1000 / rounds);
}

static void test_ping_pong(void)
{
	if (!cpus_on())
		return;
	ping_pong(0, nr_cpus - 1, 500);
	ping_pong(nr_cpus - 1, nr_cpus - 1, 500);
	ping_pong(nr_cpus / 2, nr_cpus / 3, 500);
}

#define EATERS		24u
#define PORTIONS	300u		/* from each CPU */

static struct eater {
	struct task *task;
	unsigned int plate;
} eaters[EATERS];
static unsigned int eaten;

static int eat(void *data)
{
	struct eater *e = data;
	unsigned int got;

	while (!kthread_should_stop() || load(&e->plate)) {
		set_current_state(TASK_INTERRUPTIBLE);
		got = __atomic_exchange_n(&e->plate, 0, __ATOMIC_SEQ_CST);
		if (!got && !kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
		add(&eaten, got);
	}
	return 0;
}

static int cook(void *data)
{
	struct prng rng;
	unsigned int i;

	(void)data;
	prng_seed(&rng, kmm_cpu());
	for (i = 0; i < PORTIONS; i++) {
		struct eater *e = &eaters[prng_below(&rng, EATERS)];

		add(&e->plate, 1);
		wake_up_process(e->task);
		if (!prng_below(&rng, 8))
			cond_resched();
		if (!prng_below(&rng, 64))
			msleep(1);
	}
	return 0;
}

static void test_wake_storm(void)
{
	struct task *cooks[MOST_CPUS];
	unsigned int i, n;

	if (!cpus_on())
		return;
	eaten = 0;
	memset(eaters, 0, sizeof(eaters));
	for (i = 0; i < EATERS; i++)
		eaters[i].task = kthread_create_on_cpu(eat, &eaters[i], i % nr_cpus, "eater");
	for (i = 0; i < EATERS; i++)
		wake_up_process(eaters[i].task);
	n = start_on_each(cook, NULL, cooks);
	stop_each(cooks, n);
	ok(wait_until(&eaten, n * PORTIONS), "no wake-up is lost");
	for (i = 0; i < EATERS; i++)
		kthread_stop(eaters[i].task);
	is_int(load(&eaten), n * PORTIONS, "every portion is eaten once");
}

/* ---- time ---- */

#define TRIES	20u		/* for what must be seen once, though time is taken from the PC */

static unsigned int order[4], nr_awake;

static int sleep_long(void *data)
{
	unsigned int n = (unsigned int)(uintptr_t)data;

	msleep(20 + 30 * n);
	order[add(&nr_awake, 1) - 1] = n;
	return 0;
}

static bool wake_in_order(void)
{
	struct task *t[ARRAY_SIZE(order)];
	unsigned int i;

	nr_awake = 0;
	for (i = 0; i < ARRAY_SIZE(order); i++)
		t[i] = kthread_run_on_cpu(sleep_long, (void *)(uintptr_t)(i * 3 % 4), nr_cpus - 1,
					  "sleeper");
	stop_each(t, ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order) && order[i] == i; i++)
		continue;
	return i == ARRAY_SIZE(order);
}

/* They begin one after the other; a PC that stands between, being a program, mixes them up. */
static void test_sleepers_in_order(void)
{
	unsigned int tries;

	for (tries = 1; tries < TRIES && !wake_in_order(); tries++)
		continue;
	ok(tries < TRIES, "who sleeps shorter wakes earlier: seen at try %u", tries);
}

static int wake_main(void *data)
{
	spin_ms(20);
	wake_up_process(data);
	return 0;
}

/* How long 30 ms are; 0: it was woken before. */
static u64 sleep_30ms(void)
{
	u64 start = clock_real_ns(), left;

	set_current_state(TASK_UNINTERRUPTIBLE);
	left = schedule_timeout(30 * MS);
	return left ? 0 : clock_real_ns() - start;
}

static void test_sleep_length(void)
{
	u64 ns, shortest = ~(u64)0;
	unsigned int tries;

	for (tries = 0; tries < TRIES && shortest > 60 * MS; tries++) {
		ns = sleep_30ms();
		shortest = min(shortest, ns);
	}
	ok(shortest >= 30 * MS, "30 ms are 30 ms");
	ok(shortest < 1000 * MS, "and not a second, of %u tries in one", tries);
}

static void test_time(void)
{
	struct task *t;
	u64 left;

	if (!cpus_on())
		return;
	test_sleep_length();
	left = schedule_timeout(100000 * MS);
	ok(left > 0, "who is TASK_RUNNING does not sleep");
	t = kthread_create_on_cpu(wake_main, current_task(), nr_cpus - 1, "waker");
	set_current_state(TASK_UNINTERRUPTIBLE);
	wake_up_process(t);
	left = schedule_timeout(100000 * MS);
	ok(left > 0 && left < 100000 * MS, "woken before the time, with some left");
	kthread_stop(t);
	set_current_state(TASK_UNINTERRUPTIBLE);
	ok(!schedule_timeout(0), "no time at all");
	test_sleepers_in_order();
}

/* ---- preempted ---- */

enum how { FREELY, COUNTED, SECTION, MAPPED };

struct hog {
	enum how how;
	unsigned int spinning, release, spun;
};

/* Keeps its CPU: for 60 ms in a way that forbids preemption, then until somebody sets release. */
static int hog(void *data)
{
	struct hog *h = data;
	struct page *page = h->how == MAPPED ? alloc_page(GFP_HIGHUSER) : NULL;
	unsigned long flags = 0;
	void *where = NULL;

	if (h->how == COUNTED)
		preempt_disable();
	if (h->how == SECTION)
		flags = kmm_local_irq_save();
	if (page)
		where = kmap_local_page(page);
	store(&h->spinning, 1);
	if (h->how != FREELY)
		spin_ms(60);
	store(&h->spun, 1);
	if (page)
		kunmap_local(where);
	if (h->how == SECTION)
		kmm_local_irq_restore(flags);
	if (h->how == COUNTED)
		preempt_enable();
	while (!load(&h->release))
		__builtin_ia32_pause();
	if (page)
		__free_page(page);
	return 0;
}

static int release_hog(void *data)
{
	struct hog *h = data;
	int early = !load(&h->spun);

	store(&h->release, 1);
	return early;
}

/* Both on one CPU: the second gets it only if it is taken from the first. */
static void try_hog(enum how how, const char *words)
{
	struct hog h = { .how = how };
	unsigned int cpu = nr_cpus - 1;
	struct task *a = kthread_create_on_cpu(hog, &h, cpu, "hog");
	struct task *b = kthread_create_on_cpu(release_hog, &h, cpu, "other");
	int early;

	wake_up_process(a);
	wait_until(&h.spinning, 1);
	wake_up_process(b);
	ok(wait_until(&h.release, 1), "a thread that keeps its CPU is preempted");
	early = kthread_stop(b);
	kthread_stop(a);
	if (how != FREELY)
		is_int(early, 0, "but not while it %s", words);
}

static void test_preemption(void)
{
	if (!timer_ticks()) {
		skip(1, "no tick");
		return;
	}
	if (!cpus_on())
		return;
	try_hog(FREELY, "");
	try_hog(COUNTED, "forbids it");
	try_hog(SECTION, "is in a local section");
}

/* Where a page has its address for ever there is nothing to keep. */
static void test_mapped_preemption(void)
{
	nr_cpus = min(pc_machine.nr_cpus, MOST_CPUS);
	if (sizeof(void *) == 4 && timer_ticks() &&
	    MACHINE_ON(.mem = 64 * MIB, .cpus = nr_cpus, .threads = true,
		       .direct_map_max = 32 * MIB))
		try_hog(MAPPED, "has a local mapping");
}

/* ---- switched off in the middle ---- */

static int never_ends(void *data)
{
	unsigned int *n = data, i;

	for (i = 0;; i++) {
		add(n, 1);
		if (i % 64 == 0)
			schedule_timeout(MS / 10);
		if (i % 256 == 0)
			msleep(1000);
	}
	return 0;
}

static int hogs_for_ever(void *data)
{
	add(data, 1);
	for (;;)
		__builtin_ia32_pause();
	return 0;
}

static int sleeps_for_ever(void *data)
{
	add(data, 1);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
	return 0;
}

static void count(void *data)
{
	add(data, 1);
}

/* Whoever runs, sleeps, waits or hogs when the power goes: the next machine knows nothing of it. */
static void test_power_off(void)
{
	struct task *t[MOST_CPUS];
	unsigned int cycle, n, ran, good = 0;

	for (cycle = 0; cycle < 6; cycle++) {
		if (!cpus_on())
			return;
		n = 0;
		ran = 0;
		start_on_each(never_ends, &n, t);
		start_on_each(sleeps_for_ever, &n, t);
		if (timer_ticks())
			start_on_each(hogs_for_ever, &n, t);
		kthread_create_on_cpu(never_ends, &n, 0, "never woken");
		wait_until(&n, 2 * nr_cpus);
		smp_run_all(nr_cpus, count, &ran);
		host_power_off();
		good += ran == nr_cpus && !smp_core_is_on();
	}
	is_int(good, cycle, "switched off with threads in all states, %u times", cycle);
	n = pc_machine.nr_cpus;
	ran = 0;
	smp_run_all(n, count, &ran);
	is_int(ran, n, "with no machine on, all CPUs of the PC still work");
}

static int return_seven(void *data)
{
	(void)data;
	return 7;
}

static void test_without_core(void)
{
	struct task *t[16];
	unsigned int n, got;

	for (n = 0; n < ARRAY_SIZE(t); n++) {
		t[n] = kthread_run_on_cpu(return_seven, NULL, n % pc_machine.nr_cpus, "own");
		if (IS_ERR(t[n]))
			break;
	}
	ok(n >= 4 && n < ARRAY_SIZE(t), "the platform has a few stacks of its own");
	got = n;
	is_int(stop_each(t, n), 7 * got, "threads without a machine");
	t[0] = kthread_run_on_cpu(return_seven, NULL, 0, "own");
	is_int(kthread_stop(t[0]), 7, "their stacks come back");
}

/* ---- jobs ---- */

static unsigned int jobs[MOST_CPUS];

static void note_job(void *arg)
{
	add(&jobs[kmm_cpu()], (unsigned int)(uintptr_t)arg);
	cond_resched();
}

static void share_out(void *arg)
{
	(void)arg;
	note_job((void *)1);
	smp_run((kmm_cpu() + 1) % nr_cpus, note_job, (void *)100);
}

static void test_jobs(void)
{
	unsigned int cpu, right = 0;

	if (!cpus_on())
		return;
	memset(jobs, 0, sizeof(jobs));
	smp_run_all(nr_cpus, note_job, (void *)1);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		smp_run(cpu, note_job, (void *)10);
	kmm_cpu_run_all(note_job, (void *)100);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		right += jobs[cpu] == 111;
	is_int(right, nr_cpus, "every CPU had its jobs once");
	memset(jobs, 0, sizeof(jobs));
	smp_run(nr_cpus - 1, share_out, NULL);
	is_int(jobs[nr_cpus - 1] % 100, 1, "a job on the last CPU");
	is_int(jobs[0] / 100, 1, "gives the first a job");
}

int main(void)
{
	run_case(test_create);
	run_case(test_stop);
	run_case(test_refused);
	run_case(test_stacks);
	run_case(test_ping_pong);
	run_case(test_wake_storm);
	run_case(test_time);
	run_case(test_preemption);
	run_case(test_mapped_preemption);
	run_case(test_power_off);
	run_case(test_without_core);
	run_case(test_jobs);
	return done_testing();
}
