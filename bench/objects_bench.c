// SPDX-License-Identifier: MIT
/*
 * objects_bench.c - what an object costs: instructions, and nanoseconds beside other allocators.
 *
 *	objects_bench time            nanoseconds, kmm's and the peers' (objects_time.c)
 *	objects_bench scale [cpus]    the hot pair and rounds of 2,048 on 1, 2 ... CPUs at once
 *	objects_bench count NAME      run operation NAME inside measured(), for callgrind
 *	objects_bench list            names and repetitions of the counted operations
 *
 * Each line is "key value unit"; scripts/bench puts them into docs/performance.md.
 * Operations and loop bounds are those Linux 6.1 was measured with. A hot pair is one
 * allocation and its free; its loop is two instructions, which "empty" measures so that they can be
 * subtracted. The 10,000 are allocated into an array and freed in the order of another; before
 * they are counted once round has been done, as there. Nothing is zeroed.
 *
 * SOURCES: bench/bench.c bench/objects_time.c
 * LIBS: -ldl
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/slab.h>

#include "bench/bench.h"
#include "bench/objects_time.h"
#include "platform/host/host.h"

#define MANY		10000
#define BULK		64
#define BULK_OBJECTS	(BULK * 200)
#define RUNS		31

static void *objects[BULK_OBJECTS];
static u32 order_of_frees[BULK_OBJECTS];
static struct kmem_cache *cache104, *cache64;
static volatile size_t any_size = 64;

static void *not_null(void *p)
{
	if (!p)
		abort();
	return p;
}

/* Makes the compiler forget what it knows of p: nothing is left out. */
#define HIDE(p) __asm__ volatile("" : "+r"(p))

/* --- hot pairs --- */

#define HOT_PAIR(name, allocate, release)		\
	static void name(unsigned long n)		\
	{						\
		do {					\
			void *p = allocate;		\
							\
			HIDE(p);			\
			release;			\
		} while (--n);				\
	}

#define HOT_KMALLOC(size) HOT_PAIR(hot_kmalloc##size, kmalloc(size, GFP_KERNEL), kfree(p))
HOT_KMALLOC(8)
HOT_KMALLOC(16)
HOT_KMALLOC(64)
HOT_KMALLOC(192)
HOT_KMALLOC(256)
HOT_KMALLOC(1024)
HOT_KMALLOC(4096)
HOT_KMALLOC(8192)
HOT_KMALLOC(16384)
HOT_PAIR(hot_cache104, kmem_cache_alloc(cache104, GFP_KERNEL), kmem_cache_free(cache104, p))

/* What the loop of a hot pair costs by itself. */
static void hot_empty(unsigned long n)
{
	do
		__asm__ volatile("");
	while (--n);
}

static void hot_kmalloc_var(unsigned long n)
{
	size_t size = any_size;

	do {
		void *p;

		HIDE(size);
		p = kmalloc(size, GFP_KERNEL);
		HIDE(p);
		kfree(p);
	} while (--n);
}

/* --- many objects --- */

/* Counted up to 0, which takes the fewest instructions: add, jnz. */
#define MANY_TIMES(name, what)					\
	static void name(unsigned long n)			\
	{							\
		void **object = objects + n;			\
		u32 *order = order_of_frees + n;		\
		long i = -(long)n;				\
								\
		(void)object, (void)order;			\
		do						\
			what;					\
		while (++i);					\
	}

MANY_TIMES(kmalloc_many, object[i] = kmalloc(64, GFP_KERNEL))
MANY_TIMES(kfree_many, kfree(object[i]))
MANY_TIMES(kfree_by_order, kfree(objects[order[i]]))
MANY_TIMES(cache_many, object[i] = kmem_cache_alloc(cache104, GFP_KERNEL))
MANY_TIMES(cache_free_many, kmem_cache_free(cache104, object[i]))

static void kmalloc_round(unsigned long n)
{
	kmalloc_many(n);
	kfree_many(n);
}

static void kmalloc_round_and_many(unsigned long n)
{
	kmalloc_round(n);
	kmalloc_many(n);
}

static void cache_round(unsigned long n)
{
	cache_many(n);
	cache_free_many(n);
}

static void cache_round_and_many(unsigned long n)
{
	cache_round(n);
	cache_many(n);
}

/* --- in bulk --- */

static void bulk_alloc(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i += BULK)
		if (kmem_cache_alloc_bulk(cache64, GFP_KERNEL, BULK, objects + i) != BULK)
			abort();
}

static void bulk_free(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i += BULK)
		kmem_cache_free_bulk(cache64, BULK, objects + i);
}

static void bulk_round(unsigned long n)
{
	bulk_alloc(n);
	bulk_free(n);
}

static void bulk_round_and_alloc(unsigned long n)
{
	bulk_round(n);
	bulk_alloc(n);
}

/* --- counting instructions --- */

#define HOT(name, op) { name, op, op, NULL, 1000, 0 }

