// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * stop_test - a machine that has stopped on another CPU leaves nothing behind for the next one.
 */
#include <string.h>

#include "tests/pc/cpus.h"

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

int main(void)
{
	run_case(test_faults_in_a_row);
	return done_testing();
}
