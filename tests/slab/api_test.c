// SPDX-License-Identifier: MIT
/*
 * api_test.c - every function of <kmm/slab.h> about caches does what its header says, whatever
 * allocator is under it: sizes, alignment, zeroes, constructors, bulk, zones and mobility,
 * nodes, sharing, shrinking, the end of a cache, grace periods, copies to user space; and what
 * is done wrong is reported, and nothing is damaged by it. (kmalloc_test.c: the rest.)
 */
#include <limits.h>

#include "objects.h"

/* --- sizes and alignment --- */

static const unsigned int sizes[] = {
	1, 2, 3, 7, 8, 9, 12, 16, 24, 31, 33, 48, 63, 64, 65, 96, 104, 128, 192, 200, 256, 333, 512,
	700, 1000, 1024, 1500, 2000, 2048, 3000, 4000, 4095, 4096, 4097, 6000, 8192, 8193, 10000,
	16384, 20000, 32768, 40000, 65536, 100000, 1u << 20,
};
static const unsigned int aligns[] = { 0, 1, 4, 8, 16, 64, 128, 512, 4096 };

static unsigned int wanted_align(unsigned int size, unsigned int align, slab_flags_t flags)
{
	unsigned int line = 64;

	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return max(align, (unsigned int)sizeof(void *));
}

/* Eight objects: aligned, apart from each other, each of the whole size. */
static unsigned int try_cache(unsigned int size, unsigned int align, slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create("tried", size, align, flags, NULL);
	unsigned int wrong = 0, i;
	void *obj[8];

	if (!s)
		return 1;
	wrong += kmem_cache_size(s) != size || strcmp(kmem_cache_name(s), "tried");
	align = wanted_align(size, align, flags);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
		wrong += !obj[i] || !IS_ALIGNED((uintptr_t)obj[i], align);
		if (!obj[i])
			break;
		memset(obj[i], (int)i + 1, size);
	}
	while (i--) {
		wrong += !is_filled(obj[i], (u8)(i + 1), size);
		kmem_cache_free(s, obj[i]);
	}
	slab_check(s);
	kmem_cache_destroy(s);
	return wrong;
}

static void test_sizes(void)
{
	static const slab_flags_t flags[] = { 0, SLAB_HWCACHE_ALIGN, SLAB_TYPESAFE_BY_RCU,
					      SLAB_RECLAIM_ACCOUNT | SLAB_HWCACHE_ALIGN };
	unsigned int i, k, f, wrong = 0;
	unsigned long before;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	before = settled(1);
	for (f = 0; f < ARRAY_SIZE(flags); f++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			for (k = 0; k < ARRAY_SIZE(aligns); k++) {
				if (!try_cache(sizes[i], aligns[k], flags[f] | SLAB_NO_MERGE))
					continue;
				wrong++;
				diag("%s: size %u align %u flags %#x", allocator, sizes[i],
				     aligns[k], flags[f]);
			}
	is_int(wrong, 0, "%s: objects of every size and alignment", allocator);
	all_back(before, "sizes");
}

/* Two objects of 32 bytes may share a line of 64; of 33 bytes may not. */
static void test_cache_lines(void)
{
	struct kmem_cache *s;
	unsigned int i, wrong = 0;
	void *obj[40];

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	s = kmem_cache_create("lines", 33, 0, SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE, NULL);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
		wrong += !IS_ALIGNED((uintptr_t)obj[i], 64);
	}
	kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
	is_int(wrong, 0, "%s: SLAB_HWCACHE_ALIGN: a line each", allocator);
	kmem_cache_destroy(s);
}

/* The largest object there is: had, or refused, but nothing stops. */
static void largest(const char *what, unsigned int size, slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *s = kmem_cache_create("largest", size, 0, flags | SLAB_NO_MERGE, ctor);
	void *p = s ? kmem_cache_alloc(s, GFP_KERNEL) : NULL;

	ok(!s || p, "%s: %s: a cache that can be made has objects", allocator, what);
	if (p) {
		memset(p, 0x5a, size);
		kmem_cache_free(s, p);
	}
	kmem_cache_destroy(s);
}

static void ctor_nothing(void *obj)
{
	(void)obj;
}

static void test_largest(void)
{
	unsigned long before;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = settled(1);
	largest("4 MiB", KMALLOC_MAX_SIZE, 0, NULL);
	largest("4 MiB, a constructor", KMALLOC_MAX_SIZE, 0, ctor_nothing);
	largest("4 MiB, by RCU", KMALLOC_MAX_SIZE, SLAB_TYPESAFE_BY_RCU, NULL);
	largest("a little less, a constructor", KMALLOC_MAX_SIZE - 1, 0, ctor_nothing);
	largest("2 MiB, a constructor", KMALLOC_MAX_SIZE / 2, 0, ctor_nothing);
	all_back(before, "largest objects");
}

/* --- zeroes --- */

