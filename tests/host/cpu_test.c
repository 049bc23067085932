// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * cpu_test.c - CPUs as threads: each sees its own number; calls between CPUs run
 * where they should, never beside their target's own work, and never deadlock.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/spinlock.h>

#include "platform/host/host.h"
#include "tests/tap.h"

#define NR 4
#define ROUNDS 2000

/* What a per-CPU list would be: only its CPU touches it. No atomics: TSan watches. */
static struct { unsigned long own, calls; } per_cpu[NR];
static unsigned long answered[NR], refused[NR];
static unsigned int wrong;

static bool boot(bool threads)
{
	struct host_machine *m = host_machine_simple(64 << 20, 1, NR);
	struct host_config c = { .quiet = true, .threads = threads, .seed = 7 };
	int err;

	host_machine_config(m, &c);
	err = host_boot(&c);
	host_machine_free(m);
	memset(per_cpu, 0, sizeof(per_cpu));
	memset(answered, 0, sizeof(answered));
	memset(refused, 0, sizeof(refused));
	return !err;
}

static void count(void *arg)
{
	(void)arg;
	per_cpu[kmm_cpu()].calls++;
}

static void own_work(void *arg)
{
	(void)arg;
	per_cpu[kmm_cpu()].own++;
}

static void test_everywhere(const char *kind)
{
	unsigned int i, right = 0;

	host_run_on_all(own_work, NULL);
	for (i = 0; i < NR; i++)
		right += per_cpu[i].own == 1;
	is_int(right, NR, "%s: host_run_on_all ran once on each CPU", kind);
	for (i = 0; i < NR; i++)
		host_run_on_cpu(i, own_work, NULL);
	for (i = right = 0; i < NR; i++)
		right += per_cpu[i].own == 2;
	is_int(right, NR, "%s: host_run_on_cpu too", kind);
	for (i = 1, right = 0; i < NR; i++)
		right += kmm_cpu_call(i, count, NULL) && per_cpu[i].calls == 1;
	is_int(right, NR - 1, "%s: parked CPUs answer calls", kind);
	is_int(kmm_cpu(), 0, "%s: and CPU 0 is itself again", kind);
}

/* Every CPU works on its own and calls every other, all at once. */
static void storm(void *arg)
{
	unsigned int me = kmm_cpu(), i, other;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		unsigned long flags = kmm_local_irq_save();

		per_cpu[me].own++;
		kmm_local_irq_restore(flags);
		other = (me + 1 + i % (NR - 1)) % NR;
		if (i % 16 == 0) {
			if (kmm_cpu_call(other, count, NULL))
				answered[me]++;
			else
				refused[me]++;
		}
		host_poll();
		if (kmm_cpu() != me)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
}

static void test_storm(void)
{
	unsigned long own = 0, calls = 0, yes = 0, no = 0;
	unsigned int i;

	host_run_on_all(storm, NULL);
	for (i = 0; i < NR; i++) {
		own += per_cpu[i].own;
		calls += per_cpu[i].calls;
		yes += answered[i];
		no += refused[i];
	}
	is_int(own, NR * ROUNDS, "storm: nobody disturbed another's work");
	is_int(calls, yes, "storm: each answered call ran once, each refused one never");
	is_int(yes + no, NR * (ROUNDS / 16), "storm: every call came back");
	is_int(wrong, 0, "storm: every CPU stayed itself");
	diag("%lu calls answered, %lu refused", yes, no);
}

static spinlock_t lock;
static unsigned long locked_sum;

static void locker(void *arg)
{
	unsigned long flags;
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		spin_lock_irqsave(&lock, flags);
		locked_sum++;
		spin_unlock_irqrestore(&lock, flags);
	}
}

static int released;

static void deaf(void *arg)
{
	unsigned long flags = kmm_local_irq_save();

	__atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
		kmm_cpu_relax();	/* not kmm_cpu_poll(): it would answer */
	kmm_local_irq_restore(flags);
}

/* CPU 0 and CPU 1 are started together; 1 does not answer, 0 gives up. */
static void call_the_deaf(void *arg)
{
	static int is_deaf;

	(void)arg;
	if (kmm_cpu() == 1)
		deaf(&is_deaf);
	if (kmm_cpu() != 0)
		return;
	while (!__atomic_load_n(&is_deaf, __ATOMIC_ACQUIRE))
		kmm_cpu_poll();
	refused[0] = !kmm_cpu_call(1, count, NULL);
	__atomic_store_n(&released, 1, __ATOMIC_RELEASE);
}

static void run_all_work(void *arg)
{
	__atomic_fetch_add((unsigned int *)arg, 1, __ATOMIC_RELAXED);
}

static void test_threads(void)
{
	unsigned int n = 0;

	ok(boot(true), "threads: boots");
	test_everywhere("threads");
	memset(per_cpu, 0, sizeof(per_cpu));
	test_storm();
	host_run_on_all(locker, NULL);
	is_int(locked_sum, NR * ROUNDS, "threads: spinlocks exclude");
	memset(per_cpu, 0, sizeof(per_cpu));
	host_run_on_all(call_the_deaf, NULL);
	ok(refused[0] && !per_cpu[1].calls, "threads: a deaf CPU is given up, nothing runs later");
	kmm_cpu_run_all(run_all_work, &n);
	ok(n >= 1 && n <= NR, "threads: kmm_cpu_run_all used %u CPUs", n);
	host_power_off();
}

static void test_deterministic(void)
{
	unsigned int n = 0;
	u64 a, b;

	ok(boot(false), "deterministic: boots");
	test_everywhere("deterministic");
	host_set_cpu(3);
	is_int(kmm_cpu(), 3, "deterministic: host_set_cpu");
	kmm_cpu_run_all(run_all_work, &n);
	is_int(n, 1, "deterministic: kmm_cpu_run_all is the caller's work");
	host_clock_set(1500000);
	is_int(kmm_clock_ns(), 1500000, "deterministic: the clock is where it was put");
	host_clock_set(1);
	is_int(kmm_clock_ns(), 1500000, "deterministic: and does not go back");
	a = kmm_random();
	host_power_off();
	ok(boot(false), "boots again");
	b = kmm_random();
	ok(a == b, "the same random numbers");
	host_power_off();
}

int main(void)
{
	test_threads();
	test_deterministic();
	return done_testing();
}
