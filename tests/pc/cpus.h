/* SPDX-License-Identifier: MIT */
/*
 * cpus.h - what the tests of threads and of CPUs asking one another share: a machine with as many
 * of the PC's CPUs as there are, up to 8, and one thread on each.
 */
#ifndef KMM_TESTS_PC_CPUS_H
#define KMM_TESTS_PC_CPUS_H

#include <kmm/err.h>

#include "platform/pc/pc.h"
#include "tests/page/machine.h"

#define MOST_CPUS	8u
#define MS		1000000ull	/* ns */

static unsigned int nr_cpus __attribute__((unused));	/* of the machine that is on */

static inline bool cpus_on(void)
{
	nr_cpus = min(pc_machine.nr_cpus, MOST_CPUS);
	return MACHINE_ON(.mem = 64 * MIB, .cpus = nr_cpus, .threads = true);
}

static inline unsigned int load(const unsigned int *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void store(unsigned int *p, unsigned int v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

static inline unsigned int add(unsigned int *p, unsigned int n)
{
	return __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST);
}

/* Wait, sleeping, until *p is at least v; false: not within 20 s. */
static inline bool wait_until(const unsigned int *p, unsigned int v)
{
	u64 end = clock_real_ns() + 20000 * MS;

	while (load(p) < v) {
		if (clock_real_ns() > end)
			return false;
		msleep(1);
	}
	return true;
}

/* Wake a thread that is going to sleep; false: it has not within 20 s. */
static inline bool wake_asleep(struct task *t)
{
	u64 end = clock_real_ns() + 20000 * MS;

	while (!wake_up_process(t)) {
		if (clock_real_ns() > end)
			return false;
		msleep(1);
	}
	return true;
}

/* Keep the CPU busy, in whatever context. */
static inline void spin_ms(unsigned int ms)
{
	u64 end = clock_real_ns() + ms * MS;

	while (clock_real_ns() < end)
		__builtin_ia32_pause();
}

/* The same function as a thread on each CPU, awake; how many could be made. */
static inline unsigned int start_on_each(int (*fn)(void *), void *data, struct task **tasks)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		tasks[cpu] = kthread_run_on_cpu(fn, data, cpu, "each");
		if (IS_ERR(tasks[cpu]))
			break;
	}
	return cpu;
}

/* Their results added up. */
static inline int stop_each(struct task **tasks, unsigned int nr)
{
	unsigned int i;
	int sum = 0;

	for (i = 0; i < nr; i++)
		sum += kthread_stop(tasks[i]);
	return sum;
}

#endif