static unsigned int dirty_then_zeroed(struct kmem_cache *s, unsigned int size)
{
	void *obj[20];
	unsigned int i, round, wrong = 0;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = round == 2 ? kmem_cache_alloc_node(s, GFP_KERNEL | __GFP_ZERO, 0)
					    : kmem_cache_zalloc(s, GFP_KERNEL);
			wrong += !obj[i] || !is_filled(obj[i], 0, size);
			memset(obj[i], 0xff, size);
		}
		kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
	}
	wrong += kmem_cache_alloc_bulk(s, GFP_KERNEL | __GFP_ZERO, ARRAY_SIZE(obj), obj) !=
		 ARRAY_SIZE(obj);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		wrong += !is_filled(obj[i], 0, size);
	kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
	return wrong;
}

static void test_zero(void)
{
	unsigned int i, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= 40000; i++) {
		struct kmem_cache *s = kmem_cache_create("zeroed", sizes[i], 0, 0, NULL);

		wrong += dirty_then_zeroed(s, sizes[i]);
		kmem_cache_destroy(s);
	}
	is_int(wrong, 0, "%s: kmem_cache_zalloc() and __GFP_ZERO: every byte", allocator);
	check_all();
}

/* --- constructors --- */

static unsigned long made;

static void ctor_fill(void *obj)
{
	memset(obj, 0xc7, 72);
	made++;
}

static void test_ctor(void)
{
	static void *obj[300];
	unsigned int i, round, wrong = 0;
	unsigned long before, first = 0;
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	before = settled(1);
	made = 0;
	s = kmem_cache_create("made", 72, 0, 0, ctor_fill);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
			wrong += !is_filled(obj[i], 0xc7, 72);
			memset(obj[i], 1, 72);
		}
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			memset(obj[i], 0xc7, 72);
			kmem_cache_free(s, obj[i]);
		}
		if (!round)
			first = made;
	}
	is_int(wrong, 0, "%s: every object is as the constructor left it", allocator);
	ok(made >= ARRAY_SIZE(obj), "%s: constructed: %lu", allocator, made);
	if (!is_slob())
		ok(made - first < ARRAY_SIZE(obj), "%s: once for each object of a slab (%lu, then "
		   "%lu)", allocator, first, made - first);
	kmem_cache_destroy(s);
	all_back(before, "constructors");
}

/* --- what is kept of empty slabs --- */

/* Slabs after 1000 objects were allocated and freed; the rest has gone to the page allocator. */
static unsigned long slabs_left(struct kmem_cache *s)
{
	static void *obj[1000];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		kmem_cache_free(s, obj[i]);
	slab_check(s);
	return s->node[0]->nr_slabs;
}

static void test_empty_slabs(void)
{
	unsigned long least;
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cpus = 1) || !is_slub())
		return;
	s = kmem_cache_create("kept", 500, 0, SLAB_NO_MERGE, NULL);
	least = 1 + s->cpu_empty + s->min_partial;
	is_int(slabs_left(s), least, "the CPU's slabs and its node's are left");
	ok(slabs_left(s) > least, "more the next time: those were missing");
	is_int(kmem_cache_shrink(s), 0, "none if asked for");
	kmem_cache_destroy(s);
}

/* --- bulk --- */

static void test_bulk(void)
{
	static void *obj[1000];
	struct kmem_cache *s;
	unsigned int n, i, k, wrong = 0;
	unsigned long before;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	before = settled(1);
	s = kmem_cache_create("bulk", 56, 0, SLAB_NO_MERGE, NULL);
	is_int(kmem_cache_alloc_bulk(s, GFP_KERNEL, 0, obj), 0, "%s: none asked for, none got",
	       allocator);
	kmem_cache_free_bulk(s, 0, obj);
	for (n = 1; n <= ARRAY_SIZE(obj); n += n < 70 ? 1 : 93) {
		wrong += kmem_cache_alloc_bulk(s, GFP_KERNEL, n, obj) != (int)n;
		for (i = 0; i < n; i++)
			memset(obj[i], (int)(i % 251) + 1, 56);
		for (i = 0; i < n; i++)
			wrong += !is_filled(obj[i], (u8)(i % 251 + 1), 56);
		for (k = 0; k < n / 2; k += 3) {	/* not in order */
			void *t = obj[k];

			obj[k] = obj[n - 1 - k];
			obj[n - 1 - k] = t;
		}
		kmem_cache_free_bulk(s, n, obj);
	}
	is_int(wrong, 0, "%s: bulks of 1 to 1000", allocator);
	slab_check(s);
	kmem_cache_destroy(s);
	all_back(before, "bulk");
}

/* All or none: what was had before the failure is back. */
static void test_bulk_none(void)
{
	static void *obj[60000];
	struct kmem_cache *s;
	struct pile pile = { 0 };
	unsigned long before, free;
	int got;

	if (!SLAB_MACHINE_ON(.mem = 16 * MIB))
		return;
	before = settled(1);
	s = kmem_cache_create("bulk", 500, 0, SLAB_NO_MERGE, NULL);
	got = kmem_cache_alloc_bulk(s, GFP_KERNEL | __GFP_NOWARN, ARRAY_SIZE(obj), obj);
	is_int(got, 0, "%s: a bulk of more than there is gets nothing", allocator);
	is_int(kmem_cache_shrink(s), 0, "%s: and leaves nothing in the cache", allocator);
	slab_check(s);
	pile_fill_all(&pile, GFP_NOWAIT);
	free = all_free();
	got = kmem_cache_alloc_bulk(s, GFP_NOWAIT | __GFP_NOWARN, 20, obj);
	is_int(got, 0, "%s: none of 20 when memory is out", allocator);
	ok(all_free() == free, "%s: nothing was taken", allocator);
	pile_free(&pile);
	kmem_cache_destroy(s);
	all_back(before, "failed bulks");
}

