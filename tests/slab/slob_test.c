// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * slob_test.c - SLOB's own promises: objects take what they need and no more, first fit by
 * address, neighbours merge, empty pages go back; lists by size, pools by zone; whatever is
 * freed wrongly, and a free block that was written to, is reported and corrupts nothing; objects of
 * RCU caches keep their type. Then the same at random, and by all CPUs at once.
 */
#include "objects.h"

static bool slob_on(const struct machine *m)
{
	allocator = "slob";
	return slab_machine_on(m);
}
#define SLOB_ON(...) slob_on(&(struct machine){ __VA_ARGS__ })

static struct kmem_cache_info figures(const char *name)
{
	struct kmem_cache_info info = { .num_slabs = ~0ul };

	kmem_cache_info_by_name(name, &info);
	return info;
}

static unsigned long pages_of(const char *pool) { return figures(pool).num_slabs; }

static bool same_page(const void *p, const void *q)
{
	return ((uintptr_t)p ^ (uintptr_t)q) < PAGE_SIZE;
}

/* An empty page of its own: fill what is there of the list, until a page is new. */
static void *first_of_new_page(size_t size, void **filler, unsigned int *nr, unsigned int most)
{
	unsigned long before = pages_of("slob");
	void *p = kmalloc(size, GFP_KERNEL);

	while (pages_of("slob") == before && *nr < most) {
		filler[(*nr)++] = p;
		p = kmalloc(size, GFP_KERNEL);
	}
	return p;
}

static void free_array(void **p, unsigned int n)
{
	while (n--)
		kfree(p[n]);
}

/* --- sizes --- */

static void test_sizes(void)
{
	static const struct { size_t size, takes, align; } cases[] = {
		{ 1, 8, 1 }, { 3, 8, 8 }, { 8, 8, 8 }, { 9, 16, 8 }, { 33, 40, 8 }, { 64, 64, 64 },
		{ 65, 72, 8 }, { 100, 104, 8 }, { 129, 136, 8 }, { 512, 512, 512 },
		{ 1000, 1000, 8 }, { 1024, 1024, 1024 }, { 2048, 2048, 2048 }, { 2049, 2056, 8 },
		{ 3968, 3968, 8 }, { 3969, 4096, 4096 }, { 4096, 4096, 4096 },
		{ 4097, 8192, 4096 }, { 8192, 8192, 8192 },
	};
	unsigned int i;
	void *p;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		p = kzalloc(cases[i].size, GFP_KERNEL);
		ok(p && ksize(p) == cases[i].takes && IS_ALIGNED((uintptr_t)p, cases[i].align),
		   "kmalloc(%zu) takes %zu bytes, aligned to %zu", cases[i].size, ksize(p),
		   cases[i].align);
		is_int(kmalloc_size_roundup(cases[i].size), cases[i].takes,
		       "  and kmalloc_size_roundup() says so");
		kfree(p);
	}
	check_all();
}

/* 1000 objects of n bytes: how many pages. */
static void takes_pages(size_t size, unsigned long most)
{
	unsigned long before = pages_of("slob"), pages;
	static void *p[1000];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmalloc(size, GFP_KERNEL);
	pages = pages_of("slob") - before;
	slab_check(NULL);
	ok(pages && pages <= most, "1000 x %zu bytes: %lu pages, at most %lu", size, pages, most);
	free_array(p, ARRAY_SIZE(p));
	ok(pages_of("slob") <= before, "  all of them go back");
}

static void test_dense(void)
{
	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	takes_pages(8, 3);
	takes_pages(33, 1000 / (3968 / 40) + 1);
	takes_pages(64, 1000 / 62 + 1);
	takes_pages(96, 1000 / 41 + 1);
	takes_pages(512, 1000 / 7 + 1);
	takes_pages(1000, 1000 / 3 + 1);
	takes_pages(1024, 1000 / 3 + 1);
	check_all();
}

/* --- first fit --- */

