// SPDX-License-Identifier: MIT
/*
 * walk.c - a workload to look at: caches as a kernel has them, whose populations drift.
 *
 * Each kind of object has a number it wants to have, which swings slowly and out of step with
 * the others', as day and night of a server:
 *
 *	most  _/~\_   _/~\_
 *	   0       ~~~       one period, rounded at both ends
 *
 * A step chooses a kind, the busy ones more often, and then allocates one if there are fewer than
 * wanted, or frees one at random. Freeing at random is what leaves half-empty slabs
 * behind when a population shrinks: the USE column shows it. A step is 10 us; CPUs take
 * turns of a few hundred steps, so that objects are freed by other CPUs than they come from.
 */
#include <stdlib.h>

#include <kmm/mm.h>

#include "host.h"

#include "slabtop.h"

#define STEP_NS		10000u
#define TURN_STEPS	256u
#define FIRST_SHARE	8		/* at most 1/8 of memory in objects */

struct kind {
	const char *name;		/* of a cache; NULL: by kmalloc() */
	unsigned int size;
	slab_flags_t flags;
	unsigned int most, weight;	/* objects; how often it is chosen */
	double period;			/* s */
};

static const struct kind kinds[] = {
	{ "dentry", 192, SLAB_RECLAIM_ACCOUNT, 60000, 20, 40 },
	{ "inode_cache", 616, SLAB_RECLAIM_ACCOUNT, 20000, 8, 40 },
	{ "buffer_head", 104, SLAB_RECLAIM_ACCOUNT, 40000, 10, 25 },
	{ "radix_tree_node", 576, SLAB_RECLAIM_ACCOUNT, 12000, 5, 33 },
	{ "vm_area_struct", 232, 0, 25000, 20, 12 },
	{ "anon_vma", 104, SLAB_TYPESAFE_BY_RCU, 15000, 10, 12 },
	{ "filp", 256, SLAB_HWCACHE_ALIGN, 12000, 20, 9 },
	{ "task_struct", 4160, 0, 500, 2, 12 },
	{ "signal_cache", 1152, SLAB_HWCACHE_ALIGN, 500, 2, 12 },
	{ "sock_inode_cache", 768, SLAB_HWCACHE_ALIGN, 3000, 5, 7 },
	{ "skbuff_head_cache", 232, SLAB_HWCACHE_ALIGN, 8000, 30, 3 },
	{ "names_cache", 4096, SLAB_HWCACHE_ALIGN, 40, 6, 1 },
	{ NULL, 32, 0, 30000, 15, 17 }, { NULL, 64, 0, 30000, 15, 21 },
	{ NULL, 96, 0, 12000, 8, 19 }, { NULL, 192, 0, 12000, 8, 15 },
	{ NULL, 512, 0, 6000, 6, 11 }, { NULL, 1024, 0, 4000, 6, 5 },
	{ NULL, 4096, 0, 1000, 3, 8 },
};

struct walk {
	u64 random, steps;
	double shrink;			/* all populations by this, on a small machine */
	unsigned int weights, nr_cpus;
	struct {
		struct kmem_cache *cache;
		void **object;
		unsigned int nr, room, wanted;
	} kind[ARRAY_SIZE(kinds)];
};

static u64 next_random(struct walk *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

/* How much memory all kinds take at their fullest; on a small machine all are made smaller. */
static double shrink_to_fit(void)
{
	double bytes = 0, room = (double)totalram_pages * PAGE_SIZE / FIRST_SHARE;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		bytes += (double)kinds[i].most * kinds[i].size;
	return bytes > room ? room / bytes : 1;
}

static bool begin_kind(struct walk *w, size_t i)
{
	const struct kind *k = &kinds[i];

	w->kind[i].room = (unsigned int)(k->most * w->shrink) + 1;
	w->kind[i].object = calloc(w->kind[i].room, sizeof(void *));
	w->weights += k->weight;
	if (!k->name)
		return w->kind[i].object;
	w->kind[i].cache = kmem_cache_create(k->name, k->size, 0, k->flags | SLAB_NO_MERGE, NULL);
	return w->kind[i].object && w->kind[i].cache;
}

struct walk *walk_new(u64 seed)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->random = (seed + 1) * 0x9e3779b97f4a7c15ull | 1;
	w->shrink = shrink_to_fit();
	w->nr_cpus = nr_cpu_ids;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (begin_kind(w, i))
			continue;
		walk_free(w);
		return NULL;
	}
	return w;
}

void walk_free(struct walk *w)
{
	for (size_t i = 0; w && i < ARRAY_SIZE(kinds); i++)
		free(w->kind[i].object);
	free(w);
}

/* From 0 up to 1 and back in one period; x in periods, 0 or more. */
static double swing(double x)
{
	double t = 2 * (x - (double)(u64)x);

	t = t < 1 ? t : 2 - t;
	return t * t * (3 - 2 * t);
}

static void choose_wanted(struct walk *w)
{
	double t = (double)w->steps * STEP_NS / 1e9;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		w->kind[i].wanted = (unsigned int)((w->kind[i].room - 1) *
						   swing(t / kinds[i].period + 0.16 * (double)i));
}

static size_t choose_kind(struct walk *w, u64 dice)
{
	unsigned int n = (unsigned int)(dice % w->weights);
	size_t i = 0;

	while (n >= kinds[i].weight)
		n -= kinds[i++].weight;
	return i;
}

static void allocate(struct walk *w, size_t i)
{
	void *p = kinds[i].name ? kmem_cache_alloc(w->kind[i].cache, GFP_KERNEL | __GFP_NOWARN) :
		  kmalloc(kinds[i].size, GFP_KERNEL | __GFP_NOWARN);

	if (p)
		w->kind[i].object[w->kind[i].nr++] = p;
}

static void release(struct walk *w, size_t i, u64 dice)
{
	void **p = &w->kind[i].object[dice % w->kind[i].nr];

	if (kinds[i].name)
		kmem_cache_free(w->kind[i].cache, *p);
	else
		kfree(*p);
	*p = w->kind[i].object[--w->kind[i].nr];
}

/* Mostly towards what is wanted; one step in four goes anywhere. */
static void one_step(struct walk *w)
{
	u64 dice = next_random(w);
	size_t i = choose_kind(w, dice >> 32);
	bool more = w->kind[i].nr < w->kind[i].wanted;

	if (!(dice & 3))
		more = dice & 4;
	if (more ? w->kind[i].nr < w->kind[i].room : !w->kind[i].nr)
		allocate(w, i);
	else if (w->kind[i].nr)
		release(w, i, next_random(w) >> 20);
}

/* One CPU's turn; runs there. */
static void turn(void *arg)
{
	struct walk *w = arg;

	choose_wanted(w);
	for (unsigned int i = 0; i < TURN_STEPS; i++)
		one_step(w);
	w->steps += TURN_STEPS;
}

u64 walk_on(struct walk *w, unsigned int steps)
{
	u64 until = w->steps + steps;

	while (w->steps < until)
		host_run_on_cpu((unsigned int)(w->steps / TURN_STEPS % w->nr_cpus), turn, w);
	return w->steps * STEP_NS;
}
