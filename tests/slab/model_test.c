// SPDX-License-Identifier: MIT
// TIMEOUT: 4000
/*
 * model_test.c - random sequences of everything the slab API offers, on all CPUs of small
 * machines, in every allocator, against a model that is an array: which object owns each word of
 * RAM. An object never overlaps another, is aligned and where it was asked for, and every byte
 * of it is kept until it is freed, by whatever CPU; the allocator's own validation has nothing
 * to say, its figures count what the model counts, and in the end every page is back.
 *
 * A failure prints its allocator, machine, seed and step; KMM_SEED=n in the environment runs that
 * seed alone (KMM_SLAB=name: that allocator alone). KMM_SOAK: more seeds.
 */
#include "lib/bitops.h"
#include "objects.h"

#define GRAIN		4u		/* bytes one entry of the owner map stands for */
#define MOST_RAM	(48 * MIB)
#define MOST_HELD	3000
#define CACHES		12
#define NOBODY		0u

static unsigned short owner[MOST_RAM / GRAIN];	/* handle + 1 */
static struct held {
	u8 *p;
	size_t size;
	struct kmem_cache *s;		/* NULL: kmalloc() */
	unsigned int cache;		/* its number */
	u8 byte;
} held[MOST_HELD];
static unsigned int nr_held;

static struct cache {
	struct kmem_cache *s;
	unsigned int size, align, live;
	slab_flags_t flags;
	bool ctor;
	char name[24];
} cache[CACHES];

static struct prng rnd;
static const char *wrong;		/* what the model objects to */
static unsigned int created;
static size_t most_size;

static bool object(bool cond, const char *what)
{
	if (!cond && !wrong)
		wrong = what;
	return cond;
}

static unsigned int below(unsigned int n)
{
	return prng_below(&rnd, n);
}

/* --- the model --- */

static void own(const struct held *h, unsigned short from, unsigned short to)
{
	phys_addr_t phys = __pa(h->p);
	size_t i;

	if (!object(phys + h->size <= MOST_RAM, "an object lies outside of RAM"))
		return;
	for (i = phys / GRAIN; i < DIV_ROUND_UP(phys + h->size, GRAIN); i++) {
		object(owner[i] == from, from ? "the model itself is wrong"
					      : "an object overlaps another");
		owner[i] = to;
	}
}

static void take(void *p, size_t size, struct cache *c)
{
	struct held *h = &held[nr_held];

	if (ZERO_OR_NULL_PTR(p) || wrong)
		return;
	*h = (struct held){ p, size, c ? c->s : NULL, c ? (unsigned int)(c - cache) : 0,
			    (u8)(1 + below(255)) };
	own(h, NOBODY, (unsigned short)(nr_held + 1));
	if (c && c->ctor)
		h->byte = 0xc7;
	memset(p, h->byte, size);
	if (c)
		c->live++;
	nr_held++;
}

/* The object is as it was left; it is nobody's now. Its entry is filled by the last one. */
static struct held drop(unsigned int i)
{
	struct held h = held[i], *last = &held[nr_held - 1];

	object(is_filled(h.p, h.byte, h.size), "an object's contents have changed");
	own(&h, (unsigned short)(i + 1), NOBODY);
	if (h.s)
		cache[h.cache].live--;
	if (last != &held[i]) {
		own(last, (unsigned short)nr_held, NOBODY);
		own(last, NOBODY, (unsigned short)(i + 1));
		held[i] = *last;
	}
	nr_held--;
	return h;
}

static void look(void)
{
	struct held *h = &held[below(nr_held)];

	if (nr_held)
		object(is_filled(h->p, h->byte, h->size), "an object's contents have changed");
}

/* --- steps: objects --- */

static gfp_t some_gfp(void)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_KERNEL, GFP_NOWAIT, GFP_ATOMIC, GFP_NOIO,
				       GFP_KERNEL | __GFP_MOVABLE | __GFP_HIGHMEM };

	return kinds[below(ARRAY_SIZE(kinds))] | __GFP_NOWARN;
}

static int some_node(void)
{
	return (int)below(num_online_nodes() + 1) - 1;
}