static void test_first_fit(void)
{
	static void *filler[2000];
	unsigned int nr = 0, i;
	unsigned long pages;
	char *p[8], *q, *r;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	p[0] = first_of_new_page(40, filler, &nr, ARRAY_SIZE(filler));
	pages = pages_of("slob");
	for (i = 1; i < 8; i++)
		p[i] = kmalloc(40, GFP_KERNEL);
	for (i = 1; i < 8; i++)
		if (p[i] != p[i - 1] + 40)
			break;
	is_int(i, 8, "objects lie one behind the other");
	kfree(p[2]);
	kfree(p[5]);
	q = kmalloc(24, GFP_KERNEL);
	r = kmalloc(9, GFP_KERNEL);
	ok(q == p[2] && r == q + 24, "the first hole that fits is taken, then what is left of it");
	kfree(q);
	kfree(r);
	kfree(p[3]);
	q = kmalloc(80, GFP_KERNEL);
	ok(q == p[2], "holes that touch have become one");
	kfree(p[4]);
	kfree(q);
	q = kmalloc(160, GFP_KERNEL);
	ok(q == p[2], "from both sides");
	slab_check(NULL);
	kfree(q);
	kfree(p[0]);
	kfree(p[1]);
	kfree(p[6]);
	kfree(p[7]);
	ok(pages_of("slob") < pages, "an empty page goes back at once");
	free_array(filler, nr);
	check_all();
}

static void test_lists(void)
{
	void *small, *medium, *large, *again, *filler[64];
	unsigned int nr = 0;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	small = kmalloc(255, GFP_KERNEL);
	medium = first_of_new_page(1023, filler, &nr, ARRAY_SIZE(filler));
	large = kmalloc(1025, GFP_KERNEL);
	again = kmalloc(1020, GFP_KERNEL);
	ok(!same_page(small, medium) && !same_page(medium, large) && !same_page(small, large),
	   "small, medium and large objects have pages of their own");
	ok(same_page(medium, again), "those of the same list share one");
	kfree(small);
	kfree(medium);
	kfree(large);
	kfree(again);
	free_array(filler, nr);
	check_all();
}

static void test_shared(void)
{
	struct kmem_cache *a, *b;
	char *p, *q;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	a = kmem_cache_create("a", 52, 4, 0, NULL);
	b = kmem_cache_create("b", 100, 128, SLAB_HWCACHE_ALIGN, NULL);
	p = kmem_cache_alloc(a, GFP_KERNEL);
	q = kmem_cache_alloc(b, GFP_KERNEL);
	ok(same_page(p, q), "objects of different caches share a page");
	ok(IS_ALIGNED((uintptr_t)q, 128), "and are aligned as their caches say");
	is_int(figures("a").active_objs, 1, "each cache counts its own");
	is_int(figures("b").active_objs, 1, "  (b)");
	kmem_cache_free(a, p);
	is_int(figures("a").active_objs, 0, "  and what comes back");
	kmem_cache_free(b, q);
	kmem_cache_destroy(a);
	kmem_cache_destroy(b);
	ok(!log_says("BUG") && !log_says("still has objects"), "nothing to report");
	check_all();
}

/* --- pools and nodes --- */

static void test_pools(void)
{
	struct kmem_cache *dma32;
	void *p[4], *q;
	unsigned int i;

	if (!SLOB_ON(.mem = 5 * GIB))
		return;
	dma32 = kmem_cache_create("dma32", 100, 0, SLAB_CACHE_DMA32, NULL);
	p[0] = kmalloc(100, GFP_KERNEL);
	p[1] = kmalloc(100, GFP_KERNEL | __GFP_DMA);
	p[2] = kmalloc(100, GFP_KERNEL | __GFP_RECLAIMABLE);
	p[3] = kmalloc(100, GFP_KERNEL | __GFP_ACCOUNT);
	q = kmem_cache_alloc(dma32, GFP_KERNEL);
	is_int(object_zone(p[1]), ZONE_DMA, "GFP_DMA is ZONE_DMA");
	ok(__pa(q) < 4 * GIB, "SLAB_CACHE_DMA32 is below 4 GiB");
	is_int(page_mobility(virt_to_page(p[2])), MIGRATE_RECLAIMABLE, "reclaimable is");
	for (i = 1; i < 4; i++)
		ok(!same_page(p[0], p[i]), "kind %u has pages of its own", i);
	is_int(figures("dma-kmalloc-128").active_objs, 1, "counted by kind");
	free_array(p, 4);
	is_int(figures("dma-kmalloc-128").active_objs, 0, "  and back");
	is_int(figures("kmalloc-rcl-128").active_objs + figures("kmalloc-cg-128").active_objs, 0,
	       "  (the others)");
	kmem_cache_free(dma32, q);
	kmem_cache_destroy(dma32);
	is_int(pages_of("dma-slob") + pages_of("dma32-slob"), 0, "and their pages go back");
	check_all();
}

