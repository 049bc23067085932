// SPDX-License-Identifier: MIT
/*
 * clock_test - the clock, with a time stamp counter and an interval timer that are faked: the rate
 * is measured, and no CPU is told a time before one that was told.
 */
#include <string.h>

#include <kmm/printk.h>

#include "tests/pc/fake_pc.h"
#include "tests/tap.h"

#define PIT_RATE	1193182u
#define MHZ		1000000ull

/* ---- counters ---- */

static u64 counter, counter_hz;	/* of the CPU that asks */
static bool pit_stands;
static u16 latched;
static bool high_byte;
static unsigned int reads;		/* of the timer, since away_at[] was set */
static unsigned int away_at[8];		/* the CPU is taken away at these, each longer */
static u64 away_cycles;

/* A machine that is a program itself: it stands, time does not. */
static void maybe_away(void)
{
	reads++;
	for (unsigned int i = 0; i < ARRAY_SIZE(away_at); i++)
		if (away_at[i] == reads)
			counter += away_cycles + away_cycles / 8 * i;
}

static u64 fake_rdtsc(void)
{
	return counter += 100;
}

static u8 fake_inb(u16 port)
{
	counter += 1000;
	if (port != 0x42)
		return 0;
	high_byte = !high_byte;
	return (u8)(high_byte ? latched : latched >> 8);
}

static void fake_outb(u16 port, u8 value)
{
	counter += 1000;
	if (port != 0x43 || value != 0x80)
		return;
	maybe_away();
	latched = pit_stands ? 0x8000 : (u16)(0xffff - counter / (counter_hz / PIT_RATE) % 0xffff);
	high_byte = false;
}

struct pc_place pc_place;
struct pc_world pc_world;
static unsigned int warnings;

void pc_log(int level, const char *fmt, ...)
{
	(void)fmt;
	warnings += level <= LOGLEVEL_WARNING;
}

u64 clock_of_pc_ns(void);
#define rdtsc()		fake_rdtsc()
#define kmm_clock_ns	clock_of_pc_ns
#include "platform/pc/clock.c"

/* ---- what it does ---- */

static void measuring(void)
{
	u64 before, now;

	counter_hz = 2500 * MHZ;
	pc_place.tsc_protected = counter = 1000000;
	before = clock_real_ns();
	ok(before < 1000000, "it begins with the machine");
	clock_init();
	ok(clock_tsc_khz() > 2490000 && clock_tsc_khz() < 2510000, "2.5 GHz are measured: %u kHz",
	   (unsigned int)clock_tsc_khz());
	now = clock_real_ns();
	ok(now >= before, "the time goes on from where it was");
	counter += counter_hz;
	before = now;
	now = clock_real_ns();
	ok(now - before > 995000000 && now - before < 1005000000, "a second is a second");
	pit_stands = true;
	clock_init();
	ok(warnings == 1 && clock_tsc_khz() > 2490000,
	   "a timer that stands: as before, and a line");
}

static bool measures_well(u64 away_ms)
{
	away_cycles = counter_hz / 1000 * away_ms;
	reads = 0;
	clock_init();
	if (clock_tsc_khz() > 2490000 && clock_tsc_khz() < 2510000)
		return true;
	diag("away for %u ms: %u kHz", (unsigned int)away_ms, (unsigned int)clock_tsc_khz());
	return false;
}

/* About 8,100 readings are a try here. */
static void disturbed(void)
{
	unsigned int bad = 0;

	pit_stands = false;
	for (unsigned int at = 1; at < 8000; at += 80) {
		away_at[0] = at;
		for (u64 ms = 1; ms < 400; ms += 19)
			bad += !measures_well(ms);
	}
	is_int(bad, 0, "taken away once, at any moment, for any time: the same rate");
	for (unsigned int i = 0; i < 5; i++)
		away_at[i] = 900 + 8100 * i;
	ok(measures_well(350), "in each of five tries");
	memset(away_at, 0, sizeof(away_at));
}

/* Another CPU's counter may lie behind, even behind the beginning. */
static void lagging(void)
{
	u64 first = clock_real_ns(), here = counter;

	counter = here - 1000000;
	ok(clock_real_ns() == first, "a CPU whose counter lies behind: no time before one told");
	counter = 5;
	ok(clock_real_ns() == first, "one that lies behind the beginning");
	counter = rate.base_tsc - 1000;
	ok(clock_real_ns() == first, "and just behind it");
	counter = here;
	ok(clock_real_ns() > first && clock_real_ns() - first < 100000, "the first one goes on");
	ok(clock_of_pc_ns() > first, "kmm_clock_ns() is that clock");
}

int main(void)
{
	measuring();
	disturbed();
	lagging();
	return done_testing();
}