static struct cache *some_cache(void)
{
	struct cache *c = &cache[below(CACHES)];

	return c->s ? c : NULL;
}

static void check_new(const void *p, const struct cache *c, gfp_t gfp)
{
	if (!p)
		return;
	object(IS_ALIGNED((uintptr_t)p, max(c->align, (unsigned int)sizeof(void *))),
	       "an object is not aligned");
	object(!(gfp & __GFP_ZERO) || is_filled(p, 0, c->size), "an object is not zeroed");
	object(!c->ctor || is_filled(p, 0xc7, c->size), "an object is not as constructed");
}

static void step_alloc(void)
{
	struct cache *c = some_cache();
	gfp_t gfp = some_gfp();
	int nid = some_node();
	void *p;

	if (!c)
		return;
	if (!c->ctor && !below(4))
		gfp |= __GFP_ZERO;
	if (nid < 0)
		p = kmem_cache_alloc(c->s, gfp);
	else
		p = kmem_cache_alloc_node(c->s, gfp, nid);
	check_new(p, c, gfp);
	take(p, c->size, c);
}

static size_t some_size(void)
{
	unsigned int roll = below(100);

	return roll < 60 ? below(300) : roll < 90 ? below(9000) : roll < 98 ? below(70000)
							     : below((unsigned int)most_size);
}

static void step_kmalloc(void)
{
	static const gfp_t kinds[] = { 0, 0, 0, GFP_DMA, __GFP_RECLAIMABLE, __GFP_ACCOUNT };
	gfp_t gfp = some_gfp() | kinds[below(ARRAY_SIZE(kinds))];
	size_t size = some_size();
	int nid = some_node();
	void *p;

	if (!below(4))
		gfp |= __GFP_ZERO;
	p = below(2) ? __kmalloc(size, gfp) : __kmalloc_node(size, gfp, nid);
	if (ZERO_OR_NULL_PTR(p))
		return;
	object(!is_power_of_2(size) || size > PAGE_SIZE || IS_ALIGNED((uintptr_t)p, size),
	       "a power of two is not aligned to itself");
	object(IS_ALIGNED((uintptr_t)p, ARCH_KMALLOC_MINALIGN), "an object is not aligned");
	object(ksize(p) >= size, "ksize() is too small");
	object(!(gfp & __GFP_ZERO) || is_filled(p, 0, size), "kzalloc() did not clear");
	object(!(gfp & GFP_DMA) || object_zone(p) == ZONE_DMA, "DMA memory from another zone");
	take(p, size, NULL);
}

static void free_held(struct held h)
{
	if (!h.s || (!is_slob() && !below(3)))
		kfree(h.p);
	else
		kmem_cache_free(h.s, h.p);
}

static void step_free(void)
{
	if (nr_held)
		free_held(drop(below(nr_held)));
}

/* Everything that was allocated lately, or all of one cache. */
static void step_free_many(void)
{
	unsigned int want = below(60), which = below(CACHES), i;
	bool recent = below(2);

	for (i = nr_held; i-- > 0 && want;) {
		if (i >= nr_held || (!recent && (!held[i].s || held[i].cache != which)))
			continue;
		free_held(drop(i));
		want--;
	}
}

static void step_bulk_alloc(void)
{
	struct cache *c = some_cache();
	unsigned int n = 1 + below(60), i;
	gfp_t gfp = some_gfp();
	void *p[60];

	if (!c)
		return;
	if (!c->ctor && !below(4))
		gfp |= __GFP_ZERO;
	if (!kmem_cache_alloc_bulk(c->s, gfp, n, p))
		return;
	for (i = 0; i < n; i++) {
		check_new(p[i], c, gfp);
		take(p[i], c->size, c);
	}
}

static void step_bulk_free(void)
{
	struct cache *c = some_cache();
	unsigned int n = 0, i;
	void *p[40];

	if (!c)
		return;
	for (i = nr_held; i-- > 0 && n < ARRAY_SIZE(p);)
		if (i < nr_held && held[i].s == c->s && held[i].cache == (unsigned int)(c - cache))
			p[n++] = drop(i).p;
	kmem_cache_free_bulk(c->s, n, p);
}

