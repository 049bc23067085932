// SPDX-License-Identifier: MIT
/*
 * kmalloc_test.c - memory by size, in every allocator: sizes and alignment, zeroes, what is too
 * large or overflows, kinds of memory, krealloc(), ksize(), copies of strings; and everything
 * that may not be freed is reported and harms nobody.
 */
#include "lib/bitops.h"
#include "objects.h"

static size_t shape(size_t i)
{
	return i <= 300 ? i : i <= 340 ? (i - 300) * 129 : (size_t)1 << (i - 330);
}
#define NR_SHAPES	353	/* 1 ... 300, 129 ... 5160, 2 KiB ... 4 MiB */

/* --- sizes --- */

static unsigned int size_wrong(size_t size)
{
	u8 *p = __kmalloc(size, GFP_KERNEL), *q = __kmalloc(size, GFP_KERNEL);
	unsigned int wrong = 0;

	if (!p || !q)
		return 1;
	wrong += !IS_ALIGNED((uintptr_t)p | (uintptr_t)q, ARCH_KMALLOC_MINALIGN);
	if (is_power_of_2(size) && size <= PAGE_SIZE)
		wrong += !IS_ALIGNED((uintptr_t)p | (uintptr_t)q, size);
	if (size > KMALLOC_MAX_CACHE_SIZE)
		wrong += !IS_ALIGNED((uintptr_t)p | (uintptr_t)q, PAGE_SIZE);
	wrong += ksize(p) < size || ksize(p) != kmalloc_size_roundup(size);
	memset(p, 0x11, ksize(p));
	memset(q, 0x22, ksize(q));
	wrong += !is_filled(p, 0x11, ksize(p)) || !is_filled(q, 0x22, ksize(q));
	kfree(p);
	kfree(q);
	return wrong;
}

static void test_sizes(void)
{
	unsigned long before;
	unsigned int i, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = settle();
	for (i = 1; i < NR_SHAPES; i++)
		if (size_wrong(shape(i))) {
			wrong++;
			diag("%s: size %zu", allocator, shape(i));
		}
	is_int(wrong, 0, "%s: every size: aligned, ksize() usable, as kmalloc_size_roundup() says",
	       allocator);
	all_back(before, "sizes");
}

/* Sizes the compiler knows go another way than those it does not. */
#define CONSTANT(n) do { \
	void *p = kmalloc(n, GFP_KERNEL); \
	wrong += !p || ksize(p) < (n) || (is_power_of_2(n) && !IS_ALIGNED((uintptr_t)p, n)); \
	memset(p, 0xee, n); \
	kfree(p); \
	p = kzalloc(n, GFP_KERNEL); \
	wrong += !p || !is_filled(p, 0, n); \
	kfree(p); \
} while (0)

static void test_constants(void)
{
	unsigned int wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	CONSTANT(1); CONSTANT(8); CONSTANT(9); CONSTANT(16); CONSTANT(17); CONSTANT(32);
	CONSTANT(33); CONSTANT(64); CONSTANT(65); CONSTANT(96); CONSTANT(97); CONSTANT(128);
	CONSTANT(129); CONSTANT(192); CONSTANT(193); CONSTANT(256); CONSTANT(257); CONSTANT(512);
	CONSTANT(513); CONSTANT(1024); CONSTANT(1025); CONSTANT(2048); CONSTANT(2049);
	CONSTANT(4096); CONSTANT(4097); CONSTANT(8191); CONSTANT(8193); CONSTANT(100000);
	is_int(wrong, 0, "%s: sizes known at compile time", allocator);
	check_all();
}

