// SPDX-License-Identifier: MIT
// FLAVOURS: release debug tsan
// TIMEOUT: 4000
/*
 * stress_test.c - all CPUs at once, as threads, in every allocator: they allocate, free, hand
 * objects to each other through slots (so that most are freed by another CPU), allocate in bulk,
 * shrink, drain, read and change figures, create and destroy caches, some under one name, and
 * let allocations fail. Each object in use carries its owner's mark at both ends, so that one
 * with two owners is seen. When all have stopped, the validation has nothing to say, and every
 * page is back.
 *
 * KMM_SOAK=n: n seconds each (1: a minute) instead of a fraction of one.
 */
#include "mark.h"
#include "objects.h"

#define MOST_CPUS	8
#define SLOTS		512
#define STASH		300
#define CACHES		6

static struct mark *slots[SLOTS];	/* objects on their way from CPU to CPU */
static struct kmem_cache *cache[CACHES];
static u64 stop_at;
static unsigned long damaged, operations;
static bool inject;

static struct worker {
	struct mark *stash[STASH];
	unsigned int nr;
	struct prng rnd;
} ____cacheline_aligned worker[MOST_CPUS];

static void damage(bool sound)
{
	if (!sound)
		__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
}

/* --- objects and their marks --- */

static void unmark(struct mark *m)
{
	u32 size = m->size;
	bool sound = mark_begins_well(m);

	damage(mark_is_whole(m));
	m->check = m->size = 0;
	if (sound)
		*last_word(m, size) = 0;
}

static void give(struct mark *m)
{
	u32 from;

	if (!m)
		return;
	from = m->cache;
	unmark(m);
	if (from < CACHES)
		kmem_cache_free(cache[from], m);
	else
		kfree(m);
}

/* --- what a CPU does --- */

static unsigned int below(struct worker *w, unsigned int n)
{
	return prng_below(&w->rnd, n);
}

static void keep(struct worker *w, struct mark *m)
{
	unsigned int at;

	if (!m)
		return;
	if (w->nr < STASH) {
		w->stash[w->nr++] = m;
		return;
	}
	at = below(w, STASH);
	give(w->stash[at]);
	w->stash[at] = m;
}

static gfp_t some_gfp(struct worker *w)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT,
				       GFP_KERNEL | __GFP_ZERO };

	return kinds[below(w, ARRAY_SIZE(kinds))] | __GFP_NOWARN;
}

static int some_node(struct worker *w)
{
	return (int)below(w, num_online_nodes() + 1) - 1;
}

static void do_alloc(struct worker *w)
{
	unsigned int i = below(w, CACHES);
	void *p = below(w, 8) ? kmem_cache_alloc(cache[i], some_gfp(w))
			      : kmem_cache_alloc_node(cache[i], some_gfp(w), some_node(w));

	keep(w, mark(p, kmem_cache_size(cache[i]), i));
}

static void do_kmalloc(struct worker *w)
{
	unsigned int roll = below(w, 100);
	u32 size = 16 + below(w, roll < 80 ? 500 : roll < 98 ? 9000 : 60000);
	gfp_t gfp = some_gfp(w) | (below(w, 16) ? 0 : __GFP_RECLAIMABLE);
	void *p = below(w, 8) ? __kmalloc(size, gfp) : __kmalloc_node(size, gfp, some_node(w));

	keep(w, mark(p, size, CACHES));
}

static void do_free(struct worker *w)
{
	if (w->nr)
		give(w->stash[--w->nr]);
}

/* Put an object into a slot; free whatever another CPU had left there. */
static void do_pass(struct worker *w)
{
	struct mark **slot = &slots[below(w, SLOTS)], *mine = NULL;

	if (w->nr)
		mine = w->stash[--w->nr];
	give(__atomic_exchange_n(slot, mine, __ATOMIC_ACQ_REL));
}

static void do_bulk(struct worker *w)
{
	unsigned int i = below(w, CACHES), n = 1 + below(w, 48), k;
	void *p[48];

	if (!kmem_cache_alloc_bulk(cache[i], GFP_KERNEL | __GFP_NOWARN, n, p))
		return;
	for (k = 0; k < n; k++)
		mark(p[k], kmem_cache_size(cache[i]), i);
	for (k = 0; k < n; k++)
		unmark(p[k]);
	kmem_cache_free_bulk(cache[i], n, p);
}