static void step_krealloc(void)
{
	unsigned int i = below(nr_held);
	size_t size = 1 + some_size();
	struct held h;
	void *q;

	if (!nr_held || held[i].s)
		return;
	h = drop(i);
	q = krealloc(h.p, size, some_gfp());
	object(!q || is_filled(q, h.byte, min(size, h.size)), "krealloc() lost contents");
	if (q)
		take(q, size, NULL);
	else
		take(h.p, h.size, NULL);
}

/* --- steps: caches --- */

static void ctor(void *obj)
{
	/* the size is not told: what was made with one is at least this large */
	memset(obj, 0xc7, 16);
}

static void step_create(void)
{
	static const slab_flags_t flags[] = { 0, 0, SLAB_NO_MERGE, SLAB_HWCACHE_ALIGN,
		SLAB_RECLAIM_ACCOUNT, SLAB_TYPESAFE_BY_RCU, SLAB_CACHE_DMA, SLAB_NO_MERGE };
	struct cache *c = &cache[below(CACHES)];

	if (c->s)
		return;
	memset(c, 0, sizeof(*c));
	c->ctor = !below(6);
	c->size = c->ctor ? 16 : 1 + (unsigned int)some_size() % (below(3) ? 600 : 12000);
	c->align = below(3) ? 0 : 1u << below(10);
	c->flags = flags[below(ARRAY_SIZE(flags))];
	snprintf(c->name, sizeof(c->name), "model-%u", below(8) ? created++ : 0);
	c->s = kmem_cache_create(c->name, c->size, c->align, c->flags, c->ctor ? ctor : NULL);
}

static void destroy(struct cache *c)
{
	unsigned int i;

	for (i = nr_held; i-- > 0;)
		if (i < nr_held && held[i].s && held[i].cache == (unsigned int)(c - cache))
			free_held(drop(i));
	object(!c->live, "the model itself is wrong");
	kmem_cache_destroy(c->s);
	c->s = NULL;
}

static void step_destroy(void)
{
	struct cache *c = some_cache();

	if (c)
		destroy(c);
}

static void step_shrink(void)
{
	struct cache *c = some_cache();
	int left;

	if (!c || below(4) == 0) {
		slab_drain();
		return;
	}
	left = kmem_cache_shrink(c->s);
	object(left || !c->live, "kmem_cache_shrink() gave up objects in use");
}

static void step_tune(void)
{
	static const struct { enum kmem_cache_attr attr; unsigned int most; } tunable[] = {
		{ SLAB_ATTR_MIN_PARTIAL, 12 }, { SLAB_ATTR_CPU_PARTIAL, 60 },
		{ SLAB_ATTR_REMOTE_NODE_DEFRAG_RATIO, 101 }, { SLAB_ATTR_LIMIT, 60 },
		{ SLAB_ATTR_BATCHCOUNT, 30 }, { SLAB_ATTR_SHARED, 10 }, { SLAB_ATTR_SHRINK, 2 },
		{ SLAB_ATTR_VALIDATE, 2 },
	};
	unsigned int i = below(ARRAY_SIZE(tunable));
	struct cache *c = some_cache();

	if (c)	/* the others' attributes are refused */
		(void)!kmem_cache_tune(kmem_cache_name(c->s), tunable[i].attr,
				       below(tunable[i].most));
}

/* A cache that nobody shares counts exactly what the model counts. */
static void step_count(void)
{
	struct cache *c = some_cache();
	struct kmem_cache_info info;

	if (!c || !(c->flags & SLAB_NO_MERGE) || !strcmp(c->name, "model-0"))
		return;
	slab_drain();
	if (object(kmem_cache_info_by_name(c->name, &info), "a cache is not listed"))
		object(info.active_objs == c->live, "objects in use are miscounted");
}