static void test_zero_size(void)
{
	void *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	p = kmalloc(0, GFP_KERNEL);
	q = kmalloc_array(0, 100, GFP_KERNEL);
	ok(p == ZERO_SIZE_PTR && q == ZERO_SIZE_PTR, "%s: 0 bytes: a pointer to nothing",
	   allocator);
	ok(kzalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR &&
	   kmalloc_node(0, GFP_KERNEL, 0) == ZERO_SIZE_PTR,
	   "%s: however asked", allocator);
	is_int(ksize(p), 0, "%s: of no size", allocator);
	is_int(ksize(NULL), 0, "%s: as NULL", allocator);
	is_int(kmalloc_size_roundup(0), 0, "%s: roundup of 0", allocator);
	kfree(p);
	kfree(NULL);
	kfree_sensitive(p);
	kfree_sensitive(NULL);
	ok(!log_says("BUG"), "%s: which may be freed, as NULL may", allocator);
	check_all();
}

static void test_too_large(void)
{
	static const size_t large[] = { KMALLOC_MAX_SIZE + 1, KMALLOC_MAX_SIZE * 2,
					SIZE_MAX / 2 + 1, SIZE_MAX - PAGE_SIZE,
					SIZE_MAX - 1, SIZE_MAX,
#if UINTPTR_MAX > 0xffffffffu
					((size_t)1 << 32) + 8, (size_t)1 << 40,
#endif
	};
	volatile size_t n = SIZE_MAX / 8 + 1;
	unsigned int i, got = 0;
	unsigned long before;
	void *p;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = settle();
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		got += __kmalloc(large[i], GFP_KERNEL) != NULL;
		got += __kmalloc(large[i], GFP_KERNEL | GFP_DMA | __GFP_ZERO) != NULL;
		got += __kmalloc_node(large[i], GFP_KERNEL, 0) != NULL;
	}
	is_int(got, 0, "%s: above KMALLOC_MAX_SIZE: NULL", allocator);
	got += kmalloc_array(n, 8, GFP_KERNEL) != NULL;
	got += kcalloc(n, 16, GFP_KERNEL) != NULL;
	got += kmalloc_array_node(16, n, GFP_KERNEL, 0) != NULL;
	got += kcalloc_node(n, n, GFP_KERNEL, 0) != NULL;
	p = kmalloc(100, GFP_KERNEL);
	got += krealloc_array(p, n, 8, GFP_KERNEL) != NULL;
	got += krealloc(p, KMALLOC_MAX_SIZE + 1, GFP_KERNEL) != NULL;
	is_int(got, 0, "%s: n * size overflows: NULL", allocator);
	memset(p, 1, 100);
	kfree(p);
	p = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);
	ok(p, "%s: KMALLOC_MAX_SIZE can be had", allocator);
	is_int(kmalloc_large_pages(), KMALLOC_MAX_SIZE / PAGE_SIZE, "%s: and is counted",
	       allocator);
	kfree(p);
	is_int(kmalloc_large_pages(), 0, "%s: until it is freed", allocator);
	all_back(before, "too large");
}

static void test_zeroes(void)
{
	unsigned int i, k, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2))
		return;
	for (i = 1; i < NR_SHAPES; i++) {
		size_t size = shape(i);
		void *p[4];

		for (k = 0; k < 4; k++)
			p[k] = memset(__kmalloc(size, GFP_KERNEL), 0xff, size);
		for (k = 0; k < 4; k++)
			kfree(p[k]);
		p[0] = kzalloc(size, GFP_KERNEL);
		p[1] = kcalloc(1, size, GFP_KERNEL);
		p[2] = kzalloc_node(size, GFP_KERNEL, 1);
		p[3] = kcalloc_node(size, 1, GFP_KERNEL, 0);
		for (k = 0; k < 4; k++) {
			wrong += !is_filled(p[k], 0, size);
			kfree(p[k]);
		}
	}
	is_int(wrong, 0, "%s: kzalloc(), kcalloc(), _node: zeroes", allocator);
	check_all();
}

/* --- kinds of memory --- */

static unsigned int kind_wrong(gfp_t gfp, enum zone_type zone)
{
	unsigned int i, wrong = 0;

	for (i = 1; i < NR_SHAPES; i += 7) {
		void *p = __kmalloc(shape(i), GFP_KERNEL | gfp);

		wrong += !p || object_zone(p) != zone;
		kfree(p);
	}
	return wrong;
}

