// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * mempool_test.c - reserves that are there when nothing else is: all kinds of elements, with every
 * allocation of pages or objects failing; who holds no more than the reserve is never refused;
 * resizing keeps elements and fails without a trace; CPUs that wait for each other's get on.
 */
#include <kmm/mempool.h>

#include "objects.h"

/* --- elements of our own --- */

static char room[64][16];
static bool in_use[64];
static unsigned int custom_limit, nr_custom;
static gfp_t last_gfp, gfp_seen[4];
static unsigned int nr_seen;

static void *custom_alloc(gfp_t gfp, void *pool_data)
{
	unsigned int i;

	if (nr_seen < ARRAY_SIZE(gfp_seen))
		gfp_seen[nr_seen++] = gfp;
	last_gfp = gfp;
	if (pool_data != room || nr_custom >= custom_limit)
		return NULL;
	for (i = 0; in_use[i]; i++)
		;
	in_use[i] = true;
	nr_custom++;
	return room[i];
}

static void custom_free(void *element, void *pool_data)
{
	size_t i = (size_t)((char *)element - room[0]) / sizeof(room[0]);

	KMM_BUG_ON(pool_data != room || !in_use[i]);
	in_use[i] = false;
	nr_custom--;
}

static void custom_reset(unsigned int limit)
{
	memset(in_use, 0, sizeof(in_use));
	nr_custom = nr_seen = 0;
	custom_limit = limit;
}

static mempool_t *custom_pool(int min_nr)
{
	return mempool_create(min_nr, custom_alloc, custom_free, room);
}

/* --- everything fails --- */

/* All page allocations fail, whatever they are; false: none does. */
static void fail_pages(bool on)
{
	fail_page_alloc.attr = (struct fault_attr){
		.interval = 1, .probability = on ? 100 : 0, .times = -1 };
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
	fail_page_alloc_changed();
}

/* Objects the CPUs have at hand are used up, so that the next needs a page. */
static unsigned int use_up(mempool_t *pool, void **p, unsigned int most)
{
	unsigned int n = 0;

	while (n < most && (p[n] = pool->alloc(GFP_NOWAIT | __GFP_NOWARN, pool->pool_data)))
		n++;
	return n;
}

#define RESERVE 10

/* The reserve of a pool, element by element, all different; then no more, then again. */
static void drains(mempool_t *pool, const char *what)
{
	void *p[RESERVE], *q;
	unsigned int i, j, same = 0, got = 0;

	for (i = 0; i < RESERVE; i++) {
		p[i] = mempool_alloc(pool, GFP_KERNEL);
		got += p[i] != NULL;
		for (j = 0; j < i; j++)
			same += p[i] == p[j];
	}
	is_int(got, RESERVE, "%s: the whole reserve is to be had", what);
	is_int(same, 0, "  each element once");
	is_int(pool->curr_nr, 0, "  it is empty then");
	q = mempool_alloc(pool, GFP_ATOMIC);
	ok(!q, "  who cannot wait gets NULL");
	for (i = 0; i < RESERVE; i++) {
		mempool_free(p[i], pool);
		if (i == 0)
			ok(mempool_alloc(pool, GFP_NOIO) == p[0],
			   "  what comes back is to be had again");
		if (i == 0)
			mempool_free(p[0], pool);
	}
	is_int(pool->curr_nr, RESERVE, "  and full again");
}

static void reserve_of(mempool_t *pool, const char *what)
{
	static void *p[100000];
	unsigned int n;

	if (!ok(pool, "%s: a pool", what))
		return;
	fail_pages(true);
	n = use_up(pool, p, ARRAY_SIZE(p));
	drains(pool, what);
	fail_pages(false);
	while (n--)
		pool->free(p[n], pool->pool_data);
	mempool_destroy(pool);
	ok(!log_says("mempool_exit"), "  nothing to report");
}

static void test_kinds(void)
{
	struct kmem_cache *s;
	unsigned long before;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = settled(1);
	s = kmem_cache_create("elements", 120, 0, SLAB_NO_MERGE, NULL);
	reserve_of(mempool_create_slab_pool(RESERVE, s), "slab");
	kmem_cache_destroy(s);
	reserve_of(mempool_create_kmalloc_pool(RESERVE, 500), "kmalloc");
	reserve_of(mempool_create_kmalloc_pool(RESERVE, 20000), "large kmalloc");
	reserve_of(mempool_create_page_pool(RESERVE, 0), "pages");
	reserve_of(mempool_create_page_pool(RESERVE, 3), "blocks of 8 pages");
	custom_reset(RESERVE);
	reserve_of(custom_pool(RESERVE), "custom");
	is_int(nr_custom, 0, "all of its elements are back");
	all_back(before, "mempools");
}