static void test_bulk_mixed(void)
{
	struct kmem_cache *s;
	unsigned long before;
	void *p[6];

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	before = settled(1);
	s = kmem_cache_create("mixed", 56, 0, SLAB_NO_MERGE, NULL);
	p[0] = kmalloc(20, GFP_KERNEL);
	p[1] = kmalloc(100000, GFP_KERNEL);
	p[2] = is_slob() ? kmalloc(56, GFP_KERNEL) : kmem_cache_alloc(s, GFP_KERNEL);
	p[3] = NULL;
	p[4] = kmalloc(0, GFP_KERNEL);
	p[5] = kmalloc(3000, GFP_KERNEL);
	kfree_bulk(ARRAY_SIZE(p), p);
	is_int(kmem_cache_shrink(s), 0, "%s: kfree_bulk(): objects of any caches", allocator);
	kmem_cache_destroy(s);
	all_back(before, "kfree_bulk()");
}

/* --- zones, mobility --- */

static void zone_is(slab_flags_t flags, gfp_t gfp, enum zone_type zone, const char *what)
{
	struct kmem_cache *s = kmem_cache_create("zoned", 200, 0, flags | SLAB_NO_MERGE, NULL);
	unsigned int i, wrong = 0;
	void *obj[100];

	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL | gfp);
		wrong += !obj[i] || object_zone(obj[i]) != zone;
	}
	is_int(wrong, 0, "%s: %s", allocator, what);
	kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
	kmem_cache_destroy(s);
}

static void test_zones(void)
{
	if (sizeof(void *) == 4 || !SLAB_MACHINE_ON(.mem = 5 * GIB))
		return;
	zone_is(0, 0, ZONE_NORMAL, "ZONE_NORMAL");
	zone_is(SLAB_CACHE_DMA, 0, ZONE_DMA, "SLAB_CACHE_DMA");
	zone_is(SLAB_CACHE_DMA32, 0, ZONE_DMA32, "SLAB_CACHE_DMA32");
	zone_is(0, __GFP_HIGHMEM | __GFP_MOVABLE, ZONE_NORMAL, "zone bits of a mask are ignored");
	zone_is(SLAB_RECLAIM_ACCOUNT, __GFP_MOVABLE, ZONE_NORMAL, "mobility too");
	check_all();
}

static void test_mobility(void)
{
	struct kmem_cache *s[2];
	unsigned long pages[2];
	unsigned int i, wrong[2] = { 0 };
	void *p;

	if (!SLAB_MACHINE_ON(.mem = 256 * MIB))
		return;
	s[0] = kmem_cache_create("fixed", 3000, 0, SLAB_NO_MERGE, NULL);
	s[1] = kmem_cache_create("shrinkable", 3000, 0, SLAB_NO_MERGE | SLAB_RECLAIM_ACCOUNT, NULL);
	pages[0] = slab_pages(NUMA_NO_NODE, false);
	pages[1] = slab_pages(NUMA_NO_NODE, true);
	for (i = 0; i < 400; i++) {
		p = kmem_cache_alloc(s[i & 1], GFP_KERNEL);
		wrong[i & 1] += get_pageblock_migratetype(virt_to_page(p)) !=
				(i & 1 ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE);
	}
	is_int(wrong[0], 0, "%s: objects lie in unmovable pageblocks", allocator);
	is_int(wrong[1], 0, "%s: SLAB_RECLAIM_ACCOUNT: in reclaimable ones", allocator);
	ok(slab_pages(NUMA_NO_NODE, false) >= pages[0] + 200 * 3000 / PAGE_SIZE &&
	   slab_pages(NUMA_NO_NODE, true) >= pages[1] + 200 * 3000 / PAGE_SIZE,
	   "%s: and are counted as such", allocator);
	check_all();
}

/* --- nodes --- */