static void test_kinds(void)
{
	if (sizeof(void *) == 4 || !SLAB_MACHINE_ON(.mem = 5 * GIB))
		return;
	is_int(kind_wrong(0, ZONE_NORMAL), 0, "%s: ZONE_NORMAL", allocator);
	is_int(kind_wrong(GFP_DMA, ZONE_DMA), 0, "%s: GFP_DMA: ZONE_DMA, every size", allocator);
	is_int(kind_wrong(__GFP_RECLAIMABLE, ZONE_NORMAL), 0, "%s: reclaimable", allocator);
	is_int(kind_wrong(__GFP_ACCOUNT, ZONE_NORMAL), 0, "%s: accounted", allocator);
	is_int(kind_wrong(__GFP_HIGHMEM | __GFP_MOVABLE, ZONE_NORMAL), 0,
	       "%s: movable and high memory are ignored", allocator);
	is_int(kind_wrong(GFP_DMA | __GFP_RECLAIMABLE, ZONE_DMA), 0, "%s: DMA before all",
	       allocator);
	check_all();
}

static void test_mobility(void)
{
	unsigned int i, wrong = 0;
	void *p;

	if (!SLAB_MACHINE_ON(.mem = 256 * MIB))
		return;
	for (i = 1; i < NR_SHAPES; i += 5) {
		p = __kmalloc(shape(i), GFP_KERNEL | __GFP_RECLAIMABLE);
		wrong += !p || get_pageblock_migratetype(virt_to_page(p)) != MIGRATE_RECLAIMABLE;
		p = __kmalloc(shape(i), GFP_KERNEL);
		wrong += !p || get_pageblock_migratetype(virt_to_page(p)) != MIGRATE_UNMOVABLE;
	}
	is_int(wrong, 0, "%s: __GFP_RECLAIMABLE: pageblocks of their own", allocator);
	check_all();
}

static void test_no_dma_zone(void)
{
	void *p;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cmdline = "nozonedma"))
		return;
	p = kmalloc(100, GFP_KERNEL | GFP_DMA);
	ok(p && kmalloc_caches[KMALLOC_DMA][7], "%s: no DMA zone: GFP_DMA is as good as any",
	   allocator);
	kfree(p);
	check_all();
}

static void test_nodes(void)
{
	unsigned int i, nid, wrong = 0;
	unsigned long before;

	if (!SLAB_MACHINE_ON(.mem = 192 * MIB, .nodes = 3, .cpus = 3))
		return;
	before = settle();
	for (i = 1; i < NR_SHAPES; i += 3)
		for (nid = 0; nid < 3; nid++) {
			void *p;

			host_set_cpu(i % 3);
			p = kmalloc_node(shape(i), GFP_KERNEL, (int)nid);
			wrong += !p || object_nid(p) != (int)nid;
			host_set_cpu((i + nid) % 3);
			kfree(p);
		}
	is_int(wrong, 0, "%s: kmalloc_node(): from that node", allocator);
	ok(!ZERO_OR_NULL_PTR(kmalloc_node(100, GFP_KERNEL, NUMA_NO_NODE)), "%s: or any", allocator);
	(void)before;
	check_all();
}

/* --- krealloc --- */

static unsigned int realloc_wrong(size_t from, size_t to)
{
	u8 *p = __kmalloc(from, GFP_KERNEL), *q;
	unsigned int wrong;

	memset(p, 0x3c, from);
	q = krealloc(p, to, GFP_KERNEL);
	wrong = !q || ksize(q) < to || !is_filled(q, 0x3c, min(from, to));
	wrong += to <= from && q != p;
	if (q)
		memset(q, 0, to);
	kfree(q);
	return wrong;
}

