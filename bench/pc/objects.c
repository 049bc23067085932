// SPDX-License-Identifier: MIT
/*
 * objects.c - objects: one of each size allocated and freed again and again; 10,000 of 64 bytes
 * freed in order, at random and in reverse; the same of caches of their own.
 */
#include <stdio.h>

#include <kmm/slab.h>

#include "bench/pc/measure.h"

enum turn { IN_ORDER, RANDOM, REVERSE };

/* The size is a constant, so that the compiler finds the class. */
#define KMALLOC(size, n) do {						\
	void *p_;							\
	kfree(kmalloc(size, GFP_KERNEL));				\
	PAIR(n, p_ = kmalloc(size, GFP_KERNEL), kfree(p_));		\
	report_pair("kmalloc." #size, "alloc", "free", n);		\
} while (0)

static __noinline void *kmalloc_any(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static void sizes(void)
{
	volatile size_t size = 64;
	void *p;

	KMALLOC(8, 2000);
	KMALLOC(16, 2000);
	KMALLOC(64, 2000);
	KMALLOC(192, 2000);
	KMALLOC(256, 2000);
	KMALLOC(1024, 2000);
	KMALLOC(4096, 2000);
	KMALLOC(8192, 2000);
	PAIR(2000, p = kmalloc_any(size), kfree(p));
	report_pair("kmalloc_var.64", "alloc", "free", 2000);
	PAIR(2000, p = kzalloc(64, GFP_KERNEL), kfree(p));
	report_pair("kzalloc.64", "alloc", "free", 2000);
	PAIR(300, p = kmalloc(16384, GFP_KERNEL), kfree(p));
	report_pair("kmalloc.16384", "alloc", "free", 300);
}

static __always_inline unsigned int in_turn(enum turn turn, unsigned int i)
{
	return turn == IN_ORDER ? i : turn == RANDOM ? shuffled[i] : MANY - 1 - i;
}

static __always_inline void bulk(const char *name, const enum turn turn)
{
	char text[48];
	unsigned int i;
	u32 stamp[3];

	interrupts_off();
	stamp[0] = ticks();
	for (i = 0; i < MANY; i++)
		taken[i] = kmalloc(64, GFP_KERNEL);
	stamp[1] = ticks();
	for (i = 0; i < MANY; i++)
		kfree(taken[in_turn(turn, i)]);
	stamp[2] = ticks();
	interrupts_on();
	report_totals(name, stamp, MANY);

	interrupts_off();
	for (i = 0; i < MANY; i++)
		TIMED(first[i], taken[i] = kmalloc(64, GFP_KERNEL));
	for (i = 0; i < MANY; i++) {
		unsigned int k = in_turn(turn, i);

		TIMED(second[i], kfree(taken[k]));
	}
	interrupts_on();
	snprintf(text, sizeof(text), "bulk.%s.each", name);
	report_pair(text, "alloc", "free", MANY);
}

static void cache_run(const char *name, struct kmem_cache *s)
{
	u32 stamp[3];
	unsigned int i;

	interrupts_off();
	stamp[0] = ticks();
	for (i = 0; i < MANY; i++)
		taken[i] = kmem_cache_alloc(s, GFP_KERNEL);
	stamp[1] = ticks();
	for (i = 0; i < MANY; i++)
		kmem_cache_free(s, taken[i]);
	stamp[2] = ticks();
	interrupts_on();
	report_totals(name, stamp, MANY);
}

static void cache(const char *name, slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create(name, 104, 0, flags, NULL);
	void *p;

	if (!s) {
		note(name);
		return;
	}
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	PAIR(2000, p = kmem_cache_alloc(s, GFP_KERNEL), kmem_cache_free(s, p));
	report_pair(name, "alloc", "free", 2000);
	cache_run(name, s);
	kmem_cache_destroy(s);
}

void bench_objects(void)
{
	sizes();
	bulk("kmalloc64.inorder", IN_ORDER);
	bulk("kmalloc64.random", RANDOM);
	bulk("kmalloc64.reverse", REVERSE);
	cache("cache104", 0);
	cache("cache104_hwalign", SLAB_HWCACHE_ALIGN);
}