static void do_krealloc(struct worker *w)
{
	struct mark *m, *q;
	u32 size;

	if (!w->nr || w->stash[w->nr - 1]->cache < CACHES)
		return;
	m = w->stash[--w->nr];
	size = 16 + below(w, 3000);
	unmark(m);
	q = krealloc(m, size, GFP_KERNEL | __GFP_NOWARN);
	if (q)
		keep(w, mark(q, size, CACHES));
	else
		kfree(m);
}

/* A cache of one's own, under a name others use at the same time. */
static void do_create(struct worker *w)
{
	u32 size = 16 + below(w, 2000), k, n = below(w, 30);
	slab_flags_t flags = below(w, 2) ? SLAB_NO_MERGE : 0;
	struct kmem_cache *s = kmem_cache_create("private", size, 0, flags, NULL);
	void *p[30];

	if (!s)
		return;
	for (k = 0; k < n; k++) {
		p[k] = mark(kmem_cache_alloc(s, GFP_KERNEL | __GFP_NOWARN), size, 0);
		if (!p[k])
			break;
	}
	n = k;
	host_poll();
	for (k = 0; k < n; k++) {
		unmark(p[k]);
		kmem_cache_free(s, p[k]);
	}
	kmem_cache_destroy(s);
}

static void do_look(struct worker *w)
{
	struct kmem_cache_info info;

	if (kmem_cache_info(below(w, 70), &info))
		damage(info.name[0] && info.size >= info.object_size);
}

static void do_tune(struct worker *w)
{
	static const enum kmem_cache_attr attrs[] = {
		SLAB_ATTR_MIN_PARTIAL, SLAB_ATTR_CPU_PARTIAL, SLAB_ATTR_LIMIT, SLAB_ATTR_BATCHCOUNT,
		SLAB_ATTR_SHARED, SLAB_ATTR_SHRINK,
	};
	char name[16];

	snprintf(name, sizeof(name), "stress-%u", below(w, CACHES));
	(void)!kmem_cache_tune(name, attrs[below(w, ARRAY_SIZE(attrs))], below(w, 40));
}

static void do_one(struct worker *w)
{
	unsigned int roll = below(w, 4096);

	if (roll < 1300)
		do_alloc(w);
	else if (roll < 1900)
		do_kmalloc(w);
	else if (roll < 2900)
		do_free(w);
	else if (roll < 3900)
		do_pass(w);
	else if (roll < 4000)
		do_bulk(w);
	else if (roll < 4060)
		do_krealloc(w);
	else if (roll < 4070)
		do_create(w);
	else if (roll < 4080)
		do_look(w);
	else if (roll < 4085)
		kmem_cache_shrink(cache[below(w, CACHES)]);
	else if (roll < 4086)
		slab_drain();
	else if (roll < 4087)
		do_tune(w);
	host_poll();
}

static void work(void *arg)
{
	struct worker *w = &worker[kmm_cpu()];
	unsigned long n = 0;

	(void)arg;
	prng_seed(&w->rnd, kmm_cpu() + 77);
	while (kmm_clock_ns() < stop_at)
		for (unsigned int i = 0; i < 64; i++, n++)
			do_one(w);
	while (w->nr)
		do_free(w);
	__atomic_fetch_add(&operations, n, __ATOMIC_RELAXED);
}

/* --- machines --- */

static u64 duration(void)
{
	const char *soak = getenv("KMM_SOAK");
	u64 s = soak ? strtoull(soak, NULL, 10) : 0;

	return s ? (s == 1 ? 60 : s) * 1000000000ull : 300000000ull;
}

static void create_caches(void)
{
	static const struct { unsigned int size; slab_flags_t flags; } kinds[CACHES] = {
		{ 16, 0 }, { 56, SLAB_NO_MERGE }, { 136, 0 },
		{ 300, SLAB_HWCACHE_ALIGN }, { 1300, SLAB_RECLAIM_ACCOUNT },
		{ 5000, SLAB_NO_MERGE },
	};
	unsigned int i;
	char name[16];

	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "stress-%u", i);
		cache[i] = kmem_cache_create(name, kinds[i].size, 0, kinds[i].flags | SLAB_PANIC,
					     NULL);
	}
}

static void fail_some(void)
{
	fail_page_alloc.attr = (struct fault_attr){ .probability = inject ? 10 : 0, .interval = 1,
						   .times = inject ? -1 : 0 };
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_reclaim = fail_page_alloc.ignore_gfp_highmem = false;
	fail_page_alloc_changed();
}