static void test_krealloc(void)
{
	unsigned int i, k, wrong = 0;
	unsigned long before;
	void *p;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = settle();
	for (i = 1; i < NR_SHAPES - 3; i += 6)
		for (k = 1; k < NR_SHAPES - 3; k += 9)
			wrong += realloc_wrong(shape(i), shape(k)) != 0;
	for (i = 8; i <= 65536; i *= 2)		/* every byte of what there is counts */
		for (k = 2; k < NR_SHAPES - 3; k += 9)
			wrong += realloc_wrong(i, shape(k)) || realloc_wrong(3 * i, shape(k));
	is_int(wrong, 0, "%s: krealloc(): grown, shrunk, contents kept", allocator);
	p = krealloc(NULL, 50, GFP_KERNEL);
	ok(p, "%s: of NULL: kmalloc()", allocator);
	ok(krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR, "%s: to 0: kfree()", allocator);
	p = krealloc(ZERO_SIZE_PTR, 50, GFP_KERNEL);
	ok(!ZERO_OR_NULL_PTR(p), "%s: from 0: kmalloc()", allocator);
	p = krealloc_array(p, 10, 20, GFP_KERNEL);
	ok(p && ksize(p) >= 200, "%s: krealloc_array()", allocator);
	kfree(p);
	all_back(before, "krealloc()");
}

static void test_krealloc_zero(void)
{
	unsigned int wrong = 0;
	size_t size, next;
	u8 *p;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	for (size = 1; size < 20000; size = size * 5 / 3 + 1) {	/* dirty memory to begin with */
		p = __kmalloc(size, GFP_KERNEL);
		memset(p, 0xff, ksize(p));
		kfree(p);
	}
	p = kzalloc(1, GFP_KERNEL);
	for (size = 1; size < 12000; size = next) {
		next = size * 5 / 3 + 1;
		memset(p, 0x55, size);
		p = krealloc(p, next, GFP_KERNEL | __GFP_ZERO);
		wrong += !is_filled(p, 0x55, size) || !is_filled(p + size, 0, next - size);
	}
	is_int(wrong, 0, "%s: krealloc(__GFP_ZERO): what is new is zeroes", allocator);
	kfree(p);
	check_all();
}

static void test_krealloc_fails(void)
{
	struct pile pile = { 0 };
	u8 *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 16 * MIB))
		return;
	p = memset(kmalloc(40, GFP_KERNEL), 0x19, 40);
	pile_fill_all(&pile, GFP_EVERYTHING);
	while (__kmalloc(5000, GFP_NOWAIT | __GFP_NOWARN))
		;
	q = krealloc(p, 5000, GFP_NOWAIT | __GFP_NOWARN);
	ok(!q && is_filled(p, 0x19, 40), "%s: krealloc() without memory: NULL, all as before",
	   allocator);
	kfree(p);
	check_all();
}

/* Whoever guards what lies behind an object must let its owner use all of ksize(), and grow it. */
static void test_debugged(void)
{
	unsigned int i, k, wrong = 0;
	unsigned long before;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .cmdline = "slub_debug=FZPU"))
		return;
	before = settle();
	for (i = 1; i < NR_SHAPES - 3; i += 5)
		wrong += size_wrong(shape(i)) != 0;
	is_int(wrong, 0, "%s: slub_debug: every size", allocator);
	for (i = 1; i < NR_SHAPES - 3; i += 11)
		for (k = 1; k < NR_SHAPES - 3; k += 13)
			wrong += realloc_wrong(shape(i), shape(k)) != 0;
	is_int(wrong, 0, "%s: slub_debug: krealloc()", allocator);
	no_bugs("slub_debug, and nothing done wrong");
	all_back(before, "slub_debug");
}

/* --- copies --- */