static void test_nodes(void)
{
	unsigned int cpu, nid, i, wrong = 0;
	unsigned long before;
	struct kmem_cache *s;
	void *obj[40];

	if (!SLAB_MACHINE_ON(.mem = 96 * MIB, .nodes = 3, .cpus = 3))
		return;
	before = settled(1);
	s = kmem_cache_create("near", 120, 0, SLAB_NO_MERGE, NULL);
	for (cpu = 0; cpu < 3; cpu++)
		for (nid = 0; nid < 3; nid++) {
			host_set_cpu(cpu);
			for (i = 0; i < ARRAY_SIZE(obj); i++) {
				gfp_t gfp = GFP_KERNEL | (i & 1 ? __GFP_THISNODE : 0);

				obj[i] = kmem_cache_alloc_node(s, gfp, (int)nid);
				wrong += !obj[i] || object_nid(obj[i]) != (int)nid;
			}
			host_set_cpu(i % 3);
			kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
			slab_check(s);
		}
	is_int(wrong, 0, "%s: kmem_cache_alloc_node(): from that node, on every CPU", allocator);
	obj[0] = kmem_cache_alloc_node(s, GFP_KERNEL, NUMA_NO_NODE);
	ok(obj[0], "%s: NUMA_NO_NODE", allocator);
	kmem_cache_free(s, obj[0]);
	kmem_cache_destroy(s);
	all_back(before, "nodes");
}

/* A node that is not there is no wish at all: memory near the CPU. */
static void test_bad_nodes(void)
{
	static const int bad[] = { -2, 2, 3, MAX_NUMNODES - 1, MAX_NUMNODES, 64, 1000, 1 << 30,
				   INT_MAX, INT_MIN };
	static const size_t some[] = { 20, 3000, 5 * PAGE_SIZE };
	unsigned int i, k, cpu, wrong = 0;
	unsigned long before;
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2))
		return;
	before = settled(1);
	s = kmem_cache_create("nowhere", 120, 0, SLAB_NO_MERGE, NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		for (cpu = 0; cpu < 2; cpu++) {
			gfp_t gfp = GFP_KERNEL | (i & 1 ? __GFP_THISNODE : 0);
			void *p;

			host_set_cpu(cpu);
			p = kmem_cache_alloc_node(s, gfp, bad[i]);
			wrong += !p || object_nid(p) != cpu_to_node(cpu);
			kmem_cache_free(s, p);
			for (k = 0; k < ARRAY_SIZE(some); k++) {
				p = kmalloc_node(some[k], gfp, bad[i]);
				wrong += !p || object_nid(p) != cpu_to_node(cpu);
				kfree(p);
			}
		}
	is_int(wrong, 0, "%s: nodes that are not there: memory near the CPU", allocator);
	kmem_cache_destroy(s);
	all_back(before, "bad nodes");
}

/* A node that is full: the next one, unless it must be this one. */
static void test_full_node(void)
{
	unsigned int here = 0, there = 0, strict = 0;
	struct kmem_cache *s;
	void *p;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2))
		return;
	s = kmem_cache_create("spill", 4096, 4096, SLAB_NO_MERGE, NULL);
	do {
		p = kmem_cache_alloc_node(s, GFP_NOWAIT | __GFP_NOWARN | __GFP_THISNODE, 1);
		strict += p && object_nid(p) != 1;
	} while (p);
	is_int(strict, 0, "%s: __GFP_THISNODE: this node or nothing", allocator);
	do {
		p = kmem_cache_alloc_node(s, GFP_NOWAIT | __GFP_NOWARN, 1);
		here += p && object_nid(p) == 1;
		there += p && object_nid(p) == 0;
	} while (p && here + there < 100000);
	ok(there > 3000 && !p, "%s: without, another node's memory is used up too (%u)",
	   allocator, there);
	check_all();
}

/* --- sharing --- */

static void shares(bool want, const char *what, struct kmem_cache *a, struct kmem_cache *b)
{
	if (!is_slob() || !want)
		ok((a == b) == want, "%s: %s", allocator, what);
	else
		ok(a && b, "%s: %s", allocator, what);
	kmem_cache_destroy(b);
}

static void test_sharing(void)
{
	struct kmem_cache *a, *b;
	unsigned long before;
	void *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	before = settled(1);
	a = kmem_cache_create("a", 1160, 0, 0, NULL);
	shares(true, "the same size shares", a, kmem_cache_create("b", 1160, 0, 0, NULL));
	shares(true, "a little smaller", a, kmem_cache_create("b", 1157, 0, 0, NULL));
	shares(false, "a word smaller does not", a, kmem_cache_create("b", 1152, 0, 0, NULL));
	shares(false, "nor larger", a, kmem_cache_create("b", 1161, 0, 0, NULL));
	shares(false, "nor another mobility", a,
	       kmem_cache_create("b", 1160, 0, SLAB_RECLAIM_ACCOUNT, NULL));
	shares(false, "nor another zone", a, kmem_cache_create("b", 1160, 0, SLAB_CACHE_DMA, NULL));
	shares(false, "nor a constructor", a, kmem_cache_create("b", 1160, 0, 0, ctor_nothing));
	shares(false, "nor by RCU", a, kmem_cache_create("b", 1160, 0, SLAB_TYPESAFE_BY_RCU, NULL));
	shares(false, "nor SLAB_NO_MERGE", a, kmem_cache_create("b", 1160, 0, SLAB_NO_MERGE, NULL));
	shares(false, "nor larger alignment", a, kmem_cache_create("b", 1160, 256, 0, NULL));
	shares(false, "nor a window for user space", a,
	       kmem_cache_create_usercopy("b", 1160, 0, 0, 8, 16, NULL));
	b = kmem_cache_create("b", 1160, 0, 0, NULL);
	p = kmem_cache_alloc(a, GFP_KERNEL);
	q = kmem_cache_alloc(b, GFP_KERNEL);
	kmem_cache_free(a, p);
	kmem_cache_destroy(a);
	memset(q, 3, 1160);
	p = kmem_cache_alloc(b, GFP_KERNEL);
	ok(p && is_filled(q, 3, 1160), "%s: one name's end is not the other's", allocator);
	kmem_cache_free(b, p);
	kmem_cache_free(b, q);
	kmem_cache_destroy(b);
	all_back(before, "sharing");
}

