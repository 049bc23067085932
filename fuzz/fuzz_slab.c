// SPDX-License-Identifier: MIT
/*
 * fuzz_slab.c - any sequence of operations on objects and caches, in each of the three
 * allocators: no two objects overlap, what is in them is kept, and the allocator's own
 * validation finds nothing, though what may not be freed is tried as well.
 *
 * Input: one byte that says what machine, then operations: a byte that says which, and its
 * arguments, a byte each. Missing bytes are 0. KMM_SLAB=name: that allocator alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/errno.h>
#include <kmm/slabinfo.h>

#include "platform/host/host.h"

#define SLOTS	48
#define CACHES	5
#define MOST_OPERATIONS	400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *at, *end;
} in;

static struct slot {
	uint8_t *p;
	size_t size;
	unsigned int cache;	/* CACHES: by kmalloc() */
	uint8_t byte;
} slot[SLOTS];
static struct kmem_cache *cache[CACHES];
static unsigned int cache_size[CACHES];
static uint8_t *stale;		/* the last object that was freed, while it is nobody's for sure */
static bool slob, slab;

static unsigned int next(void)
{
	return in.at < in.end ? *in.at++ : 0;
}

static void must(bool cond, const char *what)
{
	if (cond)
		return;
	printf("# %s: %s\n", slab_allocator_name(), what);
	abort();
}

/* --- the model --- */

static bool live(const uint8_t *p)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (slot[i].p && p >= slot[i].p && p < slot[i].p + slot[i].size)
			return true;
	return false;
}

static void look(const struct slot *s)
{
	size_t i;

	for (i = 0; i < s->size; i++)
		must(s->p[i] == s->byte, "contents have changed");
}

static void take(struct slot *s, void *p, size_t size, unsigned int from)
{
	unsigned int i;

	if (ZERO_OR_NULL_PTR(p))
		return;
	for (i = 0; i < SLOTS; i++)
		must(!slot[i].p || (uint8_t *)p + size <= slot[i].p ||
		     (uint8_t *)p >= slot[i].p + slot[i].size, "two objects overlap");
	*s = (struct slot){ p, size, from, (uint8_t)(next() | 1) };
	memset(p, s->byte, size);
}

static void give(struct slot *s)
{
	if (!s->p)
		return;
	look(s);
	if (s->cache == CACHES || (!slob && s->byte & 2))
		kfree(s->p);
	else
		kmem_cache_free(cache[s->cache], s->p);
	stale = s->p;
	s->p = NULL;
}

/* --- operations --- */

static size_t some_size(void)
{
	unsigned int kind = next(), n = next();

	switch (kind & 3) {
	case 0: return n;
	case 1: return n * 33u;
	case 2: return (size_t)1 << n % 17;
	default: return n * 300u;
	}
}

static gfp_t some_gfp(void)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT | __GFP_ZERO,
				       GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | GFP_DMA,
				       GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE };

	return kinds[next() % 6] | __GFP_NOWARN;
}

static struct slot *some_slot(bool used)
{
	unsigned int i = next() % SLOTS, k;

	for (k = 0; k < SLOTS; k++, i = (i + 1) % SLOTS)
		if (!slot[i].p == !used)
			return &slot[i];
	return NULL;
}

static void op_create(void)
{
	static const slab_flags_t flags[] = { 0, SLAB_NO_MERGE, SLAB_HWCACHE_ALIGN,
					      SLAB_TYPESAFE_BY_RCU, SLAB_RECLAIM_ACCOUNT };
	unsigned int i = next() % CACHES, align = next();
	slab_flags_t f = flags[next() % 5];
	size_t size = some_size();

	if (cache[i])
		return;
	cache_size[i] = (unsigned int)size;
	cache[i] = kmem_cache_create("fuzzed", cache_size[i], align & 16 ? 1u << align % 14 : align,
				     f, NULL);
}

static void op_destroy(void)
{
	unsigned int i = next() % CACHES, k;

	for (k = 0; k < SLOTS; k++)
		if (slot[k].p && slot[k].cache == i)
			give(&slot[k]);
	kmem_cache_destroy(cache[i]);
	cache[i] = NULL;
}

static void op_alloc(void)
{
	unsigned int i = next() % CACHES;
	struct slot *s = some_slot(false);
	int nid = (int)(next() % 5) - 2;

	if (!cache[i] || !s)
		return;
	take(s, nid < -1 ? kmem_cache_alloc(cache[i], some_gfp())
			 : kmem_cache_alloc_node(cache[i], some_gfp(), nid), cache_size[i], i);
}

