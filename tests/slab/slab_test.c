// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * slab_test.c - what is special to SLAB: slabs waste little, descriptors lie in them or elsewhere,
 * successive slabs begin at different colours, arrays keep what their limit says, and an object
 * that is freed twice is found wherever it lies: in an array, in another CPU's, in the slab.
 */
#include <kmm/introspect.h>

#include "objects.h"

static bool slab_on(const struct machine *m)
{
	allocator = "slab";
	return slab_machine_on(m);
}
#define SLAB_ON(...) slab_on(&(struct machine){ __VA_ARGS__ })

static struct kmem_cache *cache(unsigned int size)
{
	return kmem_cache_create("test", size, 0, SLAB_NO_MERGE, NULL);
}

static void test_sizes(void)
{
	static const unsigned int sizes[] = { 8, 24, 64, 104, 192, 256, 500, 512, 576, 1000, 1024,
					      1500, 2048, 3000, 4096, 8192 };
	unsigned int i, off = 0;

	if (!SLAB_ON(.mem = 64 * MIB))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *s = cache(sizes[i]);
		unsigned long span = PAGE_SIZE << s->order;
		unsigned long used = (unsigned long)s->objects * s->size;

		ok(s->objects && used <= span, "%u bytes: %u in a slab of order %u", sizes[i],
		   s->objects, s->order);
		ok(s->order >= slab_max_order || (span - used) * 8 <= span + 8 * s->freelist_size,
		   "  an eighth is wasted at most, or the order is the highest");
		off += s->freelist_cache != NULL;
		ok(!s->freelist_cache || s->size >= PAGE_SIZE / 8, "  %s descriptor",
		   s->freelist_cache ? "a distant" : "its own");
		kmem_cache_destroy(s);
	}
	ok(off >= 3, "%u of the larger ones keep their descriptors elsewhere", off);
	check_all();
}

static void test_colours(void)
{
	static void *held[400];
	unsigned long seen = 0, offsets = 0, odd = 0;
	struct kmem_cache *s;
	unsigned int i;

	if (!SLAB_ON(.mem = 64 * MIB))
		return;
	s = cache(600);
	ok(s->colour > 1, "%u colours of %u bytes", s->colour, s->colour_off);
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = kmem_cache_alloc(s, GFP_KERNEL);
		odd += (uintptr_t)held[i] % s->align != 0;
		seen |= 1ul << ((unsigned long)((uintptr_t)held[i] & (PAGE_SIZE - 1)) /
				s->colour_off % 32);
	}
	for (; seen; seen &= seen - 1)
		offsets++;
	ok(offsets > s->objects, "objects begin at %lu different lines, a slab has %u", offsets,
	   s->objects);
	is_int(odd, 0, "all aligned");
	check_all();
	for (i = 0; i < ARRAY_SIZE(held); i++)
		kmem_cache_free(s, held[i]);
	kmem_cache_destroy(s);
	check_all();
}

static void test_limits(void)
{
	static const struct { unsigned int size, limit; } want[] = {
		{ 64, 120 }, { 256, 120 }, { 512, 54 }, { 2048, 24 }, { 8192, 8 },
	};
	static void *held[300];
	struct kmem_cache_info info;
	struct kmem_cache *s;
	unsigned int i;

	if (!SLAB_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		s = cache(want[i].size);
		is_int(s->limit, want[i].limit, "%u bytes: the limit", want[i].size);
		is_int(s->batchcount, (want[i].limit + 1) / 2, "  and the batch");
		kmem_cache_destroy(s);
	}
	s = cache(64);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		held[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		kmem_cache_free(s, held[i]);
	kmem_cache_info_by_name("test", &info);
	ok(info.shared_avail > 0 && info.shared_avail <= s->shared * s->batchcount,
	   "what an array cannot hold is shared (%lu)", info.shared_avail);
	is_int(introspect_write("/proc/slabinfo", "test 20 10 2", 12), 0, "tuned by slabinfo");
	kmem_cache_info_by_name("test", &info);
	ok(info.limit == 20 && info.batchcount == 10 && info.shared == 2, "  as was asked for");
	ok(kmem_cache_tune("test", SLAB_ATTR_BATCHCOUNT, 21) < 0, "a batch above the limit is not");
	check_all();
	is_int(kmem_cache_shrink(s), 0, "and nothing is lost by it");
	kmem_cache_destroy(s);
}

static void refused(struct kmem_cache *s, void *p, const char *text, const char *where)
{
	unsigned int before = log_counts(text);

	kmem_cache_free(s, p);
	is_int(log_counts(text), before + 1, "%s: %s", where, text);
	check_all();
}

static void test_double(void)
{
	struct kmem_cache *s;
	char *p, *q;

	if (!SLAB_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 4))
		return;
	s = cache(100);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	refused(s, p + 8, "Invalid object pointer", "the middle of an object");
	refused(s, slab_address(virt_to_slab(p)), "Invalid object pointer", "the descriptor");
	kmem_cache_free(s, p);
	refused(s, p, "Object already free", "in this CPU's array");
	host_set_cpu(1);
	refused(s, p, "Object already free", "in another CPU's array");
	kmem_cache_free(s, q);
	refused(s, q, "Object already free", "in its home node's");
	slab_drain();
	host_set_cpu(0);
	refused(s, q, "Object already free", "in the slab");
	ok(kmem_cache_alloc(s, GFP_KERNEL) != kmem_cache_alloc(s, GFP_KERNEL), "all goes on");
	check_all();
}

static void test_reap(void)
{
	static void *held[120];
	struct kmem_cache_info info;
	struct kmem_cache *s;
	unsigned int i;

	if (!SLAB_ON(.mem = 64 * MIB))
		return;
	s = cache(64);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		held[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		kmem_cache_free(s, held[i]);
	for (i = 0; i < 20; i++)
		slab_reap();
	kmem_cache_info_by_name("test", &info);
	is_int(info.num_slabs, 0, "what lies idle goes back, little by little");
	check_all();
	kmem_cache_destroy(s);
}

int main(void)
{
	run_case(test_sizes);
	run_case(test_colours);
	run_case(test_limits);
	run_case(test_double);
	run_case(test_reap);
	return done_testing();
}