/* Whatever size a name was made with, kmem_cache_zalloc() clears all of its objects. */
static void test_shared_sizes(void)
{
	struct kmem_cache *a, *b;
	unsigned long before;
	void *p[40];
	unsigned int i, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	before = settled(1);
	a = kmem_cache_create("small", 1153, 0, 0, NULL);
	b = kmem_cache_create("large", 1160, 0, 0, NULL);
	ok(kmem_cache_size(b) == 1160, "%s: the larger name's size", allocator);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = kmem_cache_alloc(b, GFP_KERNEL);
		memset(p[i], 0xff, 1160);
	}
	kmem_cache_free_bulk(b, ARRAY_SIZE(p), p);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = kmem_cache_zalloc(b, GFP_KERNEL);
		wrong += !is_filled(p[i], 0, 1160);
	}
	is_int(wrong, 0, "%s: and all of it is cleared", allocator);
	kmem_cache_free_bulk(b, ARRAY_SIZE(p), p);
	kmem_cache_destroy(a);
	kmem_cache_destroy(b);
	all_back(before, "sharing by size");
}

/* Nor is a name's alignment lost on what it shares: in no slab, wherever its objects begin. */
static void test_shared_alignment(void)
{
	static void *obj[400];
	struct kmem_cache *a, *b;
	unsigned int i, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	a = kmem_cache_create("by-line", 240, 0, SLAB_HWCACHE_ALIGN, NULL);
	b = kmem_cache_create("by-size", 250, 256, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		obj[i] = kmem_cache_alloc(b, GFP_KERNEL);
		wrong += !IS_ALIGNED((uintptr_t)obj[i], 256);
	}
	is_int(wrong, 0, "%s: as aligned as the name asks", allocator);
	kmem_cache_free_bulk(b, ARRAY_SIZE(obj), obj);
	kmem_cache_destroy(a);
	kmem_cache_destroy(b);
	check_all();
}

static void test_share_kmalloc(void)
{
	struct kmem_cache *s;
	struct kmem_cache_info info;
	void *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	s = kmem_cache_create("mine", 64, 0, 0, NULL);
	ok(kmem_cache_info_by_name("mine", &info), "%s: found by its name", allocator);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	memset(p, 1, 64);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	ok(!kmem_cache_info_by_name("mine", &info), "%s: the name is gone", allocator);
	q = kmalloc(64, GFP_KERNEL);
	ok(q, "%s: kmalloc's own caches outlive who shares them", allocator);
	kfree(q);
	check_all();
}

static void test_nomerge(void)
{
	struct kmem_cache *a, *b;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cmdline = "slab_nomerge"))
		return;
	a = kmem_cache_create("a", 1160, 0, 0, NULL);
	b = kmem_cache_create("b", 1160, 0, 0, NULL);
	ok(a && b && a != b, "%s: slab_nomerge: nobody shares", allocator);
	is_str(kmem_cache_name(b), "b", "%s: each has its name", allocator);
	kmem_cache_destroy(a);
	kmem_cache_destroy(b);
	check_all();
}

/* --- arguments --- */

static void test_arguments(void)
{
	static char longest[KMEM_CACHE_NAME_MAX + 1];
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	ok(!kmem_cache_create(NULL, 8, 0, 0, NULL), "%s: no name", allocator);
	ok(!kmem_cache_create("", 8, 0, 0, NULL), "%s: an empty name", allocator);
	ok(!kmem_cache_create("x", 0, 0, 0, NULL), "%s: no size", allocator);
	ok(!kmem_cache_create("x", KMALLOC_MAX_SIZE + 1, 0, 0, NULL), "%s: too large", allocator);
	ok(!kmem_cache_create("x", ~0u, 0, 0, NULL), "%s: far too large", allocator);
	ok(!kmem_cache_create("x", 8, 24, 0, NULL), "%s: alignment 24", allocator);
	ok(!kmem_cache_create("x", 8, 2 * PAGE_SIZE, 0, NULL), "%s: alignment 8192", allocator);
	ok(!kmem_cache_create_usercopy("x", 8, 0, 0, 9, 0, NULL), "%s: window outside", allocator);
	ok(!kmem_cache_create_usercopy("x", 8, 0, 0, 4, 5, NULL), "%s: too large", allocator);
	ok(!kmem_cache_create_usercopy("x", 8, 0, 0, 4, ~0u, NULL), "%s: overflows", allocator);
	memset(longest, 'n', KMEM_CACHE_NAME_MAX);
	ok(!kmem_cache_create(longest, 8, 0, 0, NULL), "%s: a name of 64", allocator);
	longest[KMEM_CACHE_NAME_MAX - 1] = '\0';
	s = kmem_cache_create(longest, 1160, 0, 0, NULL);
	ok(s, "%s: of 63 is fine", allocator);
	is_str(kmem_cache_name(s), longest, "%s: and kept", allocator);
	kmem_cache_destroy(s);
	kmem_cache_destroy(NULL);
	s = kmem_cache_create("null", 50, 0, 0, NULL);
	kmem_cache_free(s, NULL);
	kmem_cache_destroy(s);
	ok(!log_says("BUG"), "%s: NULL is nothing to destroy, nothing to free", allocator);
	check_all();
}