static void op_kmalloc(void)
{
	struct slot *s = some_slot(false);
	size_t size = some_size();
	void *p;

	if (!s)
		return;
	p = __kmalloc(size, some_gfp());
	must(ZERO_OR_NULL_PTR(p) || ksize(p) >= size, "ksize() is too small");
	take(s, p, size, CACHES);
}

static void op_krealloc(void)
{
	struct slot *s = some_slot(true);
	size_t size = some_size() + 1, i;
	uint8_t *q;

	if (!s || s->cache != CACHES)
		return;
	look(s);
	q = krealloc(s->p, size, GFP_KERNEL | __GFP_NOWARN);
	if (!q)
		return;
	for (i = 0; i < s->size && i < size; i++)
		must(q[i] == s->byte, "krealloc() lost contents");
	s->p = NULL;
	take(s, q, size, CACHES);
}

static void op_bulk(void)
{
	unsigned int i = next() % CACHES, n = next() % 40, k;
	void *p[40];

	if (!cache[i] || !kmem_cache_alloc_bulk(cache[i], GFP_KERNEL | __GFP_NOWARN, n, p))
		return;
	for (k = 0; k < n; k++) {
		must(!live(p[k]), "an object in use is given out");
		memset(p[k], 0xb5, cache_size[i]);
	}
	kmem_cache_free_bulk(cache[i], n, p);
}

static void op_shrink(void)
{
	unsigned int i = next() % (CACHES + 1);

	if (i == CACHES)
		slab_drain();
	else if (cache[i])
		kmem_cache_shrink(cache[i]);
}

/* Everything here is refused, and leaves no trace. */
static void op_bad_free(void)
{
	unsigned int kind = next(), delta = next();
	struct slot *s = some_slot(true);

	if (kind & 1) {
		if (stale && !live(stale))
			kfree(stale);
	} else if (s && delta && delta < s->size) {
		kfree(s->p + delta);
	} else {
		kfree((void *)(uintptr_t)(kind * 0x01010101u));
	}
}

static void op_tune(void)
{
	unsigned int i = next() % CACHES, attr = next() % (SLAB_ATTR_SHARED + 1), value = next();

	if (cache[i])
		(void)!kmem_cache_tune(kmem_cache_name(cache[i]), (enum kmem_cache_attr)attr,
				       value);
}

/* Caches, and SLAB's slabs, need memory of their own: the last object freed may be theirs now. */
static void forget_stale(unsigned int op)
{
	if (op <= 1 || op == 9 || op == 11 || (slab && op <= 8))
		stale = NULL;
}

static void one_operation(void)
{
	unsigned int op = next() % 16;
	struct slot *s;

	switch (op) {
	case 0: op_create(); break;
	case 1: op_destroy(); break;
	case 2: case 3: case 4: op_alloc(); break;
	case 5: case 6: op_kmalloc(); break;
	case 7: op_krealloc(); break;
	case 8: op_bulk(); break;
	case 9: op_shrink(); break;
	case 10: op_bad_free(); break;
	case 11: op_tune(); break;
	case 12: host_set_cpu(next() % 3); break;
	default:
		s = some_slot(true);
		if (s)
			give(s);
	}
	forget_stale(op);
}

/* --- a machine --- */

static bool boot(const char *allocator, unsigned int which)
{
	static const char *const more[] = { "", "slab_nomerge", "slub_debug=FZPU",
					    "init_on_free=1 init_on_alloc=1" };
	struct host_machine *pc = host_machine_simple(32u << 20, 1 + (which & 1), 3);
	struct host_config c = { .quiet = true };
	char cmdline[100];
	int err;

	snprintf(cmdline, sizeof(cmdline), "slab=%s %s", allocator, more[which >> 1 & 3]);
	host_machine_config(pc, &c);
	c.cmdline = cmdline;
	err = host_boot(&c);
	host_machine_free(pc);
	return !err;
}

static void run_all(void)
{
	unsigned int n, i;

	memset(slot, 0, sizeof(slot));
	memset(cache, 0, sizeof(cache));
	stale = NULL;
	for (n = 0; in.at < in.end && n < MOST_OPERATIONS; n++) {
		one_operation();
		if (!(n & 7))
			slab_check(NULL);
	}
	slab_check(NULL);
	for (i = 0; i < SLOTS; i++)
		give(&slot[i]);
	for (i = 0; i < CACHES; i++)
		kmem_cache_destroy(cache[i]);
	slab_check(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const allocators[] = { "slub", "slab", "slob" };
	const char *only = getenv("KMM_SLAB");
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (only && strcmp(only, allocators[i]))
			continue;
		in.at = data;
		in.end = data + size;
		slab = i == 1;
		slob = i == 2;
		must(boot(allocators[i], next()), "does not boot");
		run_all();
		host_power_off();
	}
	return 0;
}
