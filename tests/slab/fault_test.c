// SPDX-License-Identifier: MIT
// TIMEOUT: 1200
/*
 * fault_test.c - every page allocation, and every allocation of an object, inside one long
 * scenario fails once: the first in the first round, the second in the second, until a
 * round passes without any having failed. Then the same with all that follow failing too.
 * Whatever fails: NULL, contents kept, the structures sound, and every page back at the end.
 *
 * The scenario does all that makes the slab layer allocate: caches of all kinds (created,
 * shared, tuned, destroyed), objects on two CPUs and nodes, in bulk, kmalloc() of all sizes,
 * krealloc(), copies.
 */
#include "objects.h"

#define KINDS	7
#define EACH	24
#define SIZES	22

static struct kmem_cache *cache[KINDS];
static void *obj[KINDS][EACH], *some[SIZES], *bulk[70];
static bool bulked;
static unsigned int failed, wrong;

static void *got(void *p)
{
	failed += !p;
	return p;
}

/* --- the scenario --- */

static void ctor(void *p)
{
	memset(p, 0xc7, 40);
}

static const struct { unsigned int size, align; slab_flags_t flags; bool ctor; } kind[KINDS] = {
	{ 24, 0, SLAB_NO_MERGE, false }, { 40, 0, 0, true },
	{ 200, 0, SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE, false },
	{ 700, 0, SLAB_RECLAIM_ACCOUNT, false },
	{ 2000, 0, SLAB_TYPESAFE_BY_RCU, false }, { 9000, 64, SLAB_NO_MERGE, false },
	{ 1160, 0, 0, false },
};

static void create_all(void)
{
	struct kmem_cache *same;
	unsigned int i;
	char name[16];

	for (i = 0; i < KINDS; i++) {
		snprintf(name, sizeof(name), "fault-%u", i);
		cache[i] = got(kmem_cache_create(name, kind[i].size, kind[i].align, kind[i].flags,
						 kind[i].ctor ? ctor : NULL));
	}
	same = got(kmem_cache_create("fault-same", 1160, 0, 0, NULL));
	kmem_cache_destroy(same);
	(void)!kmem_cache_tune("fault-0", SLAB_ATTR_CPU_PARTIAL, 10);
	(void)!kmem_cache_tune("fault-0", SLAB_ATTR_SHARED, 2);
	(void)!kmem_cache_tune("fault-0", SLAB_ATTR_LIMIT, 20);
}

static void alloc_all(void)
{
	unsigned int i, k;

	for (i = 0; i < KINDS; i++)
		for (k = 0; cache[i] && k < EACH; k++) {
			host_set_cpu(k & 1);
			obj[i][k] = k % 5 ? kmem_cache_alloc(cache[i], GFP_KERNEL | __GFP_NOWARN)
					  : kmem_cache_alloc_node(cache[i],
								  GFP_NOWAIT | __GFP_NOWARN, k & 1);
			if (got(obj[i][k]))
				memset(obj[i][k], kind[i].ctor ? 0xc7 : (int)k + 1, kind[i].size);
		}
	bulked = cache[2] && kmem_cache_alloc_bulk(cache[2], GFP_KERNEL | __GFP_NOWARN,
						   ARRAY_SIZE(bulk), bulk);
	failed += !bulked;
}

static size_t size_of(unsigned int i)
{
	return ((size_t)3 << i) / 2 + 1;	/* 2, 4, 7 ... 3 MiB */
}

static void kmalloc_all(void)
{
	unsigned int i;
	u8 *q;

	for (i = 0; i < SIZES; i++) {
		if (i > 12 && i % 3)
			continue;
		some[i] = got(__kmalloc(size_of(i), GFP_KERNEL | __GFP_NOWARN));
		if (!some[i])
			continue;
		memset(some[i], (int)i + 1, size_of(i));
		q = got(krealloc(some[i], size_of(i) + 200, GFP_KERNEL | __GFP_NOWARN));
		if (q)
			some[i] = q;
		wrong += !is_filled(some[i], (u8)(i + 1), size_of(i));
	}
	kfree(got(kmemdup("a page, a slab, an object", 26, GFP_KERNEL | __GFP_NOWARN)));
	kfree(got(kstrdup("an object", GFP_KERNEL | __GFP_NOWARN)));
	kfree(got(kcalloc(30, 30, GFP_KERNEL | GFP_DMA | __GFP_NOWARN)));
}

