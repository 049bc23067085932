// SPDX-License-Identifier: MIT
/*
 * clock.c - the time since power-on, by the processor's time stamp counter.
 *
 * How fast that counts is measured against the PC's timer (8254), which counts at 1193182 Hz on
 * every PC. Both are read close together at the beginning and at the end of 10 ms; of some
 * readings the one counts between whose two of the TSC the least time went by: the processor may
 * be taken away meanwhile where it is a program itself.
 *
 *	TSC    |t0                                 |t1
 *	timer   |c0                                 |c1	   khz = (t1-t0) * 1193182 / (c0-c1) / 1000
 *
 * If it is taken away for so long that the timer comes round, 55 ms, the rate seems too high,
 * never too low. So it is measured until a try agrees with the lowest one before.
 *
 * Before that - the boot's first steps shall not wait - the clock runs at the rate that CPUID
 * gives, or at 1 GHz. Measured, it goes on from where it was: no time twice.
 */
#include <kmm/atomic64.h>
#include <kmm/printk.h>

#include "lib/div64.h"
#include "pc.h"
#include "x86.h"

#define PIT_HZ		1193182
#define PIT_CHANNEL2	0x42
#define PIT_COMMAND	0x43
#define PIT_LATCH2	0x80
#define PIT_RATE2	0xb4	/* channel 2, both bytes, mode 2: counts down, over and over */
#define PORT_B		0x61
#define PORT_B_GATE2	0x01
#define PORT_B_SPEAKER	0x02

#define CALIBRATE_TICKS	(PIT_HZ / 100)
#define SAMPLES		5
#define TRIES		8
#define AGREE_SHIFT	8	/* two rates agree that differ by less than a 256th */
#define DISTURBED	(~0ull)	/* a rate: the timer came round */
#define POLLS_MAX	1000000u	/* a timer that does not count */
#define GUESS_KHZ	1000000
#define SHIFT		22

/* ns = base_ns + (TSC - base_tsc) * mult >> SHIFT */
static struct {
	u64 khz;
	u64 base_tsc, base_ns;
	u32 mult;
} rate;
static u64 last_ns;		/* a: the latest time that was told */

/* ---- rates ---- */

static void set_rate(u64 khz, u64 tsc, u64 ns)
{
	rate.khz = khz;
	rate.base_tsc = tsc;
	rate.base_ns = ns;
	rate.mult = (u32)div64_u64((u64)1000000 << SHIFT, khz);
}

/* kHz by CPUID's leaf 15h; 0: it does not say. */
static u64 cpuid_khz(void)
{
	struct cpuid r;

	if (cpuid(0, 0).a < 0x15)
		return 0;
	r = cpuid(0x15, 0);
	return r.a && r.b && r.c ? mul_div_u64(r.c, r.b, (u64)r.a * 1000) : 0;
}

static void guess(void)
{
	u64 khz = cpuid_khz();

	set_rate(khz > 1000 ? khz : GUESS_KHZ, pc_place.tsc_protected, 0);
}

/* ---- the timer ---- */

static struct clock_sample read_both(u32 (*read)(void))
{
	struct clock_sample s = { .tsc = rdtsc() };

	s.count = read();
	s.gap = rdtsc() - s.tsc;
	s.tsc += s.gap / 2;
	return s;
}

struct clock_sample clock_sample(u32 (*read)(void))
{
	struct clock_sample best = read_both(read), s;
	unsigned int i;

	for (i = 1; i < SAMPLES; i++) {
		s = read_both(read);
		if (s.gap < best.gap)
			best = s;
	}
	return best;
}

static u32 read_timer(void)
{
	u32 count;

	outb(PIT_COMMAND, PIT_LATCH2);
	count = inb(PIT_CHANNEL2);
	return count | (u32)inb(PIT_CHANNEL2) << 8;
}

static void start_timer(void)
{
	outb(PORT_B, (inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2);
	outb(PIT_COMMAND, PIT_RATE2);
	outb(PIT_CHANNEL2, 0xff);
	outb(PIT_CHANNEL2, 0xff);
}

/* One try; 0: the timer does not count. */
static u64 try_khz(void)
{
	struct clock_sample from, to;
	unsigned int polls = 0;

	start_timer();
	while (read_timer() < CALIBRATE_TICKS * 2 && ++polls < POLLS_MAX)
		continue;	/* the first count begins late */
	from = clock_sample(read_timer);
	while (from.count - read_timer() < CALIBRATE_TICKS && ++polls < POLLS_MAX)
		continue;
	to = clock_sample(read_timer);
	if (polls >= POLLS_MAX)
		return 0;
	if (to.count >= from.count)
		return DISTURBED;
	return mul_div_u64(to.tsc - from.tsc, PIT_HZ, (u64)(from.count - to.count) * 1000);
}

static bool agree(u64 a, u64 b)
{
	u64 least = min(a, b);

	return max(a, b) - least <= least >> AGREE_SHIFT;
}

/* 0: none could be measured. */
static u64 measured_khz(void)
{
	u64 khz, least = DISTURBED;
	bool agreed = false;
	unsigned int i;

	for (i = 0; i < TRIES && !agreed; i++) {
		khz = try_khz();
		if (!khz)
			return 0;
		agreed = khz != DISTURBED && agree(khz, least);
		least = min(khz, least);
	}
	if (!agreed)
		pc_log(LOGLEVEL_WARNING, "clock: %u tries at the 8254, no two of which agree", i);
	return least == DISTURBED ? 0 : least;
}

void clock_init(void)
{
	u64 khz = measured_khz();
	u64 tsc = rdtsc(), now = clock_real_ns();

	if (khz > 1000)
		set_rate(khz, tsc, now);
	else
		pc_log(LOGLEVEL_WARNING, "clock: the 8254 gives no rate: it is a guess");
	pc_log(LOGLEVEL_NOTICE, "tsc: %llu.%03u MHz", (unsigned long long)div_u64(rate.khz, 1000),
	       (unsigned int)(rate.khz - div_u64(rate.khz, 1000) * 1000));
}

/* ---- the clock ---- */

static u64 scaled(u64 cycles)
{
	return ((cycles >> 32) * rate.mult << (32 - SHIFT)) +
	       ((u64)(u32)cycles * rate.mult >> SHIFT);
}

/* TSCs of two CPUs may differ a little: nobody gets a time before one that was told. */
u64 clock_real_ns(void)
{
	u64 now, last;
	s64 cycles;

	if (!rate.khz)
		guess();
	cycles = (s64)(rdtsc() - rate.base_tsc);	/* less than 0: this CPU's lies behind */
	now = rate.base_ns + scaled(cycles < 0 ? 0 : (u64)cycles);
	last = atomic64_read(&last_ns);
	while (now > last)
		if (atomic64_try_cmpxchg(&last_ns, &last, now))
			return now;
	return last;
}

u64 kmm_clock_ns(void)
{
	return pc_world.clock ? pc_world.clock() : clock_real_ns();
}

u64 clock_tsc_khz(void)
{
	return rate.khz ? rate.khz : GUESS_KHZ;
}

void clock_delay_us(unsigned int us)
{
	u64 end = rdtsc() + div_u64(clock_tsc_khz() * us, 1000);

	while ((s64)(rdtsc() - end) < 0)
		__asm__ volatile("pause");
}
