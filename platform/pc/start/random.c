// SPDX-License-Identifier: MIT
/*
 * random.c - numbers that nobody knows beforehand. The processor's own generator where there is
 * one, mixed with the time stamp counter, the interval timer and what the zero page happens
 * to hold. Mixing is splitmix's (Steele, Lea, Flood 2014), in 32 bits as Wellons found it.
 */
#include "../x86.h"
#include "start.h"

#define HAS_RDRAND	(1u << 30)	/* CPUID 1, ecx */

static u32 mix(u32 x, u32 more)
{
	x ^= more;
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x ^ x >> 16;
}

static u32 rdrand(void)
{
	u32 value = 0;
	u8 got = 0;

	for (unsigned int tries = 10; tries && !got; tries--)
		__asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(value), "=qm"(got) : : "cc");
	return value;
}

static u32 interval_timer(void)
{
	u8 low;

	outb(0x43, 0);			/* hold counter 0 */
	low = inb(0x40);
	return low | (u32)inb(0x40) << 8;
}

u32 random_number(const struct cpu_features *f, const struct boot_params *bp)
{
	static u32 state = 0x6b6d6d21;
	const u32 *words = (const void *)bp;
	u64 tsc;

	for (unsigned int i = 0; i < sizeof(*bp) / sizeof(u32); i++)
		state = mix(state, words[i]);
	tsc = rdtsc();
	state = mix(state, (u32)tsc);
	state = mix(state, (u32)(tsc >> 32));
	state = mix(state, interval_timer());
	if (f->ecx_1 & HAS_RDRAND)
		state = mix(state, rdrand());
	return state;
}