static void test_boot_parameter(void)
{
	mempool_t *pool;
	void *p[8];
	unsigned int i, got = 0;

	if (!MACHINE_ON(.mem = 64 * MIB, .cmdline = "fail_page_alloc=1,0,0,-1"))
		return;
	pool = mempool_create_page_pool(8, 0);
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_reclaim = false;
	is_int(setup_fault_attr(&fail_page_alloc.attr, "1,100,0,-1"), 0,
	       "fail_page_alloc=1,100,0,-1");
	fail_page_alloc_changed();
	for (i = 0; i < 8; i++)
		got += (p[i] = mempool_alloc(pool, GFP_NOIO)) != NULL;
	is_int(got, 8, "the reserve is there");
	ok(!log_says("page allocation failure"), "no failure is reported");
	for (i = 0; i < 8; i++)
		mempool_free(p[i], pool);
	mempool_destroy(pool);
}

static void test_failslab(void)
{
	mempool_t *pool;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	pool = mempool_create_kmalloc_pool(RESERVE, 64);
	failslab.attr = (struct fault_attr){ .interval = 1, .probability = 100, .times = -1 };
	failslab.ignore_gfp_reclaim = false;
	failslab_changed();
	drains(pool, "failslab");
	failslab.attr.probability = 0;
	failslab_changed();
	mempool_destroy(pool);
	check_all();
}

/* --- how the allocator is asked --- */

static void test_masks(void)
{
	mempool_t *pool;
	void *p, *q;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	custom_reset(1);
	pool = custom_pool(1);
	p = mempool_alloc(pool, GFP_KERNEL);
	nr_seen = 0;
	q = mempool_alloc(pool, GFP_ATOMIC);
	ok(p && !q, "the reserve's only element, then none");
	is_int(nr_seen, 1, "who may not wait asks once");
	is_int(gfp_seen[0], GFP_ATOMIC | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN,
	       "quietly, and not from the emergency reserves");
	custom_limit = 2;
	nr_seen = 0;
	q = mempool_alloc(pool, GFP_KERNEL);
	is_int(gfp_seen[0], (GFP_KERNEL & ~(__GFP_DIRECT_RECLAIM | __GFP_IO)) | __GFP_NOMEMALLOC |
	       __GFP_NORETRY | __GFP_NOWARN, "who may wait asks without waiting first");
	ok(q && q != p, "what the allocator has comes before the reserve");
	mempool_free(q, pool);
	is_int(pool->curr_nr, 1, "the first one back fills the reserve");
	mempool_free(p, pool);
	is_int(nr_custom, 1, "the second goes to the allocator");
	mempool_free(NULL, pool);
	mempool_destroy(pool);
	mempool_destroy(NULL);
	is_int(nr_custom, 0, "all are back");
}

/* No memory the first time; some once the caller is ready to wait for it. */
static void *needs_reclaim(gfp_t gfp, void *pool_data)
{
	return gfp & __GFP_DIRECT_RECLAIM ? custom_alloc(gfp, pool_data) : NULL;
}

static void test_second_attempt(void)
{
	mempool_t *pool;
	void *p, *q;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	custom_reset(2);
	pool = mempool_create(1, needs_reclaim, custom_free, room);
	p = mempool_alloc(pool, GFP_KERNEL);
	is_int(pool->curr_nr, 0, "the reserve comes before reclaim");
	q = mempool_alloc(pool, GFP_KERNEL);
	ok(q && q != p, "and reclaim before waiting");
	is_int(last_gfp, GFP_KERNEL | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN,
	       "with the caller's mask");
	mempool_free(p, pool);
	mempool_free(q, pool);
	mempool_destroy(pool);
}

/* --- sizes --- */

static void test_resize(void)
{
	mempool_t *pool;
	void *p[3];
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	custom_reset(20);
	pool = custom_pool(5);
	is_int(nr_custom, 5, "a pool of five has five");
	is_int(mempool_resize(pool, 12), 0, "grown to twelve");
	is_int(nr_custom, 12, "  it has twelve");
	is_int(mempool_resize(pool, 30), -ENOMEM, "thirty cannot be had");
	ok(nr_custom == 12 && pool->min_nr == 12 && pool->curr_nr == 12, "  it is as before");
	is_int(mempool_resize(pool, 0), -EINVAL, "none is no pool");
	custom_limit = 12;
	for (i = 0; i < 3; i++)
		p[i] = mempool_alloc(pool, GFP_NOWAIT);
	is_int(pool->curr_nr, 9, "three are out");
	custom_limit = 20;
	is_int(mempool_resize(pool, 15), 0, "grown meanwhile");
	ok(pool->curr_nr == 12 && nr_custom == 15, "  by three");
	is_int(mempool_resize(pool, 4), 0, "made smaller");
	ok(pool->curr_nr == 4 && nr_custom == 7, "  what is too much goes back");
	for (i = 0; i < 3; i++)
		mempool_free(p[i], pool);
	is_int(nr_custom, 4, "  and what comes back, too");
	is_int(mempool_resize(pool, 6), 0, "grown again");
	is_int(nr_custom, 6, "  six");
	mempool_destroy(pool);
	is_int(nr_custom, 0, "all are back");
	ok(!log_says("mempool_exit"), "nothing to report");
	page_alloc_check();
}