/* The name is copied. */
static void test_name_copied(void)
{
	char name[16] = "volatile";
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	s = kmem_cache_create(name, 1160, 0, SLAB_NO_MERGE, NULL);
	memset(name, 'x', 8);
	is_str(kmem_cache_name(s), "volatile", "%s: the name is copied", allocator);
	kmem_cache_destroy(s);
}

static void create_or_stop(void *arg)
{
	unsigned int *size = arg;

	if (kmem_cache_create("must", *size, 0, SLAB_PANIC, NULL))
		*size = 0;
}

static void test_panic(void)
{
	unsigned int size = 0;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	ok(stops(create_or_stop, &size), "%s: SLAB_PANIC: bad arguments stop the machine",
	   allocator);
	ok(strstr(host_stop_reason(), "must") || log_says("must"), "%s: with the name", allocator);
	host_power_off();
	size = 100;
	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	ok(!stops(create_or_stop, &size) && !size, "%s: good ones do not", allocator);
}

static void panic_without_memory(void *arg)
{
	char name[24];
	int i;

	(void)arg;
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "must-%d", i);
		if (!kmem_cache_create(name, 1000, 0, SLAB_PANIC | SLAB_NO_MERGE, NULL))
			return;
	}
}

static void test_panic_memory(void)
{
	struct pile pile = { 0 };

	if (!SLAB_MACHINE_ON(.mem = 16 * MIB))
		return;
	pile_fill_all(&pile, GFP_EVERYTHING);
	ok(stops(panic_without_memory, NULL), "%s: SLAB_PANIC: no memory stops the machine",
	   allocator);
}

/* Caches until nothing is left: NULL in the end, and all can be undone. */
static void test_many_caches(void)
{
	static struct kmem_cache *s[6000];
	unsigned int n = 0;
	unsigned long before;
	char name[24];

	if (!SLAB_MACHINE_ON(.mem = 24 * MIB))
		return;
	before = settled(ARRAY_SIZE(s));
	while (n < ARRAY_SIZE(s)) {
		snprintf(name, sizeof(name), "many-%u", n);
		s[n] = kmem_cache_create(name, 1000, 0, SLAB_NO_MERGE, NULL);
		if (!s[n])
			break;
		n++;
	}
	ok(n >= 1000, "%s: %u caches at a time", allocator, n);
	check_all();
	while (n--)
		kmem_cache_destroy(s[n]);
	ok(settle() + 200 > before, "%s: and all back, but for the room of each CPU", allocator);
}

/* --- shrinking --- */

static void test_shrink(void)
{
	static void *obj[3000];
	struct kmem_cache *s;
	unsigned long before, free;
	unsigned int i;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	before = settled(1);
	s = kmem_cache_create("shrunk", 100, 0, SLAB_NO_MERGE, NULL);
	free = settle();
	is_int(kmem_cache_shrink(s), 0, "%s: an empty cache has nothing", allocator);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		host_set_cpu(i & 1);
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	}
	for (i = 0; i < ARRAY_SIZE(obj) - 1; i++) {
		host_set_cpu(i / 2 & 1);
		kmem_cache_free(s, obj[i]);
	}
	is_int(kmem_cache_shrink(s), 1, "%s: one object is left", allocator);
	if (!is_slob())
		ok(free - settle() <= 8, "%s: in one slab: %lu pages", allocator, free - settle());
	kmem_cache_free(s, obj[i]);
	is_int(kmem_cache_shrink(s), 0, "%s: then none", allocator);
	is_int(settle(), free, "%s: and no page", allocator);
	kmem_cache_destroy(s);
	all_back(before, "shrinking");
}

/* --- the end of a cache --- */