static void test_nodes(void)
{
	struct pile pile = { 0 };
	unsigned long pages;
	unsigned int n;
	void *p, *q;

	if (!SLOB_ON(.mem = 128 * MIB, .nodes = 2, .cpus = 2))
		return;
	p = kmalloc_node(100, GFP_KERNEL, 1);
	q = kmalloc_node(100, GFP_KERNEL, 0);
	ok(object_nid(p) == 1 && object_nid(q) == 0, "objects lie on the node asked for");
	kfree(q);
	host_set_cpu(1);
	q = kmalloc(50, GFP_KERNEL);
	is_int(object_nid(q), cpu_to_node(1), "or near the CPU");
	while ((n = (unsigned int)pile_fill(&pile, GFP_EVERYTHING | __GFP_THISNODE, 0, 0)))
		;
	pages = pages_of("slob");
	for (n = 0; n < 600; n++) {
		void *r = kmalloc_node(100, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 1);

		if (!r)
			break;
		ok(n || object_nid(r) == 1, "the last ones of a full node are its own");
	}
	ok(n < 600, "a full node has no more (__GFP_THISNODE)");
	for (n = 0; n < 100; n++)
		p = kmalloc_node(100, GFP_KERNEL, 1);
	is_int(object_nid(p), 0, "another one is better than none");
	ok(pages_of("slob") - pages <= 4, "without a new page for each");
	pile_free(&pile);
	slab_check(NULL);
}

/* --- what goes wrong --- */

/* Each of these frees is wrong: reported once, with this text, and nothing changes. */
static void refused(struct kmem_cache *s, void *p, const char *text, const char *what)
{
	unsigned int bugs = log_counts("BUG "), texts = log_counts(text);
	unsigned long used = figures("slob").active_objs;

	if (s)
		kmem_cache_free(s, p);
	else
		kfree(p);
	ok(log_counts("BUG ") == bugs + 1 && log_counts(text) == texts + 1, "%s is reported: %s",
	   what, text);
	is_int(figures("slob").active_objs, used, "  and ignored");
	slab_check(NULL);
}

static void test_bad_frees(void)
{
	struct kmem_cache *a, *b, *like_a;
	char *p, *q, *k, *page, *bitmaps;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	page = (char *)__get_free_page(GFP_KERNEL);
	a = kmem_cache_create("a", 80, 0, 0, NULL);
	b = kmem_cache_create("b", 96, 0, 0, NULL);
	like_a = kmem_cache_create("like-a", 80, 0, 0, NULL);
	p = kmem_cache_alloc(a, GFP_KERNEL);
	q = kmem_cache_alloc(b, GFP_KERNEL);
	k = kmalloc(200, GFP_KERNEL);
	refused(NULL, k + 8, "Invalid object pointer", "the middle of an object");
	refused(NULL, k + 1, "Invalid object pointer", "a misaligned pointer");
	bitmaps = k - (uintptr_t)k % PAGE_SIZE;
	refused(NULL, bitmaps, "Invalid object pointer", "the page's first byte");
	refused(NULL, bitmaps + 64, "Invalid object pointer", "a bitmap");
	refused(a, p + 16, "Invalid object pointer", "the middle of a cache's object");
	refused(NULL, p, "Wrong slab cache", "kfree() of a cache's object");
	refused(a, q, "Wrong slab cache", "another cache's object");
	refused(like_a, p, "Wrong slab cache", "of a cache with objects of the same size");
	refused(a, k, "Wrong slab cache", "kmalloc()'s object as a cache's");
	refused(NULL, page + 64, "not in a slab", "a pointer into a page that is no slab's");
	kmem_cache_free(a, p);
	refused(a, p, "Object already free", "a second free");
	kfree(k);
	refused(NULL, k, "Object already free", "a second kfree()");
	refused(NULL, k + 8, "Object already free", "the middle of what is free");
	kmem_cache_free(b, q);
	is_int(figures("a").active_objs + figures("b").active_objs, 0, "objects are counted right");
	check_all();
}