static void test_copies(void)
{
	char *s = NULL, *t, *u, *v, *w;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	s = kstrdup("a page, a slab, an object", GFP_KERNEL);
	is_str(s, "a page, a slab, an object", "%s: kstrdup()", allocator);
	t = kstrndup(s, 6, GFP_KERNEL);
	is_str(t, "a page", "%s: kstrndup()", allocator);
	u = kstrndup(s, 1000, GFP_KERNEL);
	is_str(u, s, "%s: of less than there is", allocator);
	v = kmemdup_nul(s + 8, 6, GFP_KERNEL);
	is_str(v, "a slab", "%s: kmemdup_nul()", allocator);
	w = kmemdup(s, 8, GFP_KERNEL);
	ok(w && !memcmp(w, s, 8), "%s: kmemdup()", allocator);
	kfree(s); kfree(t); kfree(u); kfree(v); kfree(w);
	s = kstrdup("", GFP_KERNEL);
	is_str(s, "", "%s: an empty string", allocator);
	kfree(s);
	ok(!kstrdup(NULL, GFP_KERNEL) && !kstrndup(NULL, 3, GFP_KERNEL) &&
	   !kmemdup_nul(NULL, 0, GFP_KERNEL), "%s: of NULL: NULL", allocator);
	ok(kmemdup("x", 0, GFP_KERNEL) == ZERO_SIZE_PTR, "%s: nothing copied", allocator);
	check_all();
}

/* What was freed so can hardly be read: links between free objects are all that may be there. */
static void test_sensitive(void)
{
	unsigned int i, k, left, wrong = 0;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB))
		return;
	for (i = 32; i < NR_SHAPES; i += 9) {
		size_t size = shape(i);
		u8 *p = memset(__kmalloc(size, GFP_KERNEL), 0x99, size);

		kfree_sensitive(p);
		for (left = k = 0; k < size; k++)
			left += p[k] == 0x99;
		wrong += left > 8;
	}
	is_int(wrong, 0, "%s: kfree_sensitive(): wiped", allocator);
	check_all();
}

static void test_usercopy(void)
{
	unsigned int from, wrong = 0;
	size_t n, size = 100;
	char *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	p = __kmalloc(size, GFP_KERNEL);
	q = __kmalloc(size, GFP_KERNEL);
	for (from = 0; from < size; from++)
		for (n = 0; n <= 2 * size; n++)
			if (from + n <= size)
				wrong += !__check_heap_object(p + from, n);
			else if (from + n > ksize(p))
				wrong += __check_heap_object(p + from, n);
	is_int(wrong, 0, "%s: copies of all of an object, never beyond", allocator);
	ok(!__check_heap_object(&from, 1) && !__check_heap_object(NULL, 1),
	   "%s: nor of what is none", allocator);
	kfree(p);
	kfree(q);
	check_all();
}

/* --- what may not be freed --- */

static void kfree_it(void *p)
{
	kfree(p);
}

static struct kmem_cache *freed_cache;

static void cache_free_it(void *p)
{
	kmem_cache_free(freed_cache, p);
}

/*
 * Refused: a line of the log names the cache, the machine goes on, and objects that are
 * in use stay so: none is given out a second time.
 */
static void refused(const char *what, void (*fn)(void *p), void *p)
{
	unsigned int bugs = log_counts("BUG");

	if (!ok(!stops(fn, p), "%s: %s does not stop the machine", allocator, what))
		return;
	ok(log_counts("BUG") > bugs, "%s: %s is reported", allocator, what);
	check_all();
}

static unsigned int given_twice(size_t size)
{
	static void *obj[600];
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = memset(__kmalloc(size, GFP_KERNEL), (int)(i % 255), size);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		wrong += !is_filled(obj[i], (u8)(i % 255), size);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		kfree(obj[i]);
	return wrong;
}