static void test_destroy_live(void)
{
	struct kmem_cache *s, *again;
	void *live[3], *other;
	unsigned int i, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	s = kmem_cache_create("leaky", 300, 0, SLAB_NO_MERGE, NULL);
	for (i = 0; i < 40; i++) {
		void *p = kmem_cache_alloc(s, GFP_KERNEL);

		host_set_cpu(i & 1);
		if (i % 15 == 7)
			live[i / 15] = memset(p, 0x77, 300);
		else
			kmem_cache_free(s, p);
	}
	kmem_cache_destroy(s);
	ok(log_says("leaky"), "%s: objects left in a cache that ends are reported", allocator);
	if (!is_slob())
		is_int(log_counts("Object 0x"), 3, "%s: each of them", allocator);
	again = kmem_cache_create("leaky", 300, 0, SLAB_NO_MERGE, NULL);
	ok(again, "%s: another cache of that name can be made", allocator);
	for (i = 0; i < 500; i++) {
		other = i & 1 ? kmalloc(300, GFP_KERNEL) : kmem_cache_alloc(again, GFP_KERNEL);
		wrong += overlaps(other, 300, live[0], 300) || overlaps(other, 300, live[1], 300) ||
			 overlaps(other, 300, live[2], 300);
		memset(other, 0, 300);
	}
	for (i = 0; i < 3; i++)
		wrong += !is_filled(live[i], 0x77, 300);
	is_int(wrong, 0, "%s: they stay what they are", allocator);
	check_all();
}

static void test_again(void)
{
	struct kmem_cache *s;
	unsigned int round, i, wrong = 0;
	unsigned long before;
	void *obj[50];

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	before = settled(1);
	for (round = 0; round < 200; round++) {
		s = kmem_cache_create("again", 40 + round % 7 * 90, 0, SLAB_NO_MERGE, NULL);
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			host_set_cpu(i & 1);
			obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
			wrong += !obj[i];
		}
		kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
		wrong += kmem_cache_size(s) != 40 + round % 7 * 90;
		kmem_cache_destroy(s);
	}
	is_int(wrong, 0, "%s: 200 caches of one name after each other", allocator);
	all_back(before, "caches of one name");
}

static void destroy_it(void *s)
{
	kmem_cache_destroy(s);
}

static void test_destroy_own(void)
{
	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	ok(stops(destroy_it, kmalloc_caches[KMALLOC_NORMAL][6]),
	   "%s: to destroy kmalloc's caches stops the machine", allocator);
}

/* --- figures --- */

static void test_figures(void)
{
	struct kmem_cache_info info;
	struct kmem_cache *s;
	void *obj[100];
	unsigned int i;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	s = kmem_cache_create("counted", 90, 16, SLAB_NO_MERGE, NULL);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		host_set_cpu(i & 1);
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	}
	for (i = 0; i < 37; i++)
		kmem_cache_free(s, obj[i]);
	slab_drain();
	if (!ok(kmem_cache_info_by_name("counted", &info), "%s: figures of a cache", allocator))
		return;
	ok(info.object_size == 90 && info.size >= 90 && info.align == 16, "%s: its sizes",
	   allocator);
	is_int(info.active_objs, 63, "%s: objects in use", allocator);
	if (!is_slob()) {
		ok(info.num_objs >= 63 && info.num_slabs && info.active_slabs <= info.num_slabs,
		   "%s: slabs", allocator);
		is_int(info.num_objs, info.num_slabs * info.objects_per_slab, "%s: add up",
		       allocator);
	}
	ok(!kmem_cache_info_by_name("uncounted", &info), "%s: none of an unknown name", allocator);
	kmem_cache_free_bulk(s, ARRAY_SIZE(obj) - 37, obj + 37);
	kmem_cache_destroy(s);
	check_all();
}

/* --- grace periods --- */

static struct { void (*fn)(void *arg); void *arg; } calls[4096];
static unsigned int nr_calls, nr_barriers;

static void test_call_rcu(void (*fn)(void *arg), void *arg)
{
	if (nr_calls < ARRAY_SIZE(calls)) {
		calls[nr_calls].fn = fn;
		calls[nr_calls++].arg = arg;
	}
}

static void grace_period(void)
{
	unsigned int i, n = nr_calls;

	for (i = 0; i < n; i++)
		calls[i].fn(calls[i].arg);
	memmove(calls, calls + n, (nr_calls - n) * sizeof(calls[0]));
	nr_calls -= n;
}

static void test_barrier(void)
{
	nr_barriers++;
	grace_period();
}

static const struct slab_rcu_ops rcu = { test_call_rcu, test_barrier };

