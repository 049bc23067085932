// SPDX-License-Identifier: MIT
/*
 * atomic.c - 64-bit atomic accesses of IA-32, which the compiler calls because it may not use
 * floating-point registers: by CMPXCHG8B. (The core has its own, <kmm/atomic64.h>.)
 */
#ifndef __x86_64__
#include <stdint.h>

uint64_t libc_atomic_load(volatile uint64_t *p, int order) __asm__("__atomic_load_8");
void libc_atomic_store(volatile uint64_t *p, uint64_t value, int order) __asm__("__atomic_store_8");
uint64_t libc_atomic_add(volatile uint64_t *p, uint64_t n, int order)
	__asm__("__atomic_fetch_add_8");

/* What was there; it is now new if that was old. */
static uint64_t exchange_if(volatile uint64_t *p, uint64_t old, uint64_t new)
{
	__asm__ volatile("lock cmpxchg8b %1"
			 : "+A"(old), "+m"(*p)
			 : "b"((uint32_t)new), "c"((uint32_t)(new >> 32)) : "memory", "cc");
	return old;
}

uint64_t libc_atomic_load(volatile uint64_t *p, int order)
{
	(void)order;
	return exchange_if(p, 0, 0);
}

void libc_atomic_store(volatile uint64_t *p, uint64_t value, int order)
{
	uint64_t old = exchange_if(p, 0, 0), seen;

	(void)order;
	while ((seen = exchange_if(p, old, value)) != old)
		old = seen;
}

uint64_t libc_atomic_add(volatile uint64_t *p, uint64_t n, int order)
{
	uint64_t old = exchange_if(p, 0, 0), seen;

	(void)order;
	while ((seen = exchange_if(p, old, old + n)) != old)
		old = seen;
	return old;
}
#else
typedef int libc_atomic_nothing;	/* AMD64 needs none */
#endif