static void stress(const char *what, const struct machine *m)
{
	unsigned long before;
	unsigned int i;

	if (!slab_machine_on(m))
		return;
	before = settled(MOST_CPUS + CACHES + 2);
	create_caches();
	memset(slots, 0, sizeof(slots));
	memset(worker, 0, sizeof(worker));
	damaged = operations = 0;
	fail_some();
	stop_at = kmm_clock_ns() + duration();
	host_run_on_all(work, NULL);
	inject = false;
	fail_some();
	check_all();
	for (i = 0; i < SLOTS; i++)
		give(slots[i]);
	for (i = 0; i < CACHES; i++)
		kmem_cache_destroy(cache[i]);
	is_int(damaged, 0, "%s: %s: no object had two owners", allocator, what);
	no_bugs(what);
	diag("%lu operations on %u CPUs", operations, m->cpus);
	all_back(before, what);
}

static void test_two(void)
{
	stress("2 CPUs", &(struct machine){ .mem = 64 * MIB, .cpus = 2, .threads = true });
}

static void test_four_nodes(void)
{
	stress("4 CPUs, 2 nodes",
	       &(struct machine){ .mem = 64 * MIB, .nodes = 2, .cpus = 4, .threads = true });
}

static void test_short_of_memory(void)
{
	stress("4 CPUs, short of memory",
	       &(struct machine){ .mem = 16 * MIB, .cpus = 4, .threads = true });
}

static void test_eight(void)
{
	stress("8 CPUs", &(struct machine){ .mem = 128 * MIB, .nodes = 2, .cpus = 8,
					   .threads = true });
}

static void test_injected(void)
{
	inject = true;
	stress("one page allocation in ten fails",
	       &(struct machine){ .mem = 64 * MIB, .cpus = 4, .threads = true });
}

static void test_debugged(void)
{
	stress("debugged", &(struct machine){ .mem = 64 * MIB, .cpus = 3, .threads = true,
					     .cmdline = "slub_debug=FZPU" });
}

/* --- one allocates, the other frees --- */

#define RING	64
static void *ring[RING];
static unsigned long sent, received;

static void produce_or_consume(void *arg)
{
	unsigned long n = *(unsigned long *)arg, i;
	void *p;

	for (i = 0; i < n; i++) {
		void **at = &ring[i % RING];

		if (kmm_cpu() == 0) {
			p = mark(kmem_cache_alloc(cache[2], GFP_KERNEL), 136, 2);
			if (!p)
				break;
			sent++;
			while (__atomic_load_n(at, __ATOMIC_ACQUIRE))
				host_poll();
			__atomic_store_n(at, p, __ATOMIC_RELEASE);
		} else {
			while (!(p = __atomic_exchange_n(at, NULL, __ATOMIC_ACQ_REL)))
				host_poll();
			give(p);
			received++;
		}
	}
}

static void test_producer(void)
{
	unsigned long n = SANITIZED ? 30000 : BOOTED(300000, 20000), before;
	unsigned int i;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2, .threads = true))
		return;
	before = settled(CACHES + 1);
	create_caches();
	damaged = sent = received = 0;
	host_run_on_all(produce_or_consume, &n);
	ok(sent == n && received == n, "%s: %lu objects from one CPU to the other", allocator, n);
	is_int(damaged, 0, "%s: each whole", allocator);
	for (i = 0; i < CACHES; i++)
		kmem_cache_destroy(cache[i]);
	all_back(before, "producer and consumer");
}

/* --- all destroy what they share --- */

static void share_and_drop(void *arg)
{
	unsigned long i, n = *(unsigned long *)arg;

	for (i = 0; i < n; i++) {
		struct kmem_cache *s = kmem_cache_create("shared", 1160, 0, 0, NULL);
		void *p = s ? kmem_cache_alloc(s, GFP_KERNEL) : NULL;

		damage(p);
		memset(p, (int)kmm_cpu() + 1, 1160);
		host_poll();
		damage(is_filled(p, (u8)(kmm_cpu() + 1), 1160));
		kmem_cache_free(s, p);
		kmem_cache_destroy(s);
	}
}

static void test_share(void)
{
	unsigned long n = SANITIZED ? 300 : BOOTED(2000, 200), before;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 4, .threads = true))
		return;
	before = settled(6);
	damaged = 0;
	host_run_on_all(share_and_drop, &n);
	is_int(damaged, 0, "%s: 4 CPUs create and destroy one name", allocator);
	no_bugs("one name");
	all_back(before, "one name");
}

int main(void)
{
	run_each(test_producer);
	run_each(test_share);
	run_each(test_two);
	run_each(test_four_nodes);
	run_each(test_short_of_memory);
	run_each(test_eight);
	run_each(test_injected);
	run_each(test_debugged);
	return done_testing();
}
