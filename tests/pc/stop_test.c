// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * stop_test - a machine that has stopped, or is switched off in the middle of something, leaves
 * nothing behind for the next one.
 */
#include <string.h>

#include "tests/pc/cpus.h"

static void nothing(void *arg)
{
	(void)arg;
}

static void undefined(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static void undefined_on_last(void *arg)
{
	smp_run(nr_cpus - 1, undefined, arg);
}

/* What a CPU reported before it was parked is forgotten by the next machine. */
static void test_faults_in_a_row(void)
{
	unsigned int cycle;

	for (cycle = 0; cycle < 3; cycle++) {
		if (!cpus_on())
			return;
		ok(stops(undefined_on_last, NULL), "an exception on the last CPU stops machine %u",
		   cycle);
		is_str(host_stop_reason(), "invalid opcode", "and is what is reported");
		host_power_off();
		msleep(20);
	}
	ok(cpus_on(), "a machine after them");
}

/* ---- switched off while it waits ---- */

static spinlock_t never = SPIN_LOCK_UNLOCKED;
static unsigned int waits;

static int wait_for_lock(void *data)
{
	unsigned long flags;

	store(&waits, 1);
	spin_lock_irqsave(&never, flags);
	spin_unlock_irqrestore(&never, flags);
	return data != NULL;
}

/* Interrupts are held where it waits, and nobody will give it the lock. */
static void test_waits_for_lock(void)
{
	if (!cpus_on())
		return;
	if (nr_cpus == 1) {
		skip(3, "one CPU");
		return;
	}
	store(&waits, 0);
	spin_lock(&never);
	ok(!IS_ERR(kthread_run_on_cpu(wait_for_lock, NULL, nr_cpus - 1, "waits")) &&
	   wait_until(&waits, 1), "a thread waits for a lock");
	host_power_off();
	ok(pc_cpus[nr_cpus - 1].online, "its CPU is not lost");
	spin_unlock(&never);
	ok(cpus_on() && kmm_cpu_call(nr_cpus - 1, nothing, NULL), "a machine after it");
}

int main(void)
{
	run_case(test_faults_in_a_row);
	run_case(test_waits_for_lock);
	return done_testing();
}
