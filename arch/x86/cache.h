/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/cache.h - data caches, for who changes how memory is cached.
 *
 * x86's caches are coherent and indexed by physical address: there is one occasion only on which
 * they have to be told anything. Memory that was cached, and is not to be from now on, may have
 * lines in some cache, of any CPU; CLFLUSH writes them back and drops them everywhere.
 */
#ifndef ARCH_X86_CACHE_H
#define ARCH_X86_CACHE_H

#include <kmm/types.h>

/* x86_cache_line - what CLFLUSH flushes, in bytes; 0: the processor does not have it. */
static inline unsigned int x86_cache_line(void)
{
#if defined(__x86_64__) || defined(__i386__)
	u32 a = 1, b, c, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d >> 19 & 1 ? (b >> 8 & 0xff) * 8 : 0;
#else
	return 0;
#endif
}

/* x86_flush_cache - [start, start + size), which is mapped, multiples of `line` (not 0). */
static inline void x86_flush_cache(uintptr_t start, uintptr_t size, unsigned int line)
{
#if defined(__x86_64__) || defined(__i386__)
	uintptr_t at;

	__asm__ volatile("" ::: "memory");
	for (at = 0; at < size; at += line)
		__asm__ volatile("clflush %0" : "+m"(*(volatile char *)(start + at)));
#if defined(__x86_64__)
	__asm__ volatile("mfence" ::: "memory");
#else
	__asm__ volatile("lock; addl $0, (%%esp)" ::: "memory", "cc");
#endif
#else
	(void)start, (void)size, (void)line;
#endif
}

#endif
