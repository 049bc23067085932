// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/*
 * failslab_test.c - failslab= and its attributes, in each allocator: who fails, how often, who is
 * spared.
 */
#include "objects.h"

#define N 100

static void *obj[N];

static unsigned int failures(struct kmem_cache *s, gfp_t gfp)
{
	unsigned int i, failed = 0;

	for (i = 0; i < N; i++) {
		obj[i] = s ? kmem_cache_alloc(s, gfp) : kmalloc(40, gfp);
		failed += !obj[i];
	}
	for (i = 0; i < N; i++)
		if (s)
			kmem_cache_free(s, obj[i]);
		else
			kfree(obj[i]);
	return failed;
}

static void fail_objects(struct failslab f)
{
	failslab = f;
	failslab_changed();
}

static void test_defaults(void)
{
	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	ok(!failslab.attr.probability && failslab.attr.interval == 1 && failslab.attr.times == 1 &&
	   failslab.ignore_gfp_reclaim && !failslab.cache_filter, "it is off, as Linux's");
	is_int(slab_hooks, 0, "and costs nothing");
	is_int(failures(NULL, GFP_KERNEL), 0, "nothing fails");
}

static void test_parameter(void)
{
	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cmdline = "failslab=2,100,0,-1"))
		return;
	ok(failslab.attr.interval == 2 && failslab.attr.probability == 100 &&
	   failslab.attr.times == -1, "failslab= is read");
	is_int(failures(NULL, GFP_KERNEL), 0, "who may sleep is spared");
	is_int(failures(NULL, GFP_NOWAIT), N / 2, "every second one fails");
	is_int(failures(NULL, GFP_NOWAIT | __GFP_NOFAIL), 0, "who must not fail is spared");
	failslab.ignore_gfp_reclaim = false;
	is_int(failures(NULL, GFP_KERNEL), N / 2, "unless nobody who may sleep is to be");
	fail_objects((struct failslab){ .attr = { .interval = 1 } });
	is_int(failures(NULL, GFP_NOWAIT), 0, "off again");
	is_int(slab_hooks, 0, "and the fast paths are back");
	check_all();
}

static void test_malformed(void)
{
	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cmdline = "failslab=1,101,0,1 failslab failslab=x"))
		return;
	is_int(log_counts("Malformed early option 'failslab'"), 3, "nonsense is refused");
	is_int(failslab.attr.probability, 0, "and changes nothing");
}

static void test_filter(void)
{
	struct kmem_cache *s, *t;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	s = kmem_cache_create("may-fail", 40, 0, SLAB_FAILSLAB, NULL);
	t = kmem_cache_create("may-not", 40, 0, SLAB_NO_MERGE, NULL);
	fail_objects((struct failslab){ .attr = { .interval = 1, .probability = 100, .times = -1 },
					.cache_filter = true });
	is_int(failures(s, GFP_KERNEL), N, "a cache with SLAB_FAILSLAB fails");
	is_int(failures(t, GFP_KERNEL), 0, "another does not");
	is_int(failures(NULL, GFP_KERNEL), 0, "nor does kmalloc()");
	ok(kmalloc(100000, GFP_KERNEL) != NULL, "nor pages of kmalloc()'s");
	is_int(kmem_cache_tune("may-not", SLAB_ATTR_FAILSLAB, 1), 0, "now it may");
	is_int(failures(t, GFP_KERNEL), N, "and does");
	failslab.cache_filter = false;
	ok(!kmalloc(100000, GFP_KERNEL), "without the filter pages of kmalloc()'s fail too");
	fail_objects((struct failslab){ .attr = { .interval = 1 } });
	kmem_cache_destroy(s);
	kmem_cache_destroy(t);
	check_all();
}

static void test_letter(void)
{
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cmdline = "slub_debug=A,some*"))
		return;
	s = kmem_cache_create("some-cache", 40, 0, 0, NULL);
	ok(s->flags & SLAB_FAILSLAB, "slub_debug=A marks a cache");
	ok(!(kmalloc_caches[0][6]->flags & SLAB_FAILSLAB), "and no other");
	fail_objects((struct failslab){ .attr = { .interval = 1, .probability = 100, .times = 3 },
					.cache_filter = true });
	is_int(failures(s, GFP_KERNEL), 3, "which fails as often as it should");
}

static void test_space(void)
{
	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	fail_objects((struct failslab){ .attr = { .interval = 1, .probability = 100, .times = -1,
						  .space = 64 * 30 } });
	is_int(failures(NULL, GFP_NOWAIT), N - 29, "none while there is space");
}

int main(void)
{
	run_each(test_defaults);
	run_each(test_parameter);
	run_each(test_malformed);
	run_each(test_filter);
	run_each(test_letter);
	run_each(test_space);
	return done_testing();
}