static void free_all(void)
{
	unsigned int i, k;

	if (bulked)
		kmem_cache_free_bulk(cache[2], ARRAY_SIZE(bulk), bulk);
	for (i = 0; i < KINDS; i++)
		for (k = 0; k < EACH; k++) {
			u8 byte = kind[i].ctor ? 0xc7 : (u8)(k + 1);

			if (!obj[i][k])
				continue;
			host_set_cpu(k / 2 & 1);
			wrong += !is_filled(obj[i][k], byte, kind[i].size);
			kmem_cache_free(cache[i], obj[i][k]);
			obj[i][k] = NULL;
		}
	for (i = 0; i < SIZES; i++) {
		wrong += some[i] && !is_filled(some[i], (u8)(i + 1), size_of(i));
		kfree(some[i]);
		some[i] = NULL;
	}
}

static void scenario(void)
{
	unsigned int i;

	host_set_cpu(0);
	bulked = false;
	create_all();
	alloc_all();
	kmalloc_all();
	slab_check(NULL);
	if (cache[3])
		kmem_cache_shrink(cache[3]);
	free_all();
	host_set_cpu(0);
	for (i = 0; i < KINDS; i++)
		kmem_cache_destroy(cache[i]);
}

/* --- rounds --- */

static void pages_fail(u64 nth, bool later)
{
	fail_nth_page(nth);
	if (!later || !nth)
		return;
	fail_page_alloc.attr = (struct fault_attr){
		.interval = 1, .probability = 100, .times = -1, .space = (nth - 1) * PAGE_SIZE };
	fail_page_alloc_changed();
}

static void objects_fail(u64 nth, bool later)
{
	failslab.attr = (struct fault_attr){
		.interval = later ? 1 : nth, .probability = nth ? 100 : 0,
		.times = later ? -1 : nth ? 1 : 0, .space = later ? (nth - 1) * 64 : 0 };
	failslab.ignore_gfp_reclaim = false;
	failslab.cache_filter = false;
	failslab_changed();
}

/* What fails, and how often it still may. */
struct injection {
	void (*inject)(u64 nth, bool later);
	const struct fault_attr *attr;
};

static const struct injection pages = { pages_fail, &fail_page_alloc.attr };
static const struct injection objects = { objects_fail, &failslab.attr };

/* Did anything fail? (What fails once may be made up for, by a smaller slab, and not be felt.) */
static bool one_round(const struct injection *in, u64 nth, bool later, unsigned long before)
{
	unsigned long after;
	bool hit;

	failed = 0;
	in->inject(nth, later);
	scenario();
	hit = later ? failed != 0 : !in->attr->times;
	if (failed && !hit)
		wrong++;
	in->inject(0, false);
	after = settle();
	if (after != before && !wrong++)
		diag("%s: %llu: %ld pages lost", allocator, (unsigned long long)nth,
		     (long)(before - after));
	return hit;
}

static void rounds(const char *what, const struct injection *in, bool later, unsigned int stride)
{
	unsigned long before;
	unsigned int nth;

	if (!SLAB_MACHINE_ON(.mem = 48 * MIB, .nodes = 2, .cpus = 2))
		return;
	wrong = 0;
	scenario();
	settled(10);
	failed = 0;
	scenario();
	is_int(failed, 0, "%s: nothing fails by itself", allocator);
	before = settle();
	for (nth = 1; nth < 20000 && wrong < 3 && one_round(in, nth, later, before); nth += stride)
		;
	ok(nth > 40, "%s: %s: %u rounds", allocator, what, (nth - 1) / stride);
	is_int(wrong, 0, "%s: %s: nothing is lost or damaged", allocator, what);
	no_bugs(what);
}

static void test_each_page(void)
{
	rounds("the n-th page allocation fails", &pages, false, BOOTED(1, 29));
}

static void test_all_pages(void)
{
	rounds("it and all later ones", &pages, true, SANITIZED ? 23 : BOOTED(3, 101));
}

static void test_each_object(void)
{
	rounds("the n-th object fails", &objects, false, SANITIZED ? 5 : BOOTED(1, 101));
}
static void test_all_objects(void)
{
	rounds("it and all later ones", &objects, true, SANITIZED ? 97 : BOOTED(13, 701));
}

int main(void)
{
	run_each(test_each_page);
	run_each(test_all_pages);
	run_each(test_each_object);
	run_each(test_all_objects);
	return done_testing();
}