static void test_bad_large(void)
{
	struct kmem_cache *s;
	char *p, *q;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	s = kmem_cache_create("large", 5000, 0, 0, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmalloc(6000, GFP_KERNEL);
	is_int(figures("large").num_slabs, 1, "a large object is a slab of its cache");
	refused(s, p + 8, "Invalid object pointer", "the middle of a large object");
	refused(s, p + PAGE_SIZE, "Invalid object pointer", "its second page");
	refused(s, q, "Wrong slab cache", "another cache's");
	refused(NULL, q + PAGE_SIZE, "Invalid object pointer", "a page of kmalloc()'s");
	kfree(q);
	refused(NULL, q, "not in a slab", "a second free");
	kmem_cache_free(s, p);
	refused(s, p, "not in a slab", "of a cache's, too");
	is_int(figures("large").num_slabs, 0, "and no slab is left");
	kmem_cache_destroy(s);
	check_all();
}

/* Whoever writes to a free block does not get the list led elsewhere. */
static void test_free_block_written(void)
{
	static void *filler[2000];
	unsigned int nr = 0, i, bugs;
	u64 *p, *q, *hole;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	p = first_of_new_page(48, filler, &nr, ARRAY_SIZE(filler));
	hole = kmalloc(48, GFP_KERNEL);
	q = kmalloc(48, GFP_KERNEL);
	kfree(hole);
	is_int(validate_slab_cache(slab_cache(virt_to_slab(p))), 0, "validation finds nothing");
	for (i = 0; i < 64; i += 7) {
		hole[0] ^= (u64)1 << i;
		is_int(validate_slab_cache(slab_cache(virt_to_slab(p))), 1,
		       "validation finds bit %u of a free block changed", i);
		hole[0] ^= (u64)1 << i;
	}
	slab_check(NULL);
	hole[0] ^= 4;
	bugs = log_counts("BUG ");
	for (i = 0; i < 200; i++) {
		void *r = kmalloc(48, GFP_KERNEL);

		if (!r || same_page(r, p))
			break;
		filler[nr++] = r;
	}
	is_int(i, 200, "nothing of that page is given out any more");
	ok(log_counts("BUG ") == bugs + 1 && log_says("Freechain corrupt"),
	   "which is reported once");
	kfree(p);
	kfree(q);
	slab_check(NULL);
	free_array(filler, nr);
	check_all();
}

static void test_exhausted(void)
{
	static void *p[60000];
	unsigned long before;
	unsigned int n = 0;

	if (!SLOB_ON(.mem = 32 * MIB))
		return;
	before = all_free();
	while (n < ARRAY_SIZE(p) && (p[n] = kmalloc(600, GFP_NOWAIT | __GFP_NOWARN)))
		n++;
	ok(n > 30000 && n < ARRAY_SIZE(p), "%u objects, then NULL", n);
	slab_check(NULL);
	free_array(p, n);
	nothing_lost(before, "all freed");
	slab_check(NULL);
}

/* --- constructors, wiping, RCU --- */

static unsigned int constructed;

static void construct(void *obj)
{
	memset(obj, 0x5e, 72);
	constructed++;
}

static void test_constructor(void)
{
	struct kmem_cache *s;
	unsigned int i;
	char *p;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	constructed = 0;
	s = kmem_cache_create("made", 72, 0, 0, construct);
	for (i = 1; i <= 3; i++) {
		p = kmem_cache_alloc(s, GFP_KERNEL);
		ok(constructed == i && is_filled(p, 0x5e, 72), "constructed at each allocation");
		memset(p, 0, 72);
		kmem_cache_free(s, p);
	}
	kmem_cache_destroy(s);
	check_all();
}

static void test_zeroes(void)
{
	unsigned int i, bad = 0;
	char *p, *neighbour;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	for (i = 0; i < 500; i++) {
		size_t size = 1 + i * 7;

		p = kmalloc(size, GFP_KERNEL);
		neighbour = kmalloc(size, GFP_KERNEL);
		memset(p, 0xaa, ksize(p));
		memset(neighbour, 0xbb, ksize(neighbour));
		kfree(p);
		p = kzalloc(size, GFP_KERNEL);
		bad += !is_filled(p, 0, ksize(p)) || !is_filled(neighbour, 0xbb, ksize(neighbour));
		kfree(p);
		kfree(neighbour);
	}
	is_int(bad, 0, "kzalloc() wipes the whole object and nothing else");
	check_all();
}

static void test_init_on_free(void)
{
	u64 *p, *before;

	if (!SLOB_ON(.mem = 64 * MIB, .cmdline = "init_on_free=1"))
		return;
	before = kmalloc(80, GFP_KERNEL);
	p = kmalloc(80, GFP_KERNEL);
	memset(p, 0xaa, 80);
	kfree(p);
	ok(is_filled(p + 1, 0, 72), "init_on_free=1 wipes all but the block's header");
	kfree(before);
	check_all();
}

static struct { void (*fn)(void *arg); void *arg; } waiting[64];
static unsigned int nr_waiting;

static void queue_rcu(void (*fn)(void *arg), void *arg)
{
	waiting[nr_waiting].fn = fn;
	waiting[nr_waiting++].arg = arg;
}

static void run_rcu(void)
{
	unsigned int i, n = nr_waiting;

	nr_waiting = 0;
	for (i = 0; i < n; i++)
		waiting[i].fn(waiting[i].arg);
}

static const struct slab_rcu_ops rcu = { .call_rcu = queue_rcu, .barrier = run_rcu };

static void rcu_cache(size_t size)
{
	struct kmem_cache *s, *other;
	unsigned long pages;
	char *p[3], *q, *r;

	s = kmem_cache_create("typesafe", (unsigned int)size, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	other = kmem_cache_create("other", (unsigned int)size, 0, 0, NULL);
	pages = slab_pages(NUMA_NO_NODE, false);
	p[0] = kmem_cache_alloc(s, GFP_KERNEL);
	p[1] = kmem_cache_alloc(s, GFP_KERNEL);
	p[2] = kmem_cache_alloc(s, GFP_KERNEL);
	memset(p[0], 0x77, size);
	kmem_cache_free(s, p[0]);
	kmem_cache_free(s, p[1]);
	is_int(figures("typesafe").active_objs, 1, "%zu bytes: one in use, two wait", size);
	refused(s, p[1], "Object already free", "a second free of one that waits");
	ok(is_filled(p[0], 0x77, size), "those that wait are as they were");
	r = kmem_cache_alloc(other, GFP_KERNEL);
	ok(!overlaps(r, size, p[0], size) && !overlaps(r, size, p[1], size),
	   "no other cache gets them");
	kmem_cache_free(other, r);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	ok(q == p[0] || q == p[1], "their own may");
	kmem_cache_free(s, q);
	run_rcu();
	run_rcu();
	run_rcu();
	slab_check(NULL);
	is_int(nr_waiting, 0, "after grace periods none waits");
	kmem_cache_free(s, p[2]);
	kmem_cache_destroy(s);
	kmem_cache_destroy(other);
	ok(slab_pages(NUMA_NO_NODE, false) <= pages, "and all pages are back");
	slab_check(NULL);
}

static void test_rcu(void)
{
	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	nr_waiting = 0;
	set_slab_rcu_ops(&rcu);
	rcu_cache(100);
	rcu_cache(1);
	rcu_cache(4090);
	rcu_cache(20000);
	set_slab_rcu_ops(NULL);
	check_all();
}

/* Without grace periods nothing is ever given to others, until the cache goes. */
static void test_no_rcu(void)
{
	struct kmem_cache *s;
	void *p[200];
	unsigned int i;
	unsigned long before;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	s = kmem_cache_create("typesafe", 200, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	before = pages_of("slob");
	for (i = 0; i < 200; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (i = 0; i < 200; i++)
		kmem_cache_free(s, p[i]);
	ok(pages_of("slob") > before, "pages stay");
	for (i = 0; i < 200; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (i = 0; i < 200; i++)
		kmem_cache_free(s, p[i]);
	slab_check(NULL);
	kmem_cache_destroy(s);
	ok(pages_of("slob") <= before, "until the cache goes");
	check_all();
}

static void test_rcu_list_written(void)
{
	struct kmem_cache *s;
	char *p, *q;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	s = kmem_cache_create("typesafe", 64, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	kmem_cache_free(s, q);
	memset(q + 64, 0x41, 8);
	ok(kmem_cache_alloc(s, GFP_KERNEL) == q, "the first of the list is right");
	ok(kmem_cache_alloc(s, GFP_KERNEL), "what its link leads to is not followed");
	ok(log_says("Freechain corrupt"), "which is reported");
	slab_check(NULL);
}

/* --- destroy, figures --- */

static void test_destroy_live(void)
{
	struct kmem_cache *s;
	char *p;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	s = kmem_cache_create("live", 100, 0, 0, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	memset(p, 0x11, 100);
	kmem_cache_destroy(s);
	ok(log_says("still has objects (1)"), "live objects are reported");
	ok(is_filled(p, 0x11, 100), "and left alone");
	check_all();
}

static void test_figures(void)
{
	struct kmem_cache_info pool, before;
	void *p;

	if (!SLOB_ON(.mem = 64 * MIB))
		return;
	before = figures("slob");
	p = kmalloc(100, GFP_KERNEL);
	pool = figures("slob");
	is_int((pool.active_objs - before.active_objs) * pool.size, 104,
	       "a pool counts bytes in use");
	is_int(pool.num_objs, pool.num_slabs * pool.objects_per_slab, "of all there are");
	ok(pool.partial <= pool.num_slabs && pool.objects_partial <= pool.active_objs,
	   "partial pages");
	is_int(pool.node_slabs[0], pool.num_slabs, "by node");
	is_int(kmem_cache_tune("slob", SLAB_ATTR_MIN_PARTIAL, 1), -EINVAL, "nothing to tune");
	is_int(kmem_cache_shrink(kmalloc_caches[0][3]), figures("kmalloc-8").active_objs != 0,
	       "shrink says whether there are objects");
	kfree(p);
	check_all();
}

/* --- at random --- */

#define MOST_OBJECTS 3000
static struct object { u8 *p; u32 size; u8 byte; struct kmem_cache *s; } objects[MOST_OBJECTS];

static u32 random_size(struct prng *rnd)
{
	u32 roll = prng_below(rnd, 100);

	return 1 + prng_below(rnd, roll < 60 ? 128 : roll < 85 ? 600 : roll < 98 ? 4000 : 8192);
}

static void make_object(struct object *o, struct kmem_cache **s, struct prng *rnd)
{
	gfp_t gfp = prng_below(rnd, 8) ? GFP_NOWAIT : GFP_NOWAIT | __GFP_RECLAIMABLE;

	o->s = prng_below(rnd, 3) ? NULL : s[prng_below(rnd, 4)];
	o->size = o->s ? kmem_cache_size(o->s) : random_size(rnd);
	o->p = o->s ? kmem_cache_alloc(o->s, GFP_NOWAIT) : kmalloc(o->size, gfp);
	o->byte = (u8)prng_below(rnd, 256);
	if (o->p)
		memset(o->p, o->byte, o->size);
}

/* False: somebody wrote to it. */
static bool free_object(struct object *o)
{
	bool good = is_filled(o->p, o->byte, o->size);

	if (o->s)
		kmem_cache_free(o->s, o->p);
	else
		kfree(o->p);
	o->p = NULL;
	return good;
}

static void test_random(void)
{
	static const unsigned int sizes[4] = { 24, 200, 1000, 5000 };
	struct prng rnd = { .state = 77 };
	struct kmem_cache *s[4];
	unsigned int i, steps = SANITIZED ? 20000 : BOOTED(200000, 20000), bad = 0;
	unsigned long before;
	char name[8];

	if (!SLOB_ON(.mem = 64 * MIB, .seed = 5))
		return;
	settled(4);
	before = settle();
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		s[i] = kmem_cache_create(name, sizes[i], 0, i == 1 ? SLAB_HWCACHE_ALIGN : 0, NULL);
	}
	for (i = 0; i < steps; i++) {
		struct object *o = &objects[prng_below(&rnd, MOST_OBJECTS)];

		if (o->p)
			bad += !free_object(o);
		else
			make_object(o, s, &rnd);
		if (i % (SANITIZED ? 1000 : 500) == 0)
			slab_check(NULL);
	}
	for (i = 0; i < MOST_OBJECTS; i++)
		if (objects[i].p)
			bad += !free_object(&objects[i]);
	is_int(bad, 0, "%u random steps: no object is written to by another", steps);
	for (i = 0; i < 4; i++)
		kmem_cache_destroy(s[i]);
	ok(!log_says("BUG"), "nothing is reported");
	all_back(before, "at random");
}

/* --- all CPUs --- */

#define CPUS	4
#define SLOTS	512
static u8 *slots[SLOTS];
static unsigned int damaged;
static struct kmem_cache *shared_cache;

/* The first byte says how the object is filled; its size too, if it is kmalloc's. */
static void check_and_free(u8 *p, bool kmalloced)
{
	size_t n = kmalloced ? p[0] : 56;

	if (!is_filled(p, p[0], n))
		__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
	if (kmalloced)
		kfree(p);
	else
		kmem_cache_free(shared_cache, p);
}

static void exchange_objects(void *arg)
{
	struct prng rnd = { .state = 100 + kmm_cpu() };
	unsigned int i, n = SANITIZED ? 3000 : BOOTED(30000, 3000);

	(void)arg;
	for (i = 0; i < n; i++) {
		unsigned int slot = prng_below(&rnd, SLOTS);
		u8 byte = (u8)(1 + prng_below(&rnd, 255)), *p;

		p = slot % 2 ? kmalloc(byte, GFP_NOWAIT) :
			       kmem_cache_alloc(shared_cache, GFP_NOWAIT);
		if (p)
			memset(p, byte, slot % 2 ? byte : 56);
		p = __atomic_exchange_n(&slots[slot], p, __ATOMIC_ACQ_REL);
		if (p)
			check_and_free(p, slot % 2);
	}
}

static void test_threads(void)
{
	unsigned int i;

	if (!SLOB_ON(.mem = 128 * MIB, .nodes = 2, .cpus = CPUS, .threads = true))
		return;
	damaged = 0;
	shared_cache = kmem_cache_create("shared", 56, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	host_run_on_all(exchange_objects, NULL);
	slab_check(NULL);
	for (i = 0; i < SLOTS; i++) {
		if (slots[i])
			check_and_free(slots[i], i % 2);
		slots[i] = NULL;
	}
	is_int(damaged, 0, "%u CPUs exchange objects: none is damaged", CPUS);
	kmem_cache_destroy(shared_cache);
	ok(!log_says("BUG") && !log_says("still has objects"), "nothing is reported");
	check_all();
}

int main(void)
{
	run_case(test_sizes);
	run_case(test_dense);
	run_case(test_first_fit);
	run_case(test_lists);
	run_case(test_shared);
	run_case(test_pools);
	run_case(test_nodes);
	run_case(test_bad_frees);
	run_case(test_bad_large);
	run_case(test_free_block_written);
	run_case(test_exhausted);
	run_case(test_constructor);
	run_case(test_zeroes);
	run_case(test_init_on_free);
	run_case(test_rcu);
	run_case(test_no_rcu);
	run_case(test_rcu_list_written);
	run_case(test_destroy_live);
	run_case(test_figures);
	run_case(test_random);
	run_case(test_threads);
	return done_testing();
}
