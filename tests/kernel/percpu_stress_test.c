// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * percpu_stress_test.c - per-CPU memory on all CPUs at a time: allocated, used by its CPU, read by
 * others, freed by others, chunks and pages coming and going meanwhile.
 */
#include <kmm/percpu.h>

#include "mm/kernel/percpu.h"
#include "tests/page/machine.h"

#define CPUS	4u
#define SLOTS	64u

static DEFINE_PER_CPU(unsigned long, steps_done);
static DEFINE_PER_CPU(u16, small_count);

/* Pointers that go from CPU to CPU; a slot has its size in front of its memory, on each CPU. */
static u32 *slots[SLOTS];
static unsigned long wrong;		/* atomic */
static unsigned int steps = 4000;

static bool is_zero(const u32 *p, unsigned int words)
{
	while (words--)
		if (p[words])
			return false;
	return true;
}

/* A new one for a slot; what was there is freed by this CPU, whoever had allocated it. */
static void replace(struct prng *rng, unsigned int i)
{
	u64 r = prng_next(rng);
	unsigned int words = 1 + (unsigned int)(r >> 8) % (1u << (r >> 40) % 12), cpu;
	gfp_t gfp = r % 4 ? GFP_KERNEL : GFP_NOWAIT;
	u32 *p = __alloc_percpu_gfp(words * sizeof(u32), 4, gfp), *old;

	if (p) {
		for (cpu = 0; cpu < CPUS; cpu++)
			if (!is_zero(per_cpu_ptr(p, cpu), words))
				__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		this_cpu_write(p[0], (u32)i + 1);
		this_cpu_add(p[words - 1], 7);
	} else if (gfp == GFP_KERNEL) {
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	old = __atomic_exchange_n(&slots[i], p, __ATOMIC_ACQ_REL);
	free_percpu(old);
}

static void work(void *arg)
{
	unsigned long sum = 0;
	unsigned int i, cpu;
	struct prng rng;

	(void)arg;
	prng_seed(&rng, 17 + kmm_cpu());
	for (i = 0; i < steps; i++) {
		replace(&rng, (unsigned int)prng_next(&rng) % SLOTS);
		this_cpu_inc(steps_done);
		this_cpu_add(small_count, 3);
		for (cpu = 0; cpu < CPUS; cpu++)
			sum += READ_ONCE(per_cpu(steps_done, cpu));
		if (i % 512 == 100)
			percpu_reap();
		if (i % 64 == 0)
			host_poll();
	}
	if (sum < steps)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void test_all_cpus(void)
{
	unsigned long total = 0;
	unsigned int i;

	if (!MACHINE_ON(.mem = 512 * MIB, .nodes = 2, .cpus = CPUS, .threads = true))
		return;
	host_run_on_all(work, NULL);
	percpu_check();
	is_int(wrong, 0, "%u CPUs, %u steps each: always zeroed, never refused", CPUS, steps);
	for (i = 0; i < CPUS; i++)
		total += per_cpu(steps_done, i);
	is_int(total, CPUS * steps, "every CPU counted its own steps");
	is_int(per_cpu(small_count, 1), (u16)(3 * steps), "and the small count");
	for (i = 0; i < SLOTS; i++)
		free_percpu(slots[i]);
	percpu_reap();
	percpu_check();
	is_int(pcpu_stats.nr_cur_alloc, 0, "nothing is left");
	is_int(pcpu_stats.nr_chunks, 1, "of the chunks only the first");
}

int main(void)
{
	run_case(test_all_cpus);
	return done_testing();
}