static const struct counted counted[] = {
	HOT("empty", hot_empty),
	HOT("kmalloc8", hot_kmalloc8),
	HOT("kmalloc16", hot_kmalloc16),
	HOT("kmalloc64", hot_kmalloc64),
	HOT("kmalloc192", hot_kmalloc192),
	HOT("kmalloc256", hot_kmalloc256),
	HOT("kmalloc1024", hot_kmalloc1024),
	HOT("kmalloc4096", hot_kmalloc4096),
	HOT("kmalloc8192", hot_kmalloc8192),
	HOT("kmalloc16384", hot_kmalloc16384),
	HOT("kmalloc_var", hot_kmalloc_var),
	HOT("cache104", hot_cache104),
	{ "kmalloc10000.alloc", kmalloc_round, kmalloc_many, kfree_many, MANY, 0 },
	{ "kmalloc10000.free", kmalloc_round_and_many, kfree_many, NULL, MANY, 0 },
	{ "kmalloc10000.free_random", kmalloc_round_and_many, kfree_by_order, NULL, MANY, 0 },
	{ "cache10000.alloc", cache_round, cache_many, cache_free_many, MANY, 0 },
	{ "cache10000.free", cache_round_and_many, cache_free_many, NULL, MANY, 0 },
	{ "bulk64.alloc", NULL, bulk_alloc, bulk_free, BULK, 200 },
	{ "bulk64.free", bulk_alloc, bulk_free, NULL, BULK, 200 },
	{ "bulk12800.alloc", bulk_round, bulk_alloc, bulk_free, BULK_OBJECTS, 0 },
	{ "bulk12800.free", bulk_round_and_alloc, bulk_free, NULL, BULK_OBJECTS, 0 },
	{ NULL, NULL, NULL, NULL, 0, 0 },
};

static void random_order(void)
{
	unsigned long i;

	seed_random(12345);
	for (i = 0; i < MANY; i++)
		order_of_frees[i] = (u32)i;
	for (i = MANY; i > 1; i--) {
		unsigned long k = rnd() % i;
		u32 last = order_of_frees[i - 1];

		order_of_frees[i - 1] = order_of_frees[k];
		order_of_frees[k] = last;
	}
}

static int count(const char *name)
{
	const struct counted *c = find_counted(counted, name);

	if (!c)
		return 1;
	bench_boot(512ull << 20, 1, 1, false, NULL);
	cache104 = not_null(kmem_cache_create("bench-104", 104, 0, SLAB_NO_MERGE, NULL));
	cache64 = not_null(kmem_cache_create("bench-64", 64, 0, SLAB_NO_MERGE, NULL));
	random_order();
	run_counted(c);
	slab_check(NULL);
	return 0;
}

/* --- scaling --- */

#define SCALE_PAIRS	200000
#define SCALE_OBJECTS	2048
#define SCALE_ROUNDS	40
#define SCALE_CPUS	256

static double spent[SCALE_CPUS];	/* by CPU: nanoseconds an operation took */

static void scale_hot(void *arg)
{
	double start = thread_ns();

	(void)arg;
	hot_kmalloc64(SCALE_PAIRS);
	spent[kmm_cpu()] = (thread_ns() - start) / SCALE_PAIRS;
}

static void scale_rounds(void *arg)
{
	void *mine[SCALE_OBJECTS];
	double start = thread_ns();
	int round, i;

	(void)arg;
	for (round = 0; round < SCALE_ROUNDS; round++) {
		for (i = 0; i < SCALE_OBJECTS; i++)
			mine[i] = kmalloc(64, GFP_KERNEL);
		for (i = 0; i < SCALE_OBJECTS; i++)
			kfree(mine[i]);
	}
	spent[kmm_cpu()] = (thread_ns() - start) / (SCALE_ROUNDS * SCALE_OBJECTS);
}

/* All CPUs run fn at once; what the slowest spent. */
static double slowest(void (*fn)(void *), unsigned int cpus)
{
	double most = 0;
	unsigned int i;

	host_run_on_all(fn, NULL);
	for (i = 0; i < cpus; i++)
		if (spent[i] > most)
			most = spent[i];
	return most;
}

static void scale_one(unsigned int cpus)
{
	double hot[RUNS], rounds[RUNS];
	int i;

	bench_boot(1ull << 30, 1, cpus, true, NULL);
	for (i = 0; i < RUNS; i++) {
		hot[i] = slowest(scale_hot, cpus);
		rounds[i] = slowest(scale_rounds, cpus);
	}
	printf("scale.kmalloc64.%u %.2f ns\n", cpus, median(hot, RUNS));
	printf("scale.kmalloc2048.%u %.2f ns\n", cpus, median(rounds, RUNS));
	slab_check(NULL);
	bench_off();
}

static int scale(unsigned int most)
{
	unsigned int cpus;

	for (cpus = 1; cpus <= most && cpus <= SCALE_CPUS; cpus *= 2)
		scale_one(cpus);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "time"))
		return time_beside_peers(argc > 2 ? argv[2] : "");
	if (!strcmp(what, "scale"))
		return scale(argc > 2 ? (unsigned int)atoi(argv[2]) : 2);
	if (!strcmp(what, "list")) {
		list_counted(counted);
		return 0;
	}
	if (!strcmp(what, "count") && argc > 2)
		return count(argv[2]);
	fprintf(stderr, "usage: objects_bench time [LINES]|scale [cpus]|list|count NAME\n");
	return 2;
}