/* Objects that were freed stay objects of their cache until nobody can look at them any more. */
static void test_rcu(void)
{
	static void *obj[400];
	unsigned int i, k, wrong = 0;
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	nr_calls = nr_barriers = 0;
	set_slab_rcu_ops(&rcu);
	s = kmem_cache_create("readers", 300, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = memset(kmem_cache_alloc(s, GFP_KERNEL), 0x31, 300);
	kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
	kmem_cache_shrink(s);
	slab_check(s);
	for (i = 0; i < 3000; i++) {
		void *p = kmalloc(600, GFP_KERNEL);

		for (k = 0; k < ARRAY_SIZE(obj); k++)
			wrong += overlaps(p, 600, obj[k], 300);
	}
	is_int(wrong, 0, "%s: SLAB_TYPESAFE_BY_RCU: no memory of it before a grace period is over",
	       allocator);
	ok(nr_calls, "%s: one was asked for", allocator);
	grace_period();
	grace_period();
	kmem_cache_shrink(s);
	grace_period();
	grace_period();
	slab_check(s);
	if (!is_slob())
		is_int(kmem_cache_shrink(s), 0, "%s: afterwards nothing is left", allocator);
	kmem_cache_destroy(s);
	is_int(nr_calls, 0, "%s: destroying waits for what is on its way", allocator);
	check_all();
	set_slab_rcu_ops(NULL);
}

static void rcu_back(const struct slab_rcu_ops *ops, const char *what)
{
	static void *obj[400];
	unsigned long before;
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	nr_calls = nr_barriers = 0;
	set_slab_rcu_ops(ops);
	before = settled(1);
	s = kmem_cache_create("readers", 300, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	ok(kmem_cache_alloc_bulk(s, GFP_KERNEL, ARRAY_SIZE(obj), obj), "%s: allocated", allocator);
	host_set_cpu(1);
	kmem_cache_free_bulk(s, ARRAY_SIZE(obj), obj);
	kmem_cache_destroy(s);
	is_int(nr_calls, 0, "%s: %s: nothing is on its way", allocator, what);
	all_back(before, what);
	set_slab_rcu_ops(NULL);
	host_power_off();
}

static void test_rcu_destroy(void)
{
	rcu_back(&rcu, "destroyed right after frees");
	rcu_back(NULL, "without grace periods");
}

/* --- copies to and from user space --- */

/* SLOB does not know an object's cache: all of the object may be copied, and nothing else. */
static void test_usercopy(void)
{
	struct kmem_cache *s;
	unsigned int from, n, wrong = 0;
	char *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	s = kmem_cache_create_usercopy("windowed", 48, 0, 0, 16, 20, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	for (from = 0; from < 48; from++)
		for (n = 1; n <= 60; n++)
			wrong += __check_heap_object(p + from, n) !=
				 (is_slob() ? from + n <= 48 : from >= 16 && from + n <= 36);
	is_int(wrong, 0, "%s: copies inside the window, and nothing else", allocator);
	ok(!__check_heap_object(p + 16, ~(size_t)0), "%s: however large", allocator);
	kmem_cache_free(s, p);
	kmem_cache_free(s, q);
	kmem_cache_destroy(s);
	s = kmem_cache_create("closed", 48, 0, SLAB_NO_MERGE, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	ok(!__check_heap_object(p, 1) || is_slob(), "%s: no window, no copy", allocator);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	check_all();
}

/* Ask for every byte of a slab, those between objects, of free and of damaged ones too. */
static void refuse(char *base, size_t size, const char *what)
{
	struct page *head = object_page(base), page = *head;
	size_t log = strlen(host_dmesg()), at;
	unsigned int refused = 0;
	char *copy = malloc(size);

	memcpy(copy, base, size);
	for (at = 0; at < size; at++)
		refused += !__check_heap_object(base + at, 1) +
			   !__check_heap_object(base + at, size) +
			   !__check_heap_object(base + at, ~(size_t)0);
	ok(refused > 2 * size, "%s: %s: most copies are refused (%u)", allocator, what, refused);
	ok(!memcmp(base, copy, size), "%s: nothing is written into the slab", allocator);
	ok(!memcmp(head, &page, sizeof(page)) && strlen(host_dmesg()) == log,
	   "%s: nor about it, nor into the log", allocator);
	free(copy);
}

static void usercopy_refused(const char *cmdline)
{
	struct kmem_cache *s;
	char *p, *q, *base;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cmdline = cmdline))
		return;
	s = kmem_cache_create_usercopy("windowed", 48, 0, 0, 16, 20, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	base = page_address(object_page(p));
	kmem_cache_free(s, q);
	refuse(base, PAGE_SIZE << page_alloc_order(object_page(p)),
	       cmdline[0] ? cmdline : "no checks");
	if (object_page(q) == object_page(p))
		memset(p < q ? p + 16 : q, 0x5a, 60);
	refuse(base, PAGE_SIZE << page_alloc_order(object_page(p)), "a damaged slab");
	host_power_off();
}

static void test_usercopy_refused(void)
{
	usercopy_refused("");
	usercopy_refused("slub_debug=FZPU");
}

int main(void)
{
	run_each(test_sizes);
	run_each(test_cache_lines);
	run_each(test_largest);
	run_each(test_zero);
	run_each(test_ctor);
	run_each(test_empty_slabs);
	run_each(test_bulk);
	run_each(test_bulk_none);
	run_each(test_bulk_mixed);
	run_each(test_zones);
	run_each(test_mobility);
	run_each(test_nodes);
	run_each(test_bad_nodes);
	run_each(test_full_node);
	run_each(test_sharing);
	run_each(test_shared_sizes);
	run_each(test_shared_alignment);
	run_each(test_share_kmalloc);
	run_each(test_nomerge);
	run_each(test_arguments);
	run_each(test_name_copied);
	run_each(test_panic);
	run_each(test_panic_memory);
	run_each(test_many_caches);
	run_each(test_shrink);
	run_each(test_destroy_live);
	run_each(test_again);
	run_each(test_destroy_own);
	run_each(test_figures);
	run_each(test_rcu);
	run_each(test_rcu_destroy);
	run_each(test_usercopy);
	run_each(test_usercopy_refused);
	return done_testing();
}