static void step(void)
{
	unsigned int roll = below(1000);

	if (roll < 60)
		host_set_cpu(below(nr_cpu_ids));
	else if (roll < 75)
		step_create();
	else if (roll < 80)
		step_destroy();
	else if (roll < 90)
		step_shrink();
	else if (roll < 94)
		step_tune();
	else if (roll < 100)
		step_count();
	else if (roll < 120)
		step_free_many();
	else if (roll < 150)
		step_krealloc();
	else if (roll < 165 && nr_held + 60 < MOST_HELD)
		step_bulk_alloc();
	else if (roll < 175)
		step_bulk_free();
	else if (roll < 400 && nr_held + 60 < MOST_HELD)
		step_alloc();
	else if (roll < 560 && nr_held + 60 < MOST_HELD)
		step_kmalloc();
	else
		step_free();
}

/* --- a sequence --- */

static void model_reset(u64 seed)
{
	memset(owner, 0, sizeof(owner));
	memset(cache, 0, sizeof(cache));
	nr_held = created = 0;
	wrong = NULL;
	prng_seed(&rnd, seed);
	created = 1;
}

static void give_all_back(void)
{
	unsigned int i;

	while (nr_held && !wrong)
		free_held(drop(nr_held - 1));
	for (i = 0; i < CACHES && !wrong; i++)
		kmem_cache_destroy(cache[i].s);
}

static bool run_sequence(u64 seed, const char *machine, unsigned int steps, unsigned int every)
{
	unsigned long before = settled(40);
	unsigned int i;

	model_reset(seed);
	for (i = 0; i < steps && !wrong; i++) {
		step();
		look();
		if (!(i % every))
			check_all();
	}
	give_all_back();
	if (!wrong)
		object(settle() == before, "pages are lost at the end");
	if (wrong)
		diag("%s, %s, seed %llu, step %u: %s", allocator, machine,
		     (unsigned long long)seed, i, wrong);
	return !wrong;
}

/* --- machines --- */

static const struct { const char *name; struct machine m; unsigned int every; } machine[] = {
	{ "16 MiB", { .mem = 16 * MIB }, 2 },
	{ "16 MiB, 2 CPUs", { .mem = 16 * MIB, .cpus = 2 }, 2 },
	{ "32 MiB, 2 nodes, 2 CPUs", { .mem = 32 * MIB, .nodes = 2, .cpus = 2 }, 8 },
	{ "48 MiB, 3 nodes, 5 CPUs", { .mem = 48 * MIB, .nodes = 3, .cpus = 5 }, 16 },
	{ "nothing is shared", { .mem = 32 * MIB, .cpus = 2, .cmdline = "slab_nomerge" }, 16 },
	{ "wiped", { .mem = 32 * MIB, .cpus = 2,
		     .cmdline = "init_on_alloc=1 init_on_free=1" }, 16 },
	{ "debugged", { .mem = 32 * MIB, .cpus = 2, .cmdline = "slub_debug=FZPU" }, 64 },
};

static u64 only_seed;
static unsigned int seeds, steps;

static void one_machine(unsigned int i)
{
	unsigned int k, good = 0;

	for (k = 1; k <= seeds; k++) {
		u64 seed = only_seed ? only_seed : i * 1000 + k;

		if (!slab_machine_on(&machine[i].m))
			return;
		most_size = (size_t)(machine[i].m.mem / 16);
		good += run_sequence(seed, machine[i].name, steps, machine[i].every);
		host_power_off();
	}
	is_int(good, seeds, "%s: %s: sequences of %u steps", allocator, machine[i].name, steps);
}

/* A stop in one machine does not keep the others from being tried. */
static unsigned int at_machine;

static void test_machine(void)
{
	one_machine(at_machine);
}

int main(void)
{
	const char *seed = getenv("KMM_SEED"), *soak = getenv("KMM_SOAK");

	only_seed = seed ? strtoull(seed, NULL, 0) : 0;
	seeds = only_seed ? 1 : soak ? 60 : SANITIZED ? 1 : BOOTED(2, 1);
	steps = soak || only_seed ? 3000 : SANITIZED ? 1500 : BOOTED(3000, 150);
	for (at_machine = 0; at_machine < ARRAY_SIZE(machine); at_machine++)
		run_each_named(test_machine, machine[at_machine].name);
	return done_testing();
}
