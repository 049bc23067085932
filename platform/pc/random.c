// SPDX-License-Identifier: MIT
/*
 * random.c - numbers that nobody can foretell: the processor's own (RDRAND), or, where it has none,
 * the time at which they are asked for, well mixed.
 *
 * The mixing is splitmix64's (G. Steele, D. Lea, C. Flood, 2014). A time stamp has few bits that
 * an attacker does not know; each call's go into the state, so that they add up.
 */
#include "pc.h"
#include "x86.h"

#define RDRAND_BIT	(1u << 30)	/* CPUID leaf 1, ECX */
#define RDRAND_TRIES	10

static bool has_rdrand(void)
{
	static u8 known;	/* 0: not asked yet, 1: no, 2: yes */

	if (!known)
		known = cpuid(1, 0).c & RDRAND_BIT ? 2 : 1;
	return known == 2;
}

static bool rdrand(unsigned long *value)
{
	unsigned int tries;
	bool ok = false;

	for (tries = 0; tries < RDRAND_TRIES && !ok; tries++)
		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

static u64 mixed(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Two CPUs may take the same state: their times, and so what they get, differ. */
static u64 by_time(void)
{
	static unsigned long state;
	unsigned long tsc = (unsigned long)rdtsc() | 1;
	unsigned long now = __atomic_add_fetch(&state, tsc, __ATOMIC_RELAXED);

	return mixed(mixed(rdtsc()) + now + 0x9e3779b97f4a7c15ULL);
}

u64 kmm_random(void)
{
	unsigned long low, high = 0;

	if (pc_world.random)
		return pc_world.random();
	if (!has_rdrand() || !rdrand(&low) ||
	    (sizeof(low) == 4 && !rdrand(&high)))
		return by_time();
	return sizeof(low) == 4 ? (u64)high << 32 | low : low;
}
