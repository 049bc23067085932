// SPDX-License-Identifier: MIT
/*
 * timer.c - a tick on each CPU, PC_HZ times a second, by the timer of its local APIC.
 *
 * That timer counts down at a rate which nobody tells; so on the first CPU it is let run for
 * CALIBRATE_US by the time stamp counter, and how far it came is the rate for all. Clocks are not
 * made from ticks (clock.c has the time stamp counter): a tick that is late or missing does no
 * harm.
 *
 * A tick ends sleeps that have lasted long enough, and takes the CPU away from a thread that has
 * used its slice (sched.c). Without an APIC there are no ticks: threads then change when they
 * wait only, and idle CPUs look at the clock instead of halting.
 */
#include <kmm/printk.h>

#include "apic.h"
#include "lib/div64.h"
#include "pc.h"
#include "x86.h"

#define CALIBRATE_US	10000u

static u32 per_tick;		/* counts of the timer, divided by 16 */

static u32 read_timer(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

/* Counts in a tick. Whoever takes the processor away meanwhile makes the time longer, not wrong. */
static u32 calibrate(void)
{
	struct clock_sample from, to;
	u64 hz;

	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
	from = clock_sample(read_timer);
	clock_delay_us(CALIBRATE_US);
	to = clock_sample(read_timer);
	apic_write(APIC_TIMER_INITIAL, 0);
	hz = mul_div_u64(from.count - to.count, clock_tsc_khz() * 1000, to.tsc - from.tsc);
	return (u32)div_u64(hz, PC_HZ);
}

static void tick(struct pt_regs *regs)
{
	(void)regs;
	sched_tick();
}

bool timer_ticks(void)
{
	return per_tick;
}

void timer_init(void)
{
	if (!apic_there())
		return;
	if (!per_tick) {
		trap_set(VECTOR_TIMER, tick);
		per_tick = calibrate();
		pc_log(LOGLEVEL_NOTICE, "timer: local APIC counts %u kHz, %d ticks a second",
		       per_tick / 1000 * PC_HZ * 16, PC_HZ);
	}
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, APIC_LVT_PERIODIC | VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, per_tick);
}