static void test_double_free(void)
{
	unsigned int cpu, k;
	void *p, *q[40];

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .nodes = 2, .cpus = 3))
		return;
	for (cpu = 0; cpu < 3; cpu++) {
		host_set_cpu(0);
		p = kmalloc(72, GFP_KERNEL);
		for (k = 0; k < ARRAY_SIZE(q); k++)
			q[k] = kmalloc(72, GFP_KERNEL);
		kfree(p);
		host_set_cpu(cpu);
		refused("kfree() of a free object", kfree_it, p);
		kfree_bulk(ARRAY_SIZE(q), q);
		refused("and later", kfree_it, p);
	}
	is_int(given_twice(72), 0, "%s: nothing is given out twice", allocator);
}

/* Full slabs, slabs on a node's list, slabs whose objects another CPU has freed. */
static void test_double_free_later(void)
{
	static void *obj[500];
	unsigned int i;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = kmalloc(150, GFP_KERNEL);
	host_set_cpu(1);
	kfree(obj[100]);
	refused("a second kfree() by the same CPU", kfree_it, obj[100]);
	host_set_cpu(0);
	refused("by the CPU that allocated", kfree_it, obj[100]);
	kfree(obj[499]);
	slab_drain();
	refused("after a drain", kfree_it, obj[499]);
	is_int(given_twice(150), 0, "%s: nothing is given out twice", allocator);
}

static void test_bad_pointers(void)
{
	char *p, *large;
	unsigned long page;
	int local = 0;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	p = kmalloc(200, GFP_KERNEL);
	large = kmalloc(100000, GFP_KERNEL);
	page = __get_free_page(GFP_KERNEL);
	memset(p, 0x42, 200);
	refused("a pointer into an object", kfree_it, p + 8);
	refused("a misaligned one", kfree_it, p + 1);
	refused("one into its middle", kfree_it, p + 96);
	refused("one into a large object", kfree_it, large + PAGE_SIZE);
	refused("a little into it", kfree_it, large + 16);
	refused("a page that is nobody's object", kfree_it, (void *)(uintptr_t)page);
	refused("an address outside of RAM", kfree_it, &local);
	refused("one below all", kfree_it, (void *)(uintptr_t)4096);
	refused("one above all", kfree_it, (void *)~(uintptr_t)7);
	ok(is_filled(p, 0x42, 200), "%s: the object is as it was", allocator);
	kfree(p);
	kfree(large);
	free_page(page);
	is_int(given_twice(200), 0, "%s: nothing is given out twice", allocator);
}

static void test_wrong_cache(void)
{
	struct kmem_cache *a, *b;
	void *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	a = kmem_cache_create("first", 80, 0, SLAB_NO_MERGE, NULL);
	b = kmem_cache_create("second", 80, 0, SLAB_NO_MERGE, NULL);
	p = memset(kmem_cache_alloc(a, GFP_KERNEL), 0x10, 80);
	q = memset(kmem_cache_alloc(b, GFP_KERNEL), 0x10, 80);
	freed_cache = b;
	if (!is_slob()) {
		refused("an object of another cache", cache_free_it, p);
		ok(log_says("first") && log_says("second"), "%s: both are named", allocator);
		ok(is_filled(p, 0x10, 80), "%s: it is as it was", allocator);
	}
	refused("a pointer into a cache's object", cache_free_it, (char *)q + 8);
	kmem_cache_free(b, q);
	refused("a cache's object freed twice", cache_free_it, q);
	kmem_cache_free(a, p);
	kmem_cache_destroy(a);
	check_all();
}

int main(void)
{
	run_each(test_sizes);
	run_each(test_constants);
	run_each(test_zero_size);
	run_each(test_too_large);
	run_each(test_zeroes);
	run_each(test_kinds);
	run_each(test_mobility);
	run_each(test_no_dma_zone);
	run_each(test_nodes);
	run_each(test_krealloc);
	run_each(test_krealloc_zero);
	run_each(test_krealloc_fails);
	run_each(test_debugged);
	run_each(test_copies);
	run_each(test_sensitive);
	run_each(test_usercopy);
	run_each(test_double_free);
	run_each(test_double_free_later);
	run_each(test_bad_pointers);
	run_each(test_wrong_cache);
	return done_testing();
}