static void test_create_fails(void)
{
	unsigned long before;
	mempool_t pool;
	u64 n;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = settle();
	ok(!custom_pool(0) && !custom_pool(-1), "a pool of none is refused");
	custom_reset(3);
	ok(!custom_pool(4), "so is one that cannot be filled");
	is_int(nr_custom, 0, "  nothing of it stays");
	is_int(mempool_init(&pool, 4, custom_alloc, custom_free, room), -ENOMEM,
	       "mempool_init() too");
	mempool_exit(&pool);
	is_int(mempool_init(&pool, 3, custom_alloc, custom_free, room), 0, "three can be had");
	mempool_exit(&pool);
	is_int(nr_custom, 0, "mempool_exit() gives them back");
	for (n = 1; n < 40; n++) {
		mempool_t *p;

		fail_nth_page(n);
		p = mempool_create_page_pool(20, 1);
		fail_nth_page(0);
		mempool_destroy(p);
	}
	all_back(before, "any page allocation fails");
}

static void test_elements_out(void)
{
	mempool_t *pool;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	custom_reset(4);
	pool = custom_pool(4);
	ok(mempool_alloc(pool, GFP_NOWAIT) && mempool_alloc(pool, GFP_NOWAIT), "two are out");
	mempool_destroy(pool);
	ok(log_says("2 of 4 elements are not back"), "destroying it is reported");
	is_int(nr_custom, 2, "the others go back");
}

/* --- several CPUs --- */

#define CPUS	2
#define ROUNDS	(SANITIZED ? 4000u : 40000u)
static mempool_t *pool_of_all;
static void *hand_over[16];
static unsigned int refused, damaged;

static void *no_memory(gfp_t gfp, void *pool_data)
{
	(void)gfp, (void)pool_data;
	return NULL;
}

static u64 *take(void)
{
	u64 *p = mempool_alloc(pool_of_all, GFP_KERNEL);

	if (!p)
		__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
	else
		*p = 1 + kmm_cpu();
	return p;
}

static void give(u64 *p)
{
	if (!p)
		return;
	if (*p < 1 || *p > CPUS)
		__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
	*p = 99;
	mempool_free(p, pool_of_all);
}

/*
 * Each CPU holds one element, and leaves it where another may find it: at most as many as there
 * are places, and one for each CPU, are out.
 */
static void exchange(void *arg)
{
	struct prng rnd = { .state = 7 + kmm_cpu() };
	unsigned int i, at;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		at = prng_below(&rnd, ARRAY_SIZE(hand_over));
		give(__atomic_exchange_n(&hand_over[at], take(), __ATOMIC_ACQ_REL));
	}
}

/* One more CPU than elements: whoever has none waits. */
static void compete(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < ROUNDS / 4; i++)
		give(take());
}

static void threads_case(void (*fn)(void *arg), int reserve, const char *what)
{
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = CPUS, .threads = true))
		return;
	refused = damaged = 0;
	pool_of_all = mempool_create_kmalloc_pool(reserve, sizeof(u64));
	pool_of_all->alloc = no_memory;
	host_run_on_all(fn, NULL);
	for (i = 0; i < ARRAY_SIZE(hand_over); i++) {
		mempool_free(hand_over[i], pool_of_all);
		hand_over[i] = NULL;
	}
	is_int(refused, 0, "%s: nobody is refused", what);
	is_int(damaged, 0, "  no element has two owners");
	is_int(pool_of_all->curr_nr, reserve, "  and all are back");
	mempool_destroy(pool_of_all);
	ok(!log_says("mempool_exit"), "  nothing to report");
	page_alloc_check();
}

static void test_exchange(void)
{
	threads_case(exchange, ARRAY_SIZE(hand_over) + CPUS, "CPUs exchange elements");
}

static void test_compete(void)
{
	threads_case(compete, 1, "more CPUs than elements");
}

static void resize_meanwhile(void *arg)
{
	int i;

	if (kmm_cpu()) {
		exchange(arg);
		return;
	}
	for (i = 0; i < (int)ROUNDS / 40; i++)
		if (mempool_resize(pool_of_all, 20 + i * 13 % 40))
			refused++;
}

static void test_resize_meanwhile(void)
{
	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = CPUS, .threads = true))
		return;
	refused = damaged = 0;
	pool_of_all = mempool_create_kmalloc_pool(20, sizeof(u64));
	host_run_on_all(resize_meanwhile, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(hand_over); i++) {
		mempool_free(hand_over[i], pool_of_all);
		hand_over[i] = NULL;
	}
	ok(!refused && !damaged, "resized while others use it: no element is lost or doubled");
	is_int(pool_of_all->curr_nr, pool_of_all->min_nr, "  the reserve is full");
	mempool_destroy(pool_of_all);
	page_alloc_check();
}

int main(void)
{
	run_each(test_kinds);
	run_case(test_boot_parameter);
	run_each(test_failslab);
	run_case(test_masks);
	run_case(test_second_attempt);
	run_case(test_resize);
	run_each(test_create_fails);
	run_case(test_elements_out);
	run_case(test_exchange);
	run_case(test_compete);
	run_case(test_resize_meanwhile);
	return done_testing();
}
